"""The columns of a study: the point's number, its inputs, its outputs, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from clustersim.batch import Values, at
from clustersim.columns import Varied
from clustersim.extras import needs
from clustersim.study.points import Found, varied_values
from clustersim.study.space import Span, as_number
from clustersim.study.spec import StudySpec

with needs("study", "studies"):
    import pyarrow as pa

__all__ = ["input_kinds", "input_units", "to_table"]


def input_units(spec: StudySpec) -> dict[str, str | None]:
    """Return the unit of every varied input, None for an input whose values are no numbers of one unit."""
    if not spec.axes:
        return dict(zip(spec.keys, spec.units, strict=True))
    units: dict[str, str | None] = {}
    for axis in spec.axes:
        if isinstance(axis.values, Span):
            units[axis.key] = axis.values.unit
            continue
        seen = {n[1] if (n := as_number(v)) is not None else None for v in axis.values}
        units[axis.key] = next(iter(seen)) if len(seen) == 1 else None
    return units


def input_kinds(spec: StudySpec) -> dict[str, bool]:
    """Return for every varied input whether its column holds numbers."""
    return {key: unit is not None for key, unit in input_units(spec).items()}


def to_table(spec: StudySpec, found: Found, outputs: Sequence[str]) -> pa.Table:
    """Return a range of points as a table whose schema depends on the study alone."""
    start, stop = found.start, found.stop
    data: dict[str, Any] = {"point": pa.array(np.arange(start, stop))}
    given, numeric = varied_values(spec, start, stop), input_kinds(spec)
    for key, values in given.items():
        data[key] = _numbers(values) if numeric[key] else _texts(values, stop - start)
    for name in outputs:
        column = found.column(name)
        data[name] = pa.array(column, mask=np.isnan(column))
    errors = [found.errors.get(i, "") for i in range(start, stop)] if found.errors else [""] * (stop - start)
    data["error"] = pa.array(errors, pa.string())
    return pa.table(data)


def _texts(values: Values, count: int) -> pa.Array:
    return pa.array([str(at(values, i)) for i in range(count)], pa.string())


def _numbers(values: Values) -> pa.Array:
    if isinstance(values, Varied):
        return pa.array(values.numbers)
    return pa.array([None if (n := as_number(v)) is None else n[0] for v in values], pa.float64())
