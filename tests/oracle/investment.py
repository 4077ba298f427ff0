"""Investment of the year against its plan (semantics 6; kpi-definitions 6.2)."""

from calendar import monthrange
from datetime import date
from fractions import Fraction

from tests.oracle.exact import converted, fits, quantity
from tests.oracle.project import Plan, Project
from tests.oracle.rows import Null, Row, Value, quotient, ratio_row, row, subtract, times
from tests.oracle.statements import INVESTMENT, newest

HUNDRED = Fraction(100)


def investment_unit(project: Project, plan: Plan | None) -> str | None:
    """Unit of the budget; without one, of the earliest report."""
    budget = None if plan is None else plan.data.get("budget_at_completion")
    if budget:
        return str(budget["unit"])
    earliest = min(project.of(INVESTMENT), key=lambda s: (s.data["as_of"], s.data["year"]), default=None)
    return None if earliest is None else str(earliest.data["unit"])


def investment_rows(project: Project, plan: Plan | None, day: date) -> list[Row]:
    """The family, at the end of a day."""
    done, planned = _done(project, plan, day), _planned(plan, day)
    completion = ratio_row("investment_completion", "", "%", done, planned)
    elapsed = (day.month - 1 + Fraction(day.day, monthrange(day.year, day.month)[1])) / 12
    lead = times(subtract(quotient(done, planned), elapsed), HUNDRED)
    return [completion, row("investment_lead_lag", "", "pp", lead)]


def _planned(plan: Plan | None, day: date) -> Value:
    if plan is None:
        return Null("no_baseline")
    years = [part["investment"] for part in plan.parts("annual_plan") if part["year"] == day.year]
    return quantity(years[0]) if years else Null("not_planned")


def _done(project: Project, plan: Plan | None, day: date) -> Value:
    unit = investment_unit(project, plan)
    of_year = [s for s in project.of(INVESTMENT) if s.data["year"] == day.year]
    said = newest([s for s in of_year if fits(s.data["unit"], unit)], day)
    return Null("no_data") if said is None else converted(said.data["cumulative"], said.data["unit"], unit)
