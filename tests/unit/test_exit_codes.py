import io

import click
import pytest

from milepost import exit_codes
from schemas.errors import (
    CatalogError,
    CheckFailed,
    MilepostError,
    ServiceUnavailable,
    SettingsError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("x"), 2),
        (SettingsError("x"), 2),
        (CatalogError("a.yaml", 3, "name", "missing"), 2),
        (click.UsageError("x"), 2),
        (CheckFailed("x"), 1),
        (MilepostError("x"), 1),
        (ServiceUnavailable("x"), 4),
        (OSError(28, "No space left on device"), 4),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_each_kind_of_error_has_its_status(error: BaseException, status: int) -> None:
    assert exit_codes.exit_code_of(error) == status


def test_a_report_is_one_line_on_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", written := io.StringIO())
    exit_codes.report(UsageError("no such file:\n  a.jsonl"), verbose=False)
    assert written.getvalue() == "milepost: no such file: a.jsonl\n"


def test_verbose_adds_the_traceback_before_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", written := io.StringIO())
    exit_codes.report(UsageError("no"), verbose=True)
    assert "Traceback" not in written.getvalue() or written.getvalue().startswith("Traceback")
    assert written.getvalue().endswith("milepost: no\n")


def test_an_error_that_nobody_foresaw_says_its_kind_and_how_to_see_more() -> None:
    assert (
        exit_codes.one_line(ZeroDivisionError("by zero"))
        == "unexpected ZeroDivisionError: by zero (--verbose shows where)"
    )
