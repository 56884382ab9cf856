"""The columns of a study: the point's number, its inputs, its outputs, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from clustersim.errors import InputError
from clustersim.study.space import Value
from clustersim.study.spec import StudySpec
from clustersim.units import parse_quantity

__all__ = ["as_number", "input_kinds", "input_units", "to_table"]


def as_number(value: Value) -> tuple[float, str] | None:
    """Return a value's number and unit text, None where it is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value), ""
    try:
        number, _ = parse_quantity(value)
    except InputError:
        return None
    return number, value.strip().lstrip("+-0123456789._eE").strip() if " " in value.strip() else ""


def input_units(spec: StudySpec) -> dict[str, str | None]:
    """Return the unit of every varied input, None for an input whose values are no numbers of one unit."""
    if not spec.axes:
        return dict(zip(spec.keys, spec.units, strict=True))
    units: dict[str, str | None] = {}
    for axis in spec.axes:
        seen = {n[1] if (n := as_number(v)) is not None else None for v in axis.values}
        units[axis.key] = next(iter(seen)) if len(seen) == 1 else None
    return units


def input_kinds(spec: StudySpec) -> dict[str, bool]:
    """Return for every varied input whether its column holds numbers."""
    return {key: unit is not None for key, unit in input_units(spec).items()}


def to_table(spec: StudySpec, rows: Sequence[dict[str, Any]], outputs: Sequence[str]) -> pa.Table:
    """Return rows as a table whose schema depends on the study alone."""
    data: dict[str, Any] = {"point": pa.array([row["point"] for row in rows], pa.int64())}
    for key, numeric in input_kinds(spec).items():
        if numeric:
            numbers = [as_number(row[key]) for row in rows]
            data[key] = pa.array([None if n is None else n[0] for n in numbers], pa.float64())
        else:
            data[key] = pa.array([str(row[key]) for row in rows], pa.string())
    for name in outputs:
        data[name] = pa.array([row.get(name) for row in rows], pa.float64())
    data["error"] = pa.array([row["error"] for row in rows], pa.string())
    return pa.table(data)
