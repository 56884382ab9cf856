"""Quantities at the border: text such as ``"400 Gb/s"`` becomes a plain float in a stated unit.

The vocabulary is closed: a unit that is not listed here is an error with a suggestion, and a quantity of another
dimension is refused. Inside the program there are only floats. A GB is 10^9 bytes, a GiB 2^30; ``B`` is a byte,
``b`` a bit; a year is 8,760 h; FLOP and OP are the same dimension (one arithmetic operation).

>>> to_float("400 Gb/s", "B/s")
50000000000.0
>>> to_float("64 GiB", "B")
68719476736.0
>>> to_float("0.5 CNY/kWh", "CNY/kWh")
0.5
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from clustersim.columns import Varied, column_of, finite
from clustersim.errors import InputError, suggest

__all__ = ["Unit", "describe", "known_units", "parse_quantity", "parse_unit", "si", "to_float", "to_tokens"]

Dimension = tuple[tuple[str, int], ...]

YEAR_S = 8760 * 3600.0
_DECIMAL = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_NUMBER = re.compile(r"\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")


_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its factor to the base units and its dimension (powers of the base units)."""

    factor: float
    dimension: Dimension


def _vocabulary() -> dict[str, tuple[float, dict[str, int]]]:
    atoms: dict[str, tuple[float, dict[str, int]]] = {"1": (1.0, {}), "%": (0.01, {})}
    for prefix, factor in _DECIMAL.items():
        atoms[f"{prefix}B"] = (factor, {"byte": 1})
        atoms[f"{prefix}b"] = (factor / 8, {"byte": 1})
        atoms[f"{prefix}FLOP"] = (factor, {"op": 1})
        atoms[f"{prefix}OP"] = (factor, {"op": 1})
        atoms[f"{prefix}token"] = (factor, {"token": 1})
    for prefix, factor in _BINARY.items():
        atoms[f"{prefix}B"] = (factor, {"byte": 1})
    for prefix in ("", "k", "M", "G"):
        factor = _DECIMAL[prefix]
        atoms[f"{prefix}Hz"] = (factor, {"second": -1})
        atoms[f"{prefix}W"] = (factor, {"joule": 1, "second": -1})
        atoms[f"{prefix}Wh"] = (factor * 3600, {"joule": 1})
        atoms[f"{prefix}J"] = (factor, {"joule": 1})
    for name, seconds in {
        "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0,
        "d": 86400.0, "week": 604800.0, "month": YEAR_S / 12, "year": YEAR_S,
    }.items():  # fmt: skip
        atoms[name] = (seconds, {"second": 1})
    for currency in ("CNY", "USD", "HKD"):
        for prefix in ("", "k", "M", "G"):
            atoms[f"{prefix}{currency}"] = (_DECIMAL[prefix], {currency: 1})
    atoms["U"] = (1.0, {"rack_unit": 1})
    atoms["gCO2"] = (1e-3, {"kgCO2": 1})
    atoms["kgCO2"] = (1.0, {"kgCO2": 1})
    atoms["tCO2"] = (1e3, {"kgCO2": 1})
    for plural in ("FLOP", "token"):
        for prefix, factor in _DECIMAL.items():
            atoms[f"{prefix}{plural}s"] = (factor, dict(atoms[plural][1]))
    return atoms


_ATOMS: Mapping[str, tuple[float, dict[str, int]]] = MappingProxyType(_vocabulary())


