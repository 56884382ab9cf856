"""A grid of an offer's costs over the inputs that a customer moves, for pages that interpolate it.

Costs are linear in prices and in the reciprocal of a share of hours or of a bandwidth but for changes of plan, so that
each axis has the coordinate in which little is left to err. What is left is measured on points of the grid's own box
that are no nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.errors import InputError
from clustersim.pipeline.site import run_site
from clustersim.planner.comparison import Asked
from clustersim.planner.uncertain_inputs import ranged_inputs
from clustersim.planner.uncertainty import outcomes
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import StageCache

__all__ = ["Axis", "Grid", "offer_grid"]

Array = NDArray[np.float64]
#: Points between the nodes on which the interpolation is judged: half anywhere, half in the middle of cells, where a
#: smooth function is furthest from its interpolation.
JUDGED = 64
#: How far a bandwidth is moved either way, and any number without a range.
_AROUND = 0.5
#: Workload -> the bandwidth of the card that its time hangs on.
_BANDWIDTH = {"training": "scale_up.bandwidth", "serving": "memory.bandwidth"}


@dataclass(frozen=True, slots=True)
class Axis:
    """One input that moves: its key, unit, nodes in ascending order, the value of the offer, and its coordinate.

    ``reciprocal``: interpolate over 1/x instead of x.
    """

    key: str
    unit: str
    nodes: tuple[float, ...]
    base: float
    reciprocal: bool = False

    def at(self, value: Any) -> Any:
        """Return the coordinate of a value."""
        return 1.0 / value if self.reciprocal else value


@dataclass(frozen=True, slots=True)
class Grid:
    """Outputs over all nodes (last axis fastest), and how far interpolation is from the program between them.

    Attributes:
        axes: the inputs.
        outputs: values by name, ``side: term``; NaN where the demand cannot be done.
        errors: largest and median error of each output between the nodes, relative.
        judged: how many points these are of.
    """

    axes: tuple[Axis, ...]
    outputs: Mapping[str, Array]
    errors: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    judged: int = 0

    def value(self, name: str, point: Mapping[str, float]) -> float:
        """Return an output at a point by multilinear interpolation in the axes' coordinates.

        >>> grid = Grid((Axis("x", "", (1.0, 3.0), 1.0), Axis("y", "", (1.0, 2.0), 1.0, True)),
        ...     {"f": np.array([1.0, 0.5, 3.0, 1.5])})
        >>> grid.value("f", {"x": 2.0, "y": 2.0}), round(grid.value("f", {"x": 3.0, "y": 4 / 3}), 9)
        (1.0, 2.25)
        """
        values = np.asarray(self.outputs[name]).reshape([len(a.nodes) for a in self.axes])
        for axis in self.axes:
            c = [axis.at(node) for node in axis.nodes]
            i = int(np.clip(np.searchsorted(axis.nodes, point[axis.key], side="right") - 1, 0, len(c) - 2))
            t = (axis.at(point[axis.key]) - c[i]) / (c[i + 1] - c[i])
            values = values[i] if t == 0 else values[i] + t * (values[i + 1] - values[i])
        return float(values)


def offer_grid(asked: Asked, outputs: Sequence[str], *, judged: int = JUDGED) -> Grid:
    """Return the grid of some outputs (``side: term``) of a comparison, judged on points of its own.

    Raises InputError where nothing of the first side can be moved.
    """
    sides = asked.load({})
    axes = tuple(_axes(sides[0]))
    if not axes:
        raise InputError(f"{sides[0].name}: no price, tariff, share of hours or bandwidth of it can be moved")
    nodes = np.array(list(product(*(axis.nodes for axis in axes))))
    rng = np.random.default_rng(sides[0].scenario.seed)
    anywhere = np.column_stack([rng.uniform(a.nodes[0], a.nodes[-1], judged - judged // 2) for a in axes])
    tried = np.vstack([anywhere, np.column_stack([rng.choice(_middles(a), judged // 2) for a in axes])])
    found = _run(asked, axes, np.vstack([nodes, tried]), outputs)
    grid = Grid(axes, {name: values[: len(nodes)] for name, values in found.items()})
    errors = {
        name: _error(grid, name, tried, values[len(nodes) :]) for name, values in found.items() if judged
    }
    return Grid(axes, grid.outputs, errors, judged)


def _middles(axis: Axis) -> list[float]:
    """The middles of an axis' cells, in its coordinate.

    >>> _middles(Axis("x", "", (1.0, 3.0), 1.0)), _middles(Axis("y", "", (1.0, 3.0), 1.0, True))
    ([2.0], [1.5])
    """
    ends = [axis.at(node) for node in axis.nodes]
    middles = [(a + b) / 2 for a, b in pairwise(ends)]
    return [1.0 / c if axis.reciprocal else c for c in middles]


def _error(grid: Grid, name: str, points: Array, right: Array) -> tuple[float, float]:
    keys = [axis.key for axis in grid.axes]
    ours = np.array([grid.value(name, dict(zip(keys, map(float, point), strict=True))) for point in points])
    off = np.abs(ours / right - 1.0)
    off = off[np.isfinite(off)]
    return (float(off.max()), float(np.median(off))) if off.size else (float("nan"), float("nan"))


def _run(asked: Asked, axes: Sequence[Axis], points: Array, outputs: Sequence[str]) -> dict[str, Array]:
    """The program itself at some points."""
    cache = StageCache()

    def run(sides: Sequence[Inputs]) -> dict[str, Any]:
        of = {side.name: outcomes(run_site(side, cache)) for side in sides if side.name in wanted}
        return {f"{side}: {name}": value for side, values in of.items() for name, value in values.items()}

    wanted = {name.partition(": ")[0] for name in outputs}
    question: Question[Sequence[Inputs]] = Question(asked.load, run)
    varied = {axis.key: Varied(points[:, i].copy(), axis.unit) for i, axis in enumerate(axes)}
    found = question.answers(varied, len(points))
    missing = np.full(len(points), np.nan)
    return {name: found.columns.get(name, missing) for name in outputs}


def _axes(inputs: Inputs) -> list[Axis]:
    """The card's price, the tariff, the share of hours sold, and the bandwidth that the main workload hangs on."""
    card = inputs.parts.card.name
    kinds = [work.kind for work in inputs.scenario.demand.values()]
    bandwidth = next((_BANDWIDTH[kind] for kind in kinds if kind in _BANDWIDTH), None)
    wanted = [
        (f"cards.{card}.price", 3, False),
        ("tco.tariff", 3, False),
        ("tco.sold_share", 4, True),
        *([(f"cards.{card}.{bandwidth}", 7, True)] if bandwidth else []),
    ]
    ranges = ranged_inputs(inputs)
    known = dict(inputs.fields())
    out = []
    for key, count, reciprocal in wanted:
        if key in ranges:
            span, unit = ranges[key]
            low, base, high = span.low, span.value, span.high
        elif key in known and known[key].value > 0:
            one = known[key]
            unit, base = ("" if one.unit == "1" else one.unit), one.value
            low, high = one.range if one.low is not None and one.high is not None else (
                base * (1 - _AROUND), base * (1 + _AROUND))  # fmt: skip
        else:
            continue
        if key.endswith(".bandwidth"):
            low, high = min(low, base * (1 - _AROUND)), max(high, base * (1 + _AROUND))
        if low < high and low > 0:
            out.append(Axis(key, unit, _nodes(low, base, high, count, reciprocal), base, reciprocal))
    return out


def _nodes(low: float, base: float, high: float, count: int, reciprocal: bool) -> tuple[float, ...]:
    """Nodes evenly over the coordinate, the offer's own value among them.

    >>> _nodes(1.0, 2.0, 3.0, 3, False), _nodes(0.5, 1.0, 1.0, 3, True)
    ((1.0, 2.0, 3.0), (0.5, 0.6666666666666666, 1.0))
    """
    ends = (1.0 / low, 1.0 / high) if reciprocal else (low, high)
    even = np.linspace(*ends, count)
    even = 1.0 / even if reciprocal else even
    near = int(np.argmin(np.abs(even - base)))
    inner = [float(v) for i, v in enumerate(even) if 0 < i < count - 1 and i != near]
    return tuple(sorted({low, high, base, *inner}))
