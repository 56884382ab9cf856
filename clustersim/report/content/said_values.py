"""Values of inputs as people write them: one unit for a number and its range."""

from __future__ import annotations

from clustersim.provenance import Sourced
from clustersim.report.labels.units import input_unit, unit_words
from clustersim.units import si

__all__ = ["value_words"]

#: Units whose numbers are written with prefixes.
_SI = {"B/s", "B", "FLOP/s", "W"}
#: Between a number and a symbol: neither goes on in another line.
_TIED = "\u00a0"


def value_words(number: Sourced, language: str) -> str:
    """Return a value with its range, and its unit behind both.

    >>> value_words(Sourced(value=0.5, unit="CNY/kWh", source="x", tier="assumption", low=0.3, high=0.85), "en")
    '0.5 (0.3 – 0.85) CNY per kWh'
    >>> value_words(Sourced(value=8e14, unit="FLOP/s", source="x", tier="derived", low=6.82e14, high=1.024e15), "en")
    '800 (682 – 1,024)\xa0TFLOP/s'
    """
    low, high = number.range
    scale, unit, percent = _unit(number, language)
    said = [
        _digits(value / scale, whole=unit.startswith(("CNY", "元"))) for value in (number.value, low, high)
    ]
    if percent:
        said = [f"{text}%" for text in said]
    text = said[0] if low == high else f"{said[0]} ({said[1]} – {said[2]})"
    return f"{text}{' ' if ' ' in unit else _TIED}{unit}" if unit else text


def _unit(number: Sourced, language: str) -> tuple[float, str, bool]:
    """What a value is divided by to be shown, its unit, and whether it is a share in percent."""
    value, unit = number.value, number.unit
    if unit in _SI:
        prefixed = si(value, unit, 4).partition(" ")[2] if value else unit
        return _PREFIX.get(prefixed[: len(prefixed) - len(unit)], 1.0), prefixed, False
    if unit == "s" and 0 < value < 1e-3:
        return 1e-6, "µs", False
    if unit == "s" and value >= 7200:
        return 3600.0, unit_words("h", language), False
    if unit in {"1", ""}:
        share = abs(value) < 1 and number.range[1] <= 1
        return (0.01, "", True) if share else (1.0, "", False)
    return 1.0, input_unit(unit, language), False


_PREFIX = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def _digits(value: float, *, whole: bool) -> str:
    """Four digits, and money of a thousand or more in whole units.

    >>> _digits(1024.0, whole=False), _digits(100_000.0, whole=True), _digits(68.1844, whole=False)
    ('1,024', '100,000', '68.18')
    """
    return (
        f"{value:,.0f}"
        if whole and abs(value) >= 1000
        else f"{value:,.4g}"
        if abs(value) < 10_000
        else f"{value:,.7g}"
    )
