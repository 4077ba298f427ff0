"""One table of results: what a competitor did per second, what it cost, and how many answers were wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["HEAD", "Row"]

_LINE = "{:38} {:>10} {:>10} {:>12} {:>9} {:>7} {:>8} {:>6}"
HEAD = _LINE.format("", "events/s", "steady/s", "CPU s per M", "peak MB", "wrong", "KPIs", "ratio")


@dataclass(frozen=True)
class Row:
    """Result of one run. CPU and memory stand per process; `kpis` is the number of KPI records that came out; `plain` is the rate of the plain loop, None without one."""

    name: str
    records: int
    wall_s: float
    cpu_s: Sequence[float]
    peak_mb: Sequence[float]
    wrong: int
    steady: float | None = None
    kpis: int | None = None
    plain: float | None = None

    @property
    def rate(self) -> float:
        """Records per second, end to end."""
        return self.records / self.wall_s

    def beside(self, plain: float | None) -> "Row":
        """The same row with the ratio to a plain loop."""
        return replace(self, plain=plain)

    def __str__(self) -> str:
        return _LINE.format(
            self.name,
            f"{self.rate:,.0f}",
            "" if self.steady is None else f"{self.steady:,.0f}",
            "+".join(f"{cpu_s / self.records * 1e6:.1f}" for cpu_s in self.cpu_s),
            f"{max(self.peak_mb):.0f}",
            self.wrong,
            "" if self.kpis is None else f"{self.kpis:,}",
            "" if self.plain is None else f"{self.rate / self.plain:.2f}",
        )