def known_units() -> tuple[str, ...]:
    """Return every atom of the vocabulary, sorted.

    >>> "GiB" in known_units()
    True
    """
    return tuple(sorted(_ATOMS))


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Parse a product or quotient of atoms, read from left to right: ``a/b/c`` is a / (b c).

    >>> parse_unit("CNY/kWh").dimension
    (('CNY', 1), ('joule', -1))

    Raises InputError for an unknown atom, with the nearest known one.
    """
    factor = 1.0
    powers: dict[str, int] = {}
    sign = 1
    for token in re.split(r"\s*([/*·])\s*", text.strip()):
        if token in {"/", "*", "·"}:
            sign = -1 if token == "/" else 1
            continue
        if token not in _ATOMS:
            raise InputError(f"unknown unit {token!r} in {text!r}; {suggest(token, sorted(_ATOMS))}")
        scale, dimension = _ATOMS[token]
        factor *= scale**sign
        for base, power in dimension.items():
            powers[base] = powers.get(base, 0) + sign * power
    return Unit(factor, tuple(sorted((b, p) for b, p in powers.items() if p)))


def describe(dimension: Dimension) -> str:
    """Name a dimension in words for messages.

    >>> describe((("byte", 1), ("second", -1)))
    'byte/second'
    >>> describe(())
    'a plain number'
    """
    if not dimension:
        return "a plain number"
    top = "·".join(b if p == 1 else f"{b}^{p}" for b, p in dimension if p > 0) or "1"
    bottom = "".join(f"/{b}" if p == -1 else f"/{b}^{-p}" for b, p in dimension if p < 0)
    return top + bottom


@lru_cache(maxsize=8192)
def parse_quantity(text: str) -> tuple[float, Unit]:
    """Split ``"3.5 GB/s"`` into 3.5 and the unit GB/s. A text without unit is a plain number.

    >>> parse_quantity("90 %")[0]
    90.0
    """
    # The pattern is tried at many places of a long text: none that is a quantity is so long.
    match = _NUMBER.match(text) if len(text) <= _LONGEST else None
    if match is None:
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        raise InputError(f"{shown!r} is not a number with a unit; write it like '400 Gb/s'")
    number = float(match.group(1).replace("_", ""))
    return number, parse_unit(match.group(2) or "1")


def _plain(value: float | int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError("a whole number of more than 308 digits is no quantity") from None


def to_float(value: str | float | int | Varied, unit: str) -> float:
    """Express a quantity in ``unit`` as a float.

    A bare number is accepted only where ``unit`` is dimensionless: a number without unit is never guessed.

    >>> to_float("90 min", "h")
    1.5
    >>> to_float(0.5, "1")
    0.5

    Raises InputError for a missing or unknown unit, another dimension, NaN or infinity.
    """
    target = parse_unit(unit)
    if isinstance(value, bool):
        raise InputError(f"{value!r} is not a quantity in {unit}")
    number: Any
    if isinstance(value, int | float):
        number, given = _plain(value), parse_unit("1")
    elif isinstance(value, Varied):
        number, given = column_of(value.numbers), parse_unit(value.unit or "1")
    else:
        number, given = parse_quantity(value)
    if not finite(number):
        raise InputError(f"{value!r} is not a finite number")
    if given.dimension != target.dimension:
        if not given.dimension:
            raise InputError(f"{value!r} has no unit; write it with one, for example '{value} {unit}'")
        raise InputError(
            f"{value!r} is {describe(given.dimension)}, but {describe(target.dimension)} is needed"
            f" (for example in {unit})"
        )
    # One multiplication by one ratio: 100 % of a unit is then exactly that unit.
    number *= given.factor / target.factor
    if not finite(number):
        raise InputError(f"{value!r} is too large to be expressed in {unit}")
    result: float = number
    return result


def to_tokens(text: str) -> float:
    """Return a number of tokens: with its unit, or a number with a decimal prefix alone.

    >>> to_tokens("2T"), to_tokens("300 Gtokens"), to_tokens("2e12")
    (2000000000000.0, 300000000000.0, 2000000000000.0)

    Raises InputError for another unit; a billion is a G here, for B is a byte.
    """
    match = _NUMBER.match(text)
    word = match.group(2) if match is not None else ""
    if match is not None and word in _DECIMAL:
        return float(match.group(1).replace("_", "")) * _DECIMAL[word]
    if word == "B":
        raise InputError(f"{text!r} is bytes; write a billion tokens as '{text.rstrip('B').strip()}G'")
    return to_float(text, "token")


def si(value: float, unit: str, digits: int = 4) -> str:
    """Format a float for people, with the decimal prefix that keeps 1-999 before the point.

    >>> si(1.28e11, "B/s")
    '128 GB/s'
    >>> si(0.0, "W")
    '0 W'
    """
    size = abs(value)
    for prefix, factor in reversed(list(_DECIMAL.items())):
        if size >= factor and size > 0:
            return f"{value / factor:.{digits}g} {prefix}{unit}"
    return f"{value:.{digits}g} {unit}"
