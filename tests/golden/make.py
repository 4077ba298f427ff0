"""Writes one golden event per published type; run once per new version of a type, never to make a test pass."""

import json
from pathlib import Path

HERE = Path(__file__).parent
EVENTS = {
    "project.baselined": {
        "baseline": 1,
        "name": "Crude oil reserve, phase 2",
        "name_zh": "原油商业储备基地(二期)",
        "kind": "construction",
        "region": {"province": "Henan", "city": "Luoyang", "district": "Jili"},
        "tags": ["energy", "储备"],
        "start": "2020-10-01",
        "finish": "2021-09-30",
        "progress_by": "milestones",
        "budget_at_completion": {"value": 100, "unit": "亿元"},
        "milestones": [{"id": "tank-1", "name": "Tank 1", "weight": 1, "finish": "2021-01-31"}],
        "work_items": [{"id": "weld-1", "quantity": 1200.5, "unit": "m", "weight": 2}],
        "planned_value": [{"date": "2021-01-31", "value": 50}, {"date": "2021-09-30", "value": 100}],
        "annual_plan": [{"year": 2021, "investment": 60}],
        "lines": [
            {
                "id": "L1",
                "capacity": {"value": 100000, "unit": "t", "per": "P1Y"},
                "plan": [
                    {"period": "2021-02", "value": 800},
                    {"period": "2021-03-01/2021-03-15", "value": 410.25},
                ],
            }
        ],
        "restart": {
            "population": 1949,
            "target_rate": 100,
            "due": "2024-02-24",
            "holiday_end": "2024-02-17",
            "previous": {"holiday_end": "2023-01-27", "rates": [{"day": 0, "rate": 61.5}]},
        },
        "campaign": {
            "total": 593,
            "unit": "task",
            "due": "2021-12-31",
            "districts": [{"id": "Jili", "total": 12}],
        },
        "series": [{"id": "pm25", "unit": "ug/m3", "better": "lower", "target": 52.0, "due": "2021-12-31"}],
        "report_every": "P1W",
    },
    "project.status_reported": {
        "as_of": "2021-01-07",
        "status": "started",
        "progress_text": "罐体焊接安装 60 %",
    },
    "milestone.reported": {
        "milestone": "tank-1",
        "as_of": "2021-01-07",
        "percent_complete": 60,
        "forecast_finish": "2021-02-05",
        "actual_finish": None,
    },
    "work.reported": {
        "item": "weld-1",
        "as_of": "2021-01-07",
        "quantity": 720.25,
        "unit": "m",
        "qualifier": "about",
    },
    "value.reported": {"as_of": "2021-01-07", "earned_value": 12.5},
    "cost.reported": {"as_of": "2021-01-07", "actual_cost": 1300000000, "unit": "CNY"},
    "investment.reported": {"as_of": "2021-01-07", "year": 2021, "cumulative": 3.5, "unit": "亿元"},
    "production.reported": {
        "line": "L1",
        "period_start": "2024-02-17",
        "period_end": "2024-02-17",
        "shift": "night",
        "quantity": 412.5,
        "unit": "t",
        "good": 400,
        "scrap": 12.5,
        "planned_busy_time": 8,
        "production_time": 7.25,
    },
    "restart.surveyed": {"as_of": "2024-02-17", "resumed": 1487, "continuous": 277, "revision": 1},
    "task.assigned": {
        "task": "T-1",
        "title": "清淤",
        "district": "Jili",
        "assigned_on": "2021-01-01",
        "due": "2021-02-01",
    },
    "task.reported": {"task": "T-1", "as_of": "2021-01-20", "status": "done", "evidence": "photo 📷"},
    "tally.reported": {"as_of": "2021-01-20", "done": 92, "total": 593, "unit": "task", "district": "Jili"},
    "reading.taken": {"series": "pm25", "at": "2021-01-20T08:00:00+08:00", "value": -3.5, "unit": "ug/m3"},
    "statement.retracted": {"type": "milepost.work.reported.v1", "item": "weld-1", "as_of": "2021-01-07"},
    "clock.ticked": {"at": "2024-02-17T23:59:59+08:00", "closes": "2024-02-17", "clock": "simulated"},
}


def write() -> None:
    for name, data in EVENTS.items():
        kind = f"milepost.{name}.v1"
        event = {
            "specversion": "1.0",
            "id": f"golden-{name}",
            "source": "urn:golden:演示",
            "type": kind,
            "subject": "clock" if name == "clock.ticked" else "luoyang-crude-reserve-2",
            "time": "2024-02-18T09:00:00+08:00",
            "datacontenttype": "application/json",
            "data": data,
        }
        text = json.dumps(event, ensure_ascii=False, indent=1)
        (HERE / f"{kind}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
