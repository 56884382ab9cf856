"""The figures of a study, from its rows and what its manifest says of them: drawn at its end, or when it is resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.report import study_figures as figures
from clustersim.report.labels.terms import spoken, with_unit
from clustersim.study.driver import StudyResult
from clustersim.study.search import feasible, pareto_front
from clustersim.study.sensitivity import sobol_indices, tornado
from clustersim.study.space import as_number
from clustersim.study.table import input_kinds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["album"]

Album = dict[str, Callable[[], "Figure"]]

#: Points that can be told apart in one figure of lines; more are left out.
MOST_DRAWN = 100_000
#: Cells along a side of a heat map, each with its value; of a longer axis so many stand for all, evenly spaced.
MOST_SIDE = 24


def album(result: StudyResult, draw: Mapping[str, Any]) -> Album:
    """Return the figures of a study by file name; what ``draw`` does not name, or too few points allow, is left out.

    ``draw`` is the manifest's: ``title``, ``outputs``, and for a search ``goals`` (name, sign) and ``limits``.

    Raises InputError where it names outputs that the study does not have.
    """
    try:
        outputs = [str(name) for name in draw.get("outputs", ())]
        goals = [(str(name), float(sign)) for name, sign in draw.get("goals", ())]
        limits = [(str(name), str(relation), float(at)) for name, relation, at in draw.get("limits", ())]
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"the manifest does not say what to draw ({error})") from None
    unknown = [name for name in outputs if name not in result.outputs]
    if unknown:
        raise InputError(f"the study has no output {unknown[0]!r} to draw")
    makers: dict[str, Callable[[], Album]] = {
        "sweep": lambda: _sweep(result, outputs),
        "mc": lambda: _mc(result, outputs),
        "sobol": lambda: _sobol(result, outputs, str(draw.get("title", ""))),
        "tornado": lambda: _tornado(result, outputs, str(draw.get("title", ""))),
        "optimise": lambda: _pareto(result, goals, limits),
    }
    return makers[result.spec.kind]() if result.spec.kind in makers and outputs else {}


def _sweep(result: StudyResult, outputs: Sequence[str]) -> Album:
    spec = result.spec
    if len(spec.axes) != 2 or spec.chosen:
        return _parallel(result, outputs[-1])
    first, second = spec.axes

    def heat(name: str) -> Figure:
        across, up = _spaced(len(first.values)), _spaced(len(second.values))
        whole = result.column(name).reshape(len(first.values), len(second.values))
        ends = [first.values[i] for i in across.tolist()], [second.values[i] for i in up.tolist()]
        keys = (spoken(first.key), spoken(second.key), with_unit(name))
        shown = "" if (across.size, up.size) == whole.shape else f" ({across.size} x {up.size} of its points)"
        title = f"{spec.scenario}: {spoken(name)}{shown}"
        return figures.heat_map(title, *ends, whole[np.ix_(across, up)].T, keys)

    return {f"heat_map_{name}.png": lambda name=name: heat(name) for name in outputs}  # type: ignore[misc]


def _spaced(count: int) -> NDArray[np.int64]:
    """Places along an axis that a figure has room for: all, or evenly spaced ones with both ends.

    >>> _spaced(3).tolist(), _spaced(10_000).tolist()[:2], _spaced(10_000).tolist()[-1], _spaced(10_000).size
    ([0, 1, 2], [0, 435], 9999, 24)
    """
    return np.unique(np.linspace(0, count - 1, min(count, MOST_SIDE)).round().astype(np.int64))


def _parallel(result: StudyResult, output: str) -> Album:
    """The points that ran over their inputs, coloured by the last output; names stand at even steps in their order."""
    kinds = input_kinds(result.spec)
    names = list(kinds)
    if len(names) < 2 or result.spec.total > MOST_DRAWN:
        return {}
    rows = [row for row in result.rows if not row["error"]]
    if len(rows) < 2:
        return {}
    lines = [_coordinate(k, kinds[k], [row[k] for row in rows]) for k in names]
    colour = np.array([float(row[output]) for row in rows])
    title = f"{result.spec.scenario}: {spoken(output)}"
    return {
        f"parallel_{output}.png": lambda: figures.parallel_coordinates(
            title, lines, colour, with_unit(output)
        )
    }


def _coordinate(key: str, numeric: bool, given: Sequence[Any]) -> figures.Coordinate:
    """An input with its values: numbers as they are, names by their place in the order in which they were given."""
    if numeric:
        found = [as_number(value) or (0.0, "") for value in given]
        unit = next((unit for _, unit in found if unit), "")
        return figures.Coordinate(
            f"{spoken(key)}{f', {unit}' if unit else ''}", np.array([x for x, _ in found])
        )
    order = list(dict.fromkeys(map(str, given)))
    return figures.Coordinate(
        spoken(key), np.array([float(order.index(str(v))) for v in given]), tuple(order)
    )


def _mc(result: StudyResult, outputs: Sequence[str]) -> Album:
    scenario = result.spec.scenario

    def spread(name: str) -> Figure:
        values = result.column(name)
        return figures.distribution_figure(
            f"{scenario}: {spoken(name)}", values[np.isfinite(values)], with_unit(name)
        )

    out: Album = {f"distribution_{name}.png": lambda name=name: spread(name) for name in outputs}  # type: ignore[misc]
    revenue = [o for o in result.outputs if o.startswith("revenue_")]
    if revenue:
        years = [o.removeprefix("revenue_").removesuffix("_kcny") for o in revenue]
        out["fan_revenue.png"] = lambda: figures.fan_chart(
            f"{scenario}: revenue",
            years,
            np.array([np.nanpercentile(result.column(o), [10, 50, 90]) for o in revenue]).T / 1e6,
            "CNY bn",
        )
    return out


def _sobol(result: StudyResult, outputs: Sequence[str], title: str) -> Album:
    def bars() -> Figure:
        indices = sobol_indices(result.spec.keys, result.column(outputs[0]), result.spec.seed)
        top = [
            (spoken(i.key), i.first, i.first_half_width, i.total, i.total_half_width) for i in indices[:15]
        ]
        return figures.index_bars(f"{title}: what moves {spoken(outputs[0])}", top)

    return {"sobol.png": bars}


def _tornado(result: StudyResult, outputs: Sequence[str], title: str) -> Album:
    def bars() -> Figure:
        values = result.column(outputs[0])
        found = tornado(result.spec.keys, float(values[0]), values[1::2].tolist(), values[2::2].tolist())
        drawn = [(spoken(b.key), b.low, b.base, b.high) for b in found]
        return figures.tornado_figure(
            f"{title}: {spoken(outputs[0])}, P10 to P90", drawn, with_unit(outputs[0])
        )

    return {"tornado.png": bars}


def _pareto(
    result: StudyResult, goals: Sequence[tuple[str, float]], limits: Sequence[tuple[str, str, float]]
) -> Album:
    rows = feasible(result.rows, limits)
    if len(goals) < 2 or not rows:
        return {}

    def front() -> Figure:
        best = pareto_front(np.array([[sign * float(row[name]) for name, sign in goals] for row in rows]))
        x, y = (np.array([float(row[name]) for row in rows]) for name, _ in goals[:2])
        title = f"{result.spec.scenario}: what is best"
        return figures.pareto_figure(title, x, y, best, (with_unit(goals[0][0]), with_unit(goals[1][0])))

    return {"pareto.png": front}
