"""What earned schedule reads: the plan, the reports of its parts, the approval of a later baseline, and the finish."""

from streams.core.explain.earned_value import cost_index, earned_from, estimate_inputs
from streams.core.explain.finish import run_from
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    date_of,
    number_of,
    together,
    value_input,
)
from streams.core.numbers import Number
from streams.core.schedule import planned_duration

__all__ = ["DECLARED", "finish"]


# -- statements ----------------------------------------------------------------------------------------------------


def _dates_from(case: Case) -> Statements:
    """Statements behind the days between which time is counted: baselines, and the finish if there is one."""
    schedule = case.view.schedule
    first = case.project.first_plan() if schedule.replanned else None
    plans = (baseline_of(case.project, plan) for plan in (case.plan, schedule.plan, first))
    return together(*plans, run_from(case.view))


def _earned_from(case: Case) -> Statements:
    """Statements behind ES: of EV on the day that counts, and on that of the approval of a later baseline."""
    schedule = case.view.schedule
    earned = earned_from(case.project, schedule.plan, schedule.day)
    before = earned_from(case.project, schedule.plan, schedule.replanned.day) if schedule.replanned else ()
    return together(_dates_from(case), earned, before)


# -- inputs --------------------------------------------------------------------------------------------------------


def _es(case: Case) -> Input:
    return _in_days("ES", case.view.schedule.earned, _earned_from(case))


def _at(case: Case) -> Input:
    return _in_days("AT", case.view.schedule.actual, _dates_from(case))


def _pd(case: Case) -> Input:
    """What was planned from the origin on."""
    return _in_days("PD", case.view.schedule.planned, _dates_from(case))


def _in_days(name: str, number: Number, statements: Statements) -> Input:
    return Input(name, number_of(number, 1), "d", statements)


def _index(case: Case) -> Input:
    """SPI(t)."""
    return Input("SPI(t)", number_of(case.view.schedule.index, 1), "1", _earned_from(case))


def _product(case: Case) -> Input:
    """SCI(t)."""
    statements = together(_earned_from(case), cost_index(case).statements)
    return value_input("SCI(t)", case.other("sci_t"), statements)


def _date(name: str, day: int | None, statements: Statements) -> Input:
    return Input(name, date_of(day), "date", statements)


def _start(case: Case) -> Input:
    plan = case.view.schedule.plan
    return _date("start", plan.start if plan else None, _dates_from(case))


def _before(case: Case) -> Input:
    return _in_days("days to the approval", case.view.schedule.before, _dates_from(case))


# -- KPIs ----------------------------------------------------------------------------------------------------------


def _earned_schedule(case: Case) -> Worked:
    unit = case.view.schedule.progress.unit
    earned = Input("EV", number_of(case.view.schedule.progress.earned), unit, _earned_from(case))
    return Worked((_es(case), earned), "ES")


def _actual_time(case: Case) -> Worked:
    """Days from the start, or from the approval of a later baseline, to the day or to the finish."""
    schedule, dates = case.view.schedule, _dates_from(case)
    end, begin = (
        "D" if case.view.finish is None else "finish",
        "approved_on" if schedule.replanned else "start",
    )
    known = schedule.plan is not None
    inputs = (
        _date(end, schedule.day if known else None, dates),
        _date(begin, schedule.origin if known else None, dates),
    )
    return Worked(
        inputs, f"max(0, {end} − {begin})" if schedule.day < schedule.origin else f"{end} − {begin}"
    )


def _planned_duration(case: Case) -> Worked:
    return Worked((_in_days("PD", planned_duration(case.plan), baseline_of(case.project, case.plan)),), "PD")


def _variance(case: Case) -> Worked:
    return Worked((_es(case), _at(case)))


def _estimate(case: Case) -> Worked:
    return Worked((*estimate_inputs(case), _index(case)))


def _sci_t(case: Case) -> Worked:
    return Worked((_index(case), cost_index(case)))


def _forecast(case: Case) -> Worked:
    return _counted(case, (_pd(case), _index(case)), "PD / SPI(t)")


def _forecast_as_planned(case: Case) -> Worked:
    return _counted(case, (_at(case), _pd(case), _es(case)), "AT + PD − ES")


def _forecast_by_both(case: Case) -> Worked:
    return _counted(case, (_at(case), _pd(case), _es(case), _product(case)), "AT + (PD − ES) / SCI(t)")


def _counted(case: Case, inputs: tuple[Input, ...], names: str) -> Worked:
    """Days from the start: since the approval of a later baseline, those before it are added; to the finish, once there is one."""
    if case.view.finish is not None:
        return Worked((_date("finish", case.view.finish, _dates_from(case)), _start(case)), "finish − start")
    if case.view.schedule.replanned is None:
        return Worked(inputs, names)
    return Worked((_before(case), *inputs), f"days to the approval + {names}")


def finish(case: Case) -> Worked:
    """Forecast finish: the start and the forecast duration."""
    if case.view.finish is not None:
        return Worked((_date("finish", case.view.finish, _dates_from(case)),), "finish")
    duration = _forecast(case)
    names = duration.formula or ""
    return Worked((_start(case), *duration.inputs), f"start + {names}")


def _tspi(case: Case) -> Worked:
    return Worked((_pd(case), _es(case), _at(case)))


DECLARED: dict[str, Declaration] = {
    "eac_sci_t": _estimate,
    "earned_schedule": _earned_schedule,
    "actual_time": _actual_time,
    "planned_duration": _planned_duration,
    "schedule_variance_time": _variance,
    "spi_t": _variance,
    "sci_t": _sci_t,
    "forecast_duration": _forecast,
    "forecast_duration_pf1": _forecast_as_planned,
    "forecast_duration_sci_t": _forecast_by_both,
    "forecast_finish": finish,
    "tspi": _tspi,
}
"""By KPI."""
