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
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from clustersim.columns import Varied, column_of, finite
from clustersim.errors import InputError, suggest

__all__ = [
    "Unit", "describe", "in_currency", "known_units", "parse_quantity", "parse_unit", "si", "split_quantity",
    "to_float", "to_tokens",
]  # fmt: skip

Dimension = tuple[tuple[str, int], ...]

YEAR_S = 8760 * 3600.0
_DECIMAL = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_CHINESE = {
    "千": 1e3,
    "万": 1e4,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "十亿": 1e9,
    "百亿": 1e10,
    "千亿": 1e11,
    "万亿": 1e12,
}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
#: A number, its thousands set apart by commas or underscores where they are, and what follows it.
_NUMBER = re.compile(
    r"\s*([+-]?(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(.*?)\s*$",
    re.ASCII,
)

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
    for names, unit in _ALSO.items():
        for name in names.split():
            atoms[name] = atoms[unit]
    for word, currency in {"元": "CNY", "人民币": "CNY", "美元": "USD", "港元": "HKD"}.items():
        for prefix, factor in {"": 1.0, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8}.items():
            atoms[f"{prefix}{word}"] = (factor, {currency: 1})
    for prefix, factor in {"千": 1e3, "万": 1e4, "亿": 1e8}.items():
        atoms[f"{prefix}度"] = (factor * 3.6e6, {"joule": 1})
        atoms[prefix] = (factor, {})
    for prefix, factor in _DECIMAL.items():
        atoms[f"{prefix}bps"] = (factor / 8, {"byte": 1, "second": -1})
        atoms[f"{prefix}Bps"] = (factor, {"byte": 1, "second": -1})
        atoms[f"{prefix}bit"] = (factor / 8, {"byte": 1})
        atoms[f"{prefix}FLOPS"] = atoms[f"{prefix}OPS"] = (factor, {"op": 1, "second": -1})
    for prefix in ("", "k", "M", "G"):
        atoms[f"{prefix}RMB"] = (_DECIMAL[prefix], {"CNY": 1})
    return atoms


#: Names that people write -> the unit that each stands for.
_ALSO = {
    "度 千瓦时": "kWh", "瓦": "W", "千瓦": "kW", "兆瓦": "MW", "微秒": "us", "毫秒": "ms", "秒 sec second seconds": "s",
    "分钟 minute minutes": "min", "小时 hr hour hours": "h", "天 日 day days": "d", "周 weeks": "week",
    "月 个月 months": "month", "年 years": "year", "字节 byte bytes": "B",
}  # fmt: skip
#: Full-width forms of the signs of a quantity.
_WIDE = re.compile(r"[０-９．，／％＋－]")

#: A sign of a currency before its number.
_SIGNS = {"¥": "CNY", "￥": "CNY", "$": "USD", "US$": "USD", "HK$": "HKD"}
_MONEY = re.compile(r"\s*(¥|￥|US\$|HK\$|\$)\s*([0-9][0-9,.]*)\s*([kMG]?)\b", re.ASCII)

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
            raise InputError(f"unknown unit {token!r} in {text!r}; {_nearest(token)}")
        scale, dimension = _ATOMS[token]
        factor *= scale**sign
        for base, power in dimension.items():
            powers[base] = powers.get(base, 0) + sign * power
    return Unit(factor, tuple(sorted((b, p) for b, p in powers.items() if p)))


def _nearest(token: str) -> str:
    """What was meant: a unit in other letters, all of one cut short, or the nearest."""
    if token in _DECIMAL:
        return f"write the whole unit, for example '{token}B/s' (bytes), '{token}b/s' (bits) or '{token}B'"
    folded = sorted(unit for unit in _ATOMS if unit.casefold() == token.casefold())
    if folded:
        return f"did you mean {' or '.join(map(repr, folded))}?"
    return suggest(token, sorted(_ATOMS))


def in_currency(text: str, currencies: Sequence[str]) -> str:
    """Return the currency that a text with a unit is in, empty where it names none.

    >>> in_currency("0.1 USD/kWh", ("CNY", "USD")), in_currency("3 亿美元", ("CNY", "USD")), in_currency("3", ("CNY",))
    ('USD', 'USD', '')
    """
    try:
        dimension = dict(parse_quantity(text)[1].dimension)
    except InputError:
        return ""
    return next((c for c in currencies if c in dimension), "")


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


def split_quantity(text: str) -> tuple[float, str]:
    """Split ``"3.5 GB/s"`` into 3.5 and the text of its unit.

    >>> split_quantity("1,024.5GB"), split_quantity("90 %"), split_quantity("7")
    ((1024.5, 'GB'), (90.0, '%'), (7.0, ''))

    Raises InputError for what is no number with a unit, naming full-width signs and decimal commas.
    """
    # The pattern is tried at many places of a long text: none that is a quantity is so long.
    match = _NUMBER.match(text) if len(text) <= _LONGEST else None
    shown = text if len(text) <= 60 else f"{text[:60]}…"
    if _WIDE.search(shown):
        narrow = unicodedata.normalize("NFKC", shown)
        raise InputError(f"{shown!r} has full-width signs; write {narrow!r}")
    if match is None and (money := _MONEY.match(shown)):
        after = f"{money.group(2)} {money.group(3)}{_SIGNS[money.group(1)]}"
        raise InputError(f"{shown!r}: the currency stands after the number; write {after!r}")
    if match is None:
        raise InputError(f"{shown!r} is not a number with a unit; write it like '400 Gb/s'")
    if match.group(2).startswith(","):
        raise InputError(f"{shown!r}: a comma sets thousands apart (1,024); write a point before decimals")
    return float(match.group(1).replace("_", "").replace(",", "")), match.group(2)


@lru_cache(maxsize=8192)
def parse_quantity(text: str) -> tuple[float, Unit]:
    """Split ``"3.5 GB/s"`` into 3.5 and the unit GB/s. A text without unit is a plain number.

    >>> parse_quantity("90 %")[0]
    90.0
    """
    number, unit = split_quantity(text)
    return number, parse_unit(unit or "1")


def _plain(value: float | int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InputError("a whole number of more than 308 digits is no quantity") from None


def to_float(value: str | float | int | Varied, unit: str, written: str = "") -> float:
    """Express a quantity in ``unit`` as a float.

    A bare number is accepted only where ``unit`` is dimensionless: a number without unit is never guessed, and the
    refusal shows it in the unit that people write (``written``).

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
    elif isinstance(value, str):
        number, given = parse_quantity(value)
    else:
        raise InputError(
            f"{str(value)[:60]!r} is not one number; write a number, with its unit where it has one"
        )
    if not finite(number):
        raise InputError(f"{value!r} is not a finite number")
    if given.dimension != target.dimension:
        if not given.dimension:
            raise InputError(
                f"{value!r} has no unit; write it with one, for example '{value} {written or unit}'"
            )
        raise InputError(
            f"{value!r} is {describe(given.dimension)}, but {describe(target.dimension)} is needed"
            + (f" (for example in {written or unit})" if target.dimension else "; write it without a unit")
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
    >>> to_tokens("2万亿"), to_tokens("300 亿")
    (2000000000000.0, 30000000000.0)

    Raises InputError for another unit and what is not finite; a billion is a G here, for B is a byte.
    """
    match = _NUMBER.match(text)
    word = match.group(2) if match is not None else ""
    scale = {**_DECIMAL, **_CHINESE}.get(word)
    if match is not None and scale is not None:
        number = parse_quantity(match.group(1))[0] * scale
        if not finite(number):
            raise InputError(f"{text!r} is not a finite number of tokens")
        return number
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
