"""What is varied: axes of values, written ``KEY=a,b,c``, ``KEY=lo:hi:n`` or ``KEY=log:lo:hi:n``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.errors import InputError
from clustersim.units import parse_quantity, split_quantity

__all__ = ["Axis", "Value", "as_number", "full_grid", "grid_point", "parse_axis", "quantity_text"]

Value = str | float | int | bool

#: More values of one input than anybody means.
MOST_VALUES = 10_000_000
_NUMBER = re.compile(r"\s*[+-]?[\d.]")


@dataclass(frozen=True, slots=True)
class Axis:
    """One input and the values it takes."""

    key: str
    values: tuple[Value, ...]


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
    >>> parse_axis("tco.tariff=0.3:0.5 CNY/kWh:3").values
    ('0.3 CNY/kWh', '0.4 CNY/kWh', '0.5 CNY/kWh')
    >>> parse_axis("reliability.mttf_scale=log:0.1:10:3").values
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


def _range(key: str, spec: str) -> tuple[Value, ...]:
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
    points = np.geomspace(low, high, count) if logarithmic else np.linspace(low, high, count)
    return tuple(quantity_text(float(f"{p:.12g}"), unit) for p in points)


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
