"""Quantities of the input files: text with a unit, or a number with its source; and what each field says of itself.

The validator of a field is an object that can be asked for the field's unit, bounds and usual range: the list of keys
and the JSON Schema are read from it, so that nothing about a field is said twice.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from clustersim.columns import Noted, Unbatchable, Varied, values_of
from clustersim.errors import InputError, by_package, suggest
from clustersim.provenance import TIERS, Sourced
from clustersim.reading.guarded import printable
from clustersim.units import in_currency, to_float

__all__ = [
    "CURRENCIES",
    "MARK",
    "NUMBER_PARTS",
    "Bounds",
    "Quantity",
    "Rates",
    "hearing",
    "money",
    "quantity",
    "tell_once",
    "tried",
]

#: Prices may stand in any of these; the unit of the parsed value says which.
CURRENCIES = ("CNY", "USD", "HKD")
NUMBER_PARTS = ("value", "source", "tier", "low", "high", "note")
#: Where a field's JSON Schema names the quantity that ``schema.describe`` writes out.
MARK = "x-quantity"


class Rates(Protocol):
    """Rates of currencies at the month of the question."""

    def cny(self, currency: str, key: str) -> Any:
        """Return CNY per unit of a currency; raises InputError where there is none, or a stale one."""

    def said(self, currency: str) -> str:
        """Return the rate in words."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a quantity must satisfy, in its own unit."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    integer: bool = False

    def check(self, value: float, raw: Any, unit: str) -> None:
        """Raise ValueError with the bound that ``value`` breaks."""
        if self.integer and value != math.floor(value):
            raise ValueError(f"{raw!r} must be a whole number")
        for bound, holds, words in (
            (self.gt, self.gt is None or value > self.gt, "greater than"),
            (self.ge, self.ge is None or value >= self.ge, "at least"),
            (self.lt, self.lt is None or value < self.lt, "less than"),
            (self.le, self.le is None or value <= self.le, "at most"),
        ):
            if not holds:
                shown = f"{bound:g}" + ("" if unit == "1" else f" {unit}")
                raise ValueError(f"{raw!r} must be {words} {shown}")

    def words(self, unit: str) -> str:
        """Say the bounds: ``above 0, at most 1``.

        >>> Bounds(gt=0, le=24).words("h")
        'above 0 h, at most 24 h'
        """
        after = "" if unit == "1" else f" {unit}"
        named = (("above", self.gt), ("at least", self.ge), ("below", self.lt), ("at most", self.le))
        said = [f"{word} {bound:g}{after}" for word, bound in named if bound is not None]
        return ", ".join([*said, *(["whole"] if self.integer else [])])


