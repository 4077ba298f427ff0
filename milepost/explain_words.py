"""What `explain` says in words, in English and Chinese. Data only."""

from typing import Final, Literal

__all__ = ["LANGUAGES", "REASONS", "WORDS", "Language"]

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

REASONS: Final[dict[str, dict[Language, str]]] = {
    "no_baseline": {
        "en": "No baseline is known, and without a plan there is nothing to measure against.",
        "zh": "尚无基线,没有计划就无从衡量。",
    },
    "not_planned": {
        "en": "The baseline in force lacks what this KPI needs.",
        "zh": "现行基线缺少该指标所需的内容。",
    },
    "not_started": {
        "en": "The project has not started by this day, or nothing was planned to be done by then.",
        "zh": "到该日项目尚未开始,或该日之前没有计划内容。",
    },
    "no_data": {
        "en": "Nothing was reported that this KPI could be computed from, or too little in its window.",
        "zh": "没有可供计算的报告,或统计窗口内的报告不足。",
    },
    "complete": {
        "en": "It is complete, so nothing is left to be required or expected.",
        "zh": "已经完成,不再有剩余要求或预期。",
    },
    "budget_exhausted": {
        "en": "The budget is spent before the work is done.",
        "zh": "工作未完成,预算已用尽。",
    },
    "target_passed": {
        "en": "The due day has come and the target was not met.",
        "zh": "期限已到,目标未达成。",
    },
    "unreachable": {
        "en": "At this pace the target moves away or lies beyond any calendar.",
        "zh": "按目前速度目标渐行渐远,或超出日历范围。",
    },
    "no_pace": {
        "en": "Nothing moves: the pace is 0, so there is no day on which it will be done.",
        "zh": "没有进展:速度为 0,无法推算完成日期。",
    },
    "zero_denominator": {
        "en": "It would be a division by 0.",
        "zh": "分母为 0,无法计算。",
    },
}
"""Why there is no value, by reason."""

WORDS: Final[dict[str, dict[Language, str]]] = {
    "why_null": {"en": "Why there is no value", "zh": "为何没有数值"},
    "formula": {"en": "Formula", "zh": "公式"},
    "source": {"en": "Source of the formula", "zh": "公式来源"},
    "as_of": {"en": "As of", "zh": "截止日"},
    "known_at": {"en": "known since", "zh": "获知于"},
    "not_cut": {"en": "not history yet", "zh": "尚未入历史"},
    "baseline": {"en": "baseline", "zh": "基线"},
    "inputs": {"en": "Inputs", "zh": "输入"},
    "name": {"en": "input", "zh": "输入项"},
    "value": {"en": "value", "zh": "数值"},
    "unit": {"en": "unit", "zh": "单位"},
    "rests_on": {"en": "rests on", "zh": "依据"},
    "statements": {"en": "Statements", "zh": "依据的陈述"},
    "no_statements": {"en": "It rests on no statement.", "zh": "没有依据的陈述。"},
    "superseded": {"en": "Superseded or taken back", "zh": "已被取代或撤回"},
    "number": {"en": "no.", "zh": "序号"},
    "day": {"en": "day", "zh": "日期"},
    "type": {"en": "type", "zh": "类型"},
    "event_source": {"en": "source", "zh": "来源"},
    "id": {"en": "id", "zh": "编号"},
    "revision": {"en": "rev.", "zh": "修订"},
    "said": {"en": "says", "zh": "内容"},
    "by": {"en": "in its place", "zh": "取代者"},
    "since": {"en": "Since", "zh": "自"},
    "was": {"en": "it was", "zh": "原为"},
    "is": {"en": "it is", "zh": "现为"},
    "unchanged": {"en": "unchanged", "zh": "未变"},
    "unknown_then": {"en": "there was no value", "zh": "当时没有数值"},
    "changed_by": {"en": "Stated since then", "zh": "此后的陈述"},
    "nothing_since": {"en": "Nothing was stated since then that bears on it.", "zh": "此后没有相关陈述。"},
}
"""Headings and small words."""
