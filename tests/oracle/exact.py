"""Numbers of the oracle: fractions, rounded once on the way in and never again.

Written from semantics 2 ("Numbers are exact", "Units") without a look at the product's own conversion.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

COUNT_DIGITS = 6
RATE_DIGITS = 12

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)

_DIMENSIONS: tuple[dict[str, Fraction], ...] = (
    {"kg": Fraction(1, 1000), "t": Fraction(1), "kt": Fraction(1000), "万吨": Fraction(10_000)},
    {"m": Fraction(1), "km": Fraction(1000)},
    {"m2": Fraction(1), "ha": Fraction(10_000), "km2": Fraction(1_000_000)},
    {"m3": Fraction(1), "万立方米": Fraction(10_000)},
    {"s": Fraction(1), "min": Fraction(60), "h": Fraction(3600), "d": Fraction(86_400)},
    {"kWh": Fraction(1), "MWh": Fraction(1000)},
    {"CNY": Fraction(1), "元": Fraction(1), "万元": Fraction(10_000), "亿元": Fraction(100_000_000)},
)


def exact(number: float) -> Fraction:
    """The decimal number that was written, not its binary neighbour."""
    return Fraction(repr(number))


def rounded(number: Fraction, digits: int) -> Fraction:
    """Half-even to so many digits after the point; `round` of a fraction is half-even."""
    return Fraction(round(number * 10**digits), 10**digits)


def quantity(number: float) -> Fraction:
    """Quantities, counts and money: integers of 10⁻⁶."""
    return rounded(exact(number), COUNT_DIGITS)


def rate(number: float) -> Fraction:
    """Hours, percents, weights, rates and readings: integers of 10⁻¹²."""
    return rounded(exact(number), RATE_DIGITS)


def factor(unit: str, target: str) -> Fraction | None:
    """How many of `target` one `unit` is; None when they cannot be converted."""
    if unit == target:
        return Fraction(1)
    for dimension in _DIMENSIONS:
        if unit in dimension and target in dimension:
            return dimension[unit] / dimension[target]
    return None


def fits(unit: str | None, target: str | None) -> bool:
    """A figure or a plan without a unit fits everything."""
    return unit is None or target is None or factor(unit, target) is not None


def converted(number: float, unit: str | None, target: str | None, digits: int = COUNT_DIGITS) -> Fraction:
    """Exact conversion first, then rounding; without a unit on either side the number stays."""
    scale = Fraction(1) if unit is None or target is None else factor(unit, target)
    assert scale is not None, f"{unit} is not convertible to {target}"
    return rounded(exact(number) * scale, digits)


def decimal12(number: Fraction | None) -> Decimal | None:
    """DECIMAL(38,12), half-even; what it cannot hold is not told."""
    if number is None or abs(round(number * 10**12)) >= 10**38:
        return None
    scaled = Decimal(round(number * 10**12))
    return _WIDE.scaleb(scaled, -12).quantize(Decimal("1e-12"), context=_WIDE)