@dataclass(frozen=True, slots=True)
class Quantity:
    """The validator of a field: its unit, its bounds, and the range that such values usually have.

    ``usual`` is as people write the field (``("0.2 CNY/kWh", "2 CNY/kWh")``); a value outside is read, and said.
    ``short`` is what a bare prefix means where the trade has one meaning for it: a port of ``400G``.
    """

    unit: str
    bounds: Bounds = Bounds()
    usual: tuple[str, str] | None = None
    short: str = ""
    priced: bool = False
    """Money in whichever currency it is written."""

    @property
    def written(self) -> str:
        """The unit in which people write it."""
        text = self.usual[0] if self.usual is not None else ""
        return text.partition(" ")[2] or self.unit

    @property
    def usual_range(self) -> tuple[float, float] | None:
        """The usual range in ``unit``."""
        return None if self.usual is None else _ends(self.usual, self.unit)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {MARK: self}

    def read(self, raw: Any, info: ValidationInfo) -> Sourced:
        """Read a value of the field; raises ValueError in words."""
        if isinstance(raw, Sourced):
            return raw
        if raw is None:
            raise ValueError("has no value; remove the key where the number is unknown")
        context = info.context or {}
        own = self._in_its_currency(raw, context.get("rates"))
        strict = bool(context.get("require_source"))
        if isinstance(raw, Mapping):
            found = own._from_mapping(raw, strict)
        elif strict:
            raise ValueError(
                "needs {value, source, tier}: a profile never states a number without its source"
            )
        else:
            found = Sourced(own._number(raw), own.unit)
        found = own._in_cny(found, self, context.get("rates"))
        said = [self.odd_words()] if self._is_odd(found) else []
        text = raw.get("value") if isinstance(raw, Mapping) else raw
        if isinstance(text, str) and (read := _of_short(text, self.short)) != text:
            said.append(f"is what {text.strip()} is read as: {read}, as ports are sold")
        context.get("said", []).extend((found, words) for words in said)
        return found

    def odd_words(self) -> str:
        """Say what a value outside the usual range is outside of."""
        low, high = self.usual or ("", "")
        return f"is outside the usual range, {low} to {high}; read as it is written"

    def _is_odd(self, found: Sourced) -> bool:
        usual = self.usual_range
        if usual is None or found.unit != self.unit:
            return False
        least, most = (end - side * 1e-9 * abs(end) for end, side in zip(usual, (1, -1), strict=True))
        values = values_of(found.value)  # of all points, in a batch
        low, high = (values, values) if isinstance(values, float) else (values.min(), values.max())
        odd = bool(low < least or high > most)
        if odd and isinstance(values, Noted):
            raise Unbatchable("an odd value is said at every point")
        return odd

    def _in_its_currency(self, raw: Any, rates: Rates | None) -> Quantity:
        """The quantity as it is written: in another currency where the text names one."""
        if "CNY" not in self.unit:
            return self
        text = raw.get("value") if isinstance(raw, Mapping) else raw
        if isinstance(text, Varied):  # points of a batch are in one unit
            text = f"1 {text.unit}"
        currency = in_currency(text, CURRENCIES) if isinstance(text, str) else ""
        if currency in {"", "CNY"}:
            return self
        if not self.priced and rates is None:
            raise ValueError(f"{text!r} is in {currency}, and no dated rate is at hand here; write it in CNY")
        return replace(self, unit=self.unit.replace("CNY", currency), usual=None)

    def _in_cny(self, found: Sourced, stated: Quantity, rates: Rates | None) -> Sourced:
        """Money in another currency at the dated rate; a price keeps its own until it is paid."""
        if self.unit == stated.unit or stated.priced or rates is None:
            return found
        currency = next(c for c in CURRENCIES if c in self.unit)
        try:
            rate = rates.cny(currency, "the value")
        except InputError as error:
            raise ValueError(str(error)) from None
        source = f"{found.source}{', ' if found.source else ''}{rates.said(currency)}"
        low, high = (None if end is None else end * rate for end in (found.low, found.high))
        return Sourced(found.value * rate, stated.unit, source, found.tier, low, high, found.note)

    def _number(self, raw: Any, part: str = "") -> float:
        try:
            if isinstance(raw, str):
                raw = _of_short(raw, self.short)
            value = to_float(raw, self.unit, self.written)
            self.bounds.check(value, raw, self.unit)
        except (InputError, ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{part}{error}") from None
        return value

    def _from_mapping(self, raw: Mapping[str, Any], strict: bool) -> Sourced:
        unknown = [key for key in raw if key not in NUMBER_PARTS]
        if unknown:
            raise ValueError(f"unknown key {unknown[0]!r}; {suggest(unknown[0], NUMBER_PARTS)}")
        missing = [key for key in ("value", "source", "tier") if raw.get(key) in (None, "")]
        if "value" in missing or (strict and missing):
            raise ValueError(f"lacks {', '.join(missing)}")
        tier = raw.get("tier") or "given"
        if tier not in TIERS:
            raise ValueError(f"unknown tier {tier!r}; {suggest(str(tier), TIERS)}")
        value = self._number(raw["value"])
        low, high = (None if raw.get(k) is None else self._number(raw[k], f"{k}: ") for k in ("low", "high"))
        if (low is not None and low > value) or (high is not None and high < value):
            raise ValueError(
                f"value {raw['value']!r} is outside its own range {raw.get('low')!r} to {raw.get('high')!r}"
            )
        source, note = (str(raw.get(key) or "") for key in ("source", "note"))
        return Sourced(value, self.unit, source, str(tier), low, high, note)


@lru_cache(maxsize=512)
def _ends(usual: tuple[str, str], unit: str) -> tuple[float, float]:
    low, high = (to_float(end, unit) for end in usual)
    return low, high


def _of_short(raw: str, short: str) -> str:
    """``400G`` where a bare prefix has one meaning.

    >>> _of_short("400G", "b/s"), _of_short("400 Gb/s", "b/s"), _of_short("400G", "")
    ('400 Gb/s', '400 Gb/s', '400G')
    """
    number, prefix = raw.strip()[:-1].strip(), raw.strip()[-1:]
    return (
        f"{number} {prefix}{short}"
        if short and prefix in {"k", "M", "G", "T"} and number[-1:].isdigit()
        else raw
    )


def quantity(
    unit: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    integer: bool = False,
    usual: tuple[str, str] | None = None,
    short: str = "",
) -> Quantity:
    """Return the validator of a quantity expressed in ``unit`` within the stated bounds."""
    return Quantity(unit, Bounds(gt, ge, lt, le, integer), usual, short)


def money(per: str = "", usual: tuple[str, str] | None = None) -> Quantity:
    """Return the validator of an amount in whichever known currency it is written (CNY where it says none)."""
    return Quantity(f"CNY{per}", Bounds(ge=0.0), usual, priced=True)


@contextmanager
def tried() -> Iterator[None]:
    """Say nothing of values inside: a search tries them, nobody wrote them."""
    token = _TRIED.set(True)
    try:
        yield
    finally:
        _TRIED.reset(token)


_TRIED: ContextVar[bool] = ContextVar("tried", default=False)


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Collect what is said of inputs inside, of what was said before in this process as well.

    >>> with hearing() as heard:
    ...     with tried():
    ...         tell_once("of what nobody wrote")
    >>> heard
    []
    """
    heard: list[str] = []
    outer = _HEARD.get()
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)
        if outer is not None:
            outer += [text for text in heard if text not in outer]


_HEARD: ContextVar[list[str] | None] = ContextVar("heard", default=None)


def tell_once(text: str) -> None:
    """Say something about an input that is no error, once in a process; nothing of what is only ``tried``."""
    if _TRIED.get():
        return
    heard = _HEARD.get()
    if heard is not None and text not in heard:
        heard.append(text)
    _tell(text)


@lru_cache(maxsize=4096)
def _tell(text: str) -> None:
    """The program's logger sends it to stderr."""
    logging.getLogger("clustersim").warning("%s", printable(by_package(text), 1000))
