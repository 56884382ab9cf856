"""What is varied: axes of values, written ``KEY=a,b,c``, ``KEY=lo:hi:n`` or ``KEY=log:lo:hi:n``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.units import parse_quantity, split_quantity

__all__ = ["Axis", "Span", "Value", "as_number", "full_grid", "grid_point", "parse_axis", "quantity_text"]

Value = str | float | int | bool

#: More values of one input than anybody means.
MOST_VALUES = 10_000_000
_NUMBER = re.compile(r"\s*[+-]?[\d.]")


@dataclass(frozen=True, slots=True)
class Span(Sequence[Value]):
    """Numbers at equal steps, or equal factors, between two ends, as they would be written; none of them is kept.

    >>> span = Span(0.3, 0.5, 3, "CNY/kWh")
    >>> span[1], len(span), span.numbers(np.array([0, 2, 2])).tolist()
    ('0.4 CNY/kWh', 3, [0.3, 0.5, 0.5])
    """

    low: float
    high: float
    size: int
    unit: str = ""
    logarithmic: bool = False

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Value: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Value, ...]: ...

    def __getitem__(self, index: int | slice) -> Value | tuple[Value, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self.size)))
        return quantity_text(_short(float(_points(self)[index])), self.unit)

    def numbers(self, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the numbers at some positions, in ``unit``."""
        asked, each = np.unique(positions, return_inverse=True)
        return np.array([_short(p) for p in _points(self)[asked].tolist()])[each]


@lru_cache(maxsize=16)
def _points(span: Span) -> NDArray[np.float64]:
    spaced = np.geomspace if span.logarithmic else np.linspace
    return spaced(span.low, span.high, span.size)


def _short(number: float) -> float:
    """A number without the digits that its computation left."""
    return float(f"{number:.12g}")


@dataclass(frozen=True, slots=True)
class Axis:
    """One input and the values it takes."""

    key: str
    values: Sequence[Value]


def as_number(value: Value) -> tuple[float, str] | None:
    """Return a value's number and unit text, None where it is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value), ""
    try:
        parse_quantity(value)
    except InputError:
        return None
    return split_quantity(value)


def quantity_text(value: float, unit: str) -> Value:
    """Write a number with its unit so that it reads back as the same number.

    >>> quantity_text(0.5, "CNY/kWh")
    '0.5 CNY/kWh'
    >>> quantity_text(4.0, "")
    4.0
    """
    return f"{value!r} {unit}" if unit else value


def parse_axis(text: str) -> Axis:
    """Parse one ``--vary``.

    >>> parse_axis("tco.pue=1.1,1.2").values
    (1.1, 1.2)
    >>> tuple(parse_axis("tco.tariff=0.3:0.5 CNY/kWh:3").values)
    ('0.3 CNY/kWh', '0.4 CNY/kWh', '0.5 CNY/kWh')
    >>> tuple(parse_axis("reliability.mttf_scale=log:0.1:10:3").values)
    (0.1, 1.0, 10.0)

    Raises InputError for an empty range, a reversed range, or a text of another form.
    """
    key, separator, spec = text.partition("=")
    key, spec = key.strip(), spec.strip()
    if not separator or not key or not spec:
        raise InputError(f"--vary {text!r}: write KEY=a,b,c or KEY=lo:hi:n or KEY=log:lo:hi:n")
    if ":" in spec:
        return Axis(key, _range(key, spec))
    values = tuple(_scalar(part) for part in spec.split(",") if part.strip())
    if not values:
        raise InputError(f"--vary {key}: the list of values is empty")
    if len(set(values)) != len(values):
        raise InputError(f"--vary {key}: a value stands twice in {spec!r}")
    return Axis(key, values)


def _scalar(text: str) -> Value:
    text = text.strip()
    if text in {"true", "false"}:
        return text == "true"
    if re.fullmatch(r"0\d\d", text):
        raise InputError(f"--vary: {text!r} after a comma: a list is meant here; write 1024 for 1,024")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _range(key: str, spec: str) -> Span:
    parts = [part.strip() for part in spec.split(":")]
    logarithmic = parts[0] == "log"
    parts = parts[1:] if logarithmic else parts
    if len(parts) != 3 or not all(_NUMBER.match(part) for part in parts):
        raise InputError(f"--vary {key}={spec}: write lo:hi:n, for example {key}=1:2:5")
    low, high, unit = _ends(key, parts[0], parts[1])
    try:
        count = int(parts[2])
    except ValueError:
        raise InputError(f"--vary {key}={spec}: the count {parts[2]!r} must be a whole number") from None
    if count > MOST_VALUES:
        raise InputError(f"--vary {key}={spec}: at most {MOST_VALUES:,} values an input")
    if count < 1 or high < low or (count > 1 and high == low):
        raise InputError(f"--vary {key}={spec}: the range is empty; give lo < hi and n >= 2")
    if logarithmic and low <= 0:
        raise InputError(f"--vary {key}={spec}: a logarithmic range must begin above zero")
    return Span(low, high, count, unit, logarithmic)


def _ends(key: str, low: str, high: str) -> tuple[float, float, str]:
    """Both ends in the unit of the upper end; the lower end may leave its unit out."""
    top, top_unit = parse_quantity(high)
    bottom, bottom_unit = parse_quantity(low)
    unit = split_quantity(high)[1]
    if not bottom_unit.dimension and bottom_unit.factor == 1.0:
        return bottom, top, unit
    if bottom_unit.dimension != top_unit.dimension:
        raise InputError(f"--vary {key}: {low!r} and {high!r} are not of one dimension")
    return bottom * (bottom_unit.factor / top_unit.factor), top, unit


def full_grid(axes: Sequence[Axis]) -> int:
    """Return the number of points of the full grid; raises InputError when a key is varied twice."""
    keys = [axis.key for axis in axes]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InputError(f"--vary {twice[0]}: varied twice; put all its values in one --vary")
    return int(np.prod([len(axis.values) for axis in axes], dtype=object)) if axes else 0


def grid_point(axes: Sequence[Axis], index: int) -> dict[str, Value]:
    """Return point ``index`` of the full grid, the last axis varying fastest; nothing else is held in memory.

    >>> axes = [Axis("a", (1, 2)), Axis("b", ("x", "y"))]
    >>> grid_point(axes, 3)
    {'a': 2, 'b': 'y'}
    """
    point: dict[str, Value] = {}
    for axis in reversed(axes):
        index, position = divmod(index, len(axis.values))
        point[axis.key] = axis.values[position]
    return {axis.key: point[axis.key] for axis in axes}
