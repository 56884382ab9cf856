"""Answers that need more than a table: the input that gives an output, and the best of a design space."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InfeasibleError, InputError
from clustersim.pipeline.chain import run_chain
from clustersim.schema.load_inputs import load_inputs
from clustersim.special import root
from clustersim.study.outputs import check_outputs, outputs_of
from clustersim.study.space import quantity_text
from clustersim.workloads.work import StageCache

__all__ = ["feasible", "goal_seek", "pareto_front", "parse_constraint"]

_CONSTRAINT = re.compile(r"\s*(<=|>=|<|>)\s*(\S+)\s*$")


def goal_seek(
    scenario: str,
    key: str,
    output: str,
    target: float,
    *,
    low: float,
    high: float,
    unit: str,
    sets: Mapping[str, Any],
) -> float:
    """Return the value of an input, between ``low`` and ``high``, at which an output is ``target`` (Brent's method).

    Raises InfeasibleError, with the outputs at both ends, when the target does not lie between them.
    """
    cache = StageCache()

    def gap(value: float) -> float:
        inputs = load_inputs(scenario, {**sets, key: quantity_text(value, unit)})
        outputs = outputs_of(run_chain(inputs, replications=0, cache=cache))
        check_outputs([output], outputs)
        return outputs[output] - target

    at_low, at_high = gap(low), gap(high)
    if at_low == 0:
        return low
    if at_low * at_high > 0:
        raise InfeasibleError(
            f"{output} = {target:g} is not reached for {key} between {low:g} and {high:g} {unit}: it is"
            f" {at_low + target:g} and {at_high + target:g} at the ends"
        )
    return root(gap, low, high, within=1e-12 * max(abs(low), abs(high), 1e-300))


def parse_constraint(output: str, text: str) -> tuple[str, str, float]:
    """Parse ``<= 5`` on an output.

    >>> parse_constraint("capex_cny", "<= 2e8")
    ('capex_cny', '<=', 200000000.0)

    Raises InputError for another form.
    """
    match = _CONSTRAINT.match(text)
    try:
        if match is None:
            raise ValueError
        bound = float(match[2])
        if not math.isfinite(bound):
            raise ValueError
        return output, match[1], bound
    except ValueError:
        raise InputError(f"constraint {output}: {text!r} must be like '<= 100' or '>= 0.9'") from None


def feasible(
    rows: Sequence[Mapping[str, Any]], constraints: Sequence[tuple[str, str, float]]
) -> list[Mapping[str, Any]]:
    """Return the rows that ran and satisfy every constraint."""
    compare = {
        "<=": lambda a, b: a <= b,
        ">=": lambda a, b: a >= b,
        "<": lambda a, b: a < b,
        ">": lambda a, b: a > b,
    }
    return [
        row
        for row in rows
        if not row["error"] and all(compare[sign](row[name], bound) for name, sign, bound in constraints)
    ]


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows no other row beats; every column is to be small.

    A row is beaten when another is no larger in every column and smaller in one.

    >>> pareto_front(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])).tolist()
    [True, True, False]
    """
    order = np.lexsort(values.T[::-1])
    front: list[int] = []
    for index in order:
        row = values[index]
        kept = values[front]
        beaten = bool(front) and bool(np.any(np.all(kept <= row, axis=1) & np.any(kept < row, axis=1)))
        if not beaten:
            front.append(int(index))
    mask = np.zeros(len(values), dtype=bool)
    mask[front] = True
    return mask
