"""Studies as tables: the points of a sweep, percentiles, rankings of inputs, the best of a design space."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clustersim.errors import InfeasibleError, InputError, PartialFailureError
from clustersim.extras import install_line
from clustersim.report.answer import Answer, Row, listed
from clustersim.report.study_album import album
from clustersim.schema.readers import refuse_unread
from clustersim.study.asked import How, StudyAsked, main_cost, run_asked, statistics_row
from clustersim.study.designs import morris_design
from clustersim.study.driver import StudyResult, known_outputs
from clustersim.study.search import feasible, goal_seek, pareto_front, parse_constraint
from clustersim.study.sensitivity import morris_effects, sobol_indices, tornado
from clustersim.study.space import as_number, parse_axis
from clustersim.study.table import input_units
from clustersim.writing import write_beside

if TYPE_CHECKING:
    import xarray

__all__ = ["Study", "draw", "mc_study", "optimise_study", "seek_answer", "sensitivity_study", "sweep_study"]

#: Points of a kept study that are printed one by one; of more, the ranges of their outputs.
MOST_SHOWN = 100_000

#: Points that were run one by one before anything is said of it.
MANY_ALONE = 64
#: Outputs beside the usual ones that are shown where only they move.
MOST_MOVING = 4
#: What is shown where nothing is asked for; each scenario has those of its kinds of workload.
DEFAULT_OUTPUTS = (
    "tokens_per_s",
    "mfu",
    "training_goodput_tokens_per_s",
    "requests_per_s_per_card",
    "output_tokens_per_s_per_card",
    "streams_per_card",
    "useful_share",
    "wait_p95_h",
    "cny_per_card_hour",
    "cny_per_mtoken",
    "cny_per_served_mtoken",
    "cny_per_stream_hour",
    "cny_per_useful_card_hour",
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Study(Answer):
    """A study that was run: an answer, with every point behind it."""

    result: StudyResult

    def to_xarray(self) -> xarray.Dataset:
        """Return every output over the varied inputs: a grid has one dimension an input, a sample one of points.

        Raises InputError where xarray is not installed.
        """
        try:
            import xarray
        except ImportError:
            raise InputError(f"to_xarray needs xarray; install {install_line('xarray')}") from None
        spec, units = self.result.spec, input_units(self.result.spec)
        columns = {name: self.result.column(name) for name in self.result.outputs}
        if spec.axes and not spec.chosen:
            dims = [axis.key for axis in spec.axes]
            shape = [len(axis.values) for axis in spec.axes]
            coords = {axis.key: (axis.key, *_coordinate(axis.values, units[axis.key])) for axis in spec.axes}
            data = {name: (dims, column.reshape(shape)) for name, column in columns.items()}
        else:
            points = [spec.point(i) for i in range(spec.total)]
            coords = {k: ("point", *_coordinate([p[k] for p in points], units[k])) for k in spec.varied}
            data = {name: (["point"], column) for name, column in columns.items()}
        about = {"scenario": spec.scenario, "seed": spec.seed, "version": spec.version}
        return xarray.Dataset(data, coords, about)


def _coordinate(values: Sequence[Any], unit: str | None) -> tuple[list[Any], dict[str, str]]:
    """The values of an input along its dimension: numbers in one unit, or words."""
    if unit is None:
        return [str(value) for value in values], {}
    return [(as_number(value) or (float("nan"), ""))[0] for value in values], {"units": unit or "1"}


def _study(name: str, result: StudyResult, how: How, rows: Sequence[Row], drawn: Mapping[str, Any]) -> Study:
    """The study as an answer: its figures drawn where it is kept, the points that failed said."""
    draw(how.folder, result, drawn)
    failed = None
    if result.errors:
        first = result.failed[0]
        failed = PartialFailureError(
            f"{len(result.errors)} of {result.spec.total} points failed and are kept out of the statistics;"
            f" the first is point {first['point']}: {one_line(first['error'])}"
        )
    said = [*told_alone(result), *told_still(result)]
    return Study(name=name, data=list(rows), rows=list(rows), result=result, failed=failed, said=said)


def told_alone(result: StudyResult) -> list[str]:
    """Return what to say of points of a large study that share no run: they take a hundred times as long."""
    alone = result.alone
    if alone is None or not alone.why or alone.points < MANY_ALONE:
        return []
    return [f"{alone.points} of {result.spec.total} points were run one by one: {alone.why}"]


def told_still(result: StudyResult) -> list[str]:
    """Return what to say of inputs of a whole grid with which no output moves."""
    spec = result.spec
    if not spec.axes or spec.chosen:
        return []
    shape = [len(axis.values) for axis in spec.axes]

    def moves(name: str, along: int) -> bool:
        column = np.moveaxis(result.column(name).reshape(shape), along, 0)
        gaps = np.abs(column - column[0])
        return bool(np.any(gaps > 1e-12 * np.abs(column[0])))

    return [
        f"{axis.key}: no output moves with it here (`clustersim explain {spec.scenario} --set {axis.key}=…` says why)"
        for at, axis in enumerate(spec.axes)
        if len(axis.values) > 1 and not any(moves(name, at) for name in result.outputs)
    ]


def one_line(error: str) -> str:
    """Return a refusal in one line: its problems, where it lists any, instead of their number.

    >>> one_line("a.yaml: 1 problem(s)\\n  a.yaml:3: tco.pue: 0.5 must be at least 1")
    'a.yaml:3: tco.pue: 0.5 must be at least 1'
    """
    first, *listed = error.splitlines() or [""]
    return "; ".join(line.strip() for line in listed) or first


def draw(folder: str | None, result: StudyResult, drawn: Mapping[str, Any], *, anew: bool = True) -> int:
    """Write the figures of a study into its folder, where there is one; return how many; ``anew`` replaces those there.

    ``drawn`` is what the manifest keeps under ``draw``, so that a resumed study has its figures too.
    """
    if folder is None:
        return 0
    from clustersim.report.style import save

    count = 0
    for name, figure in album(result, drawn).items():
        path = Path(folder) / name
        if anew or not path.exists():
            with write_beside(path) as temporary:
                save(figure(), temporary)
            count += 1
    return count


def sweep_study(asked: StudyAsked, how: How, *, design: str = "grid", points: int | None = None) -> Study:
    """Run every combination of the varied inputs, or a sample of them."""
    spec = asked.grid("sweep", design, points)
    known = known_outputs(spec)
    chosen = asked.outputs or tuple(o for o in DEFAULT_OUTPUTS if o in known)
    drawn = {"outputs": list(chosen)}
    result = run_asked(spec, how, {"study": asked.source, "draw": drawn})
    if not asked.outputs:
        chosen = _moving(result, chosen)
    if how.folder is not None and spec.total > MOST_SHOWN:
        rows = _ranges(result, [name for name in chosen if name in result.outputs])
    else:
        rows = _points(result, chosen)
    return _study("sweep", result, how, rows, drawn)


def _moving(result: StudyResult, outputs: Sequence[str]) -> tuple[str, ...]:
    """The outputs, and where none of them moves, those at the end of the chain that do."""

    def moves(name: str) -> bool:
        values = result.column(name)
        values = values[np.isfinite(values)]
        return bool(values.size and np.ptp(values) > 1e-12 * np.max(np.abs(values)))

    if any(moves(name) for name in outputs):
        return tuple(outputs)
    more = [name for name in result.outputs if name not in outputs and moves(name)]
    return (*outputs, *more[-MOST_MOVING:])


def _points(result: StudyResult, outputs: Sequence[str]) -> list[dict[str, Any]]:
    varied = result.spec.varied
    return [
        {**{k: row[k] for k in varied}, **{o: row.get(o) for o in outputs}, "error": one_line(row["error"])}
        for row in result.rows
    ]


def _ranges(result: StudyResult, outputs: Sequence[str]) -> list[dict[str, Any]]:
    """What the outputs of many points range over; the points themselves are in the folder."""
    rows = []
    for name in outputs:
        values = result.column(name)
        good = values[np.isfinite(values)]
        low, high = (float(good.min()), float(good.max())) if good.size else (None, None)
        middle = float(np.percentile(good, 50, overwrite_input=True)) if good.size else None
        rows.append({"output": name, "points": int(good.size), "min": low, "median": middle, "max": high})
    return rows


def mc_study(
    asked: StudyAsked, how: How, *, points: int | None = None, precision: float | None = None
) -> Study:
    """Carry uncertain inputs through the chain; with ``precision`` until the P50 is known to that share of itself."""
    limit = points or asked.points
    size = min(limit, 64) if precision is not None else limit
    wanted = asked.outputs or (main_cost(asked.scenario, asked.sets),)
    about: dict[str, Any] = {"study": asked.source, "draw": {"outputs": list(wanted)}}
    while True:
        spec = asked.sample("mc", size)
        # A larger Sobol sample begins with the smaller one, so that stopping early changes no point.
        last = size == limit or precision is None
        result = run_asked(spec, how if last else replace(how, folder=None), about)
        rows = [statistics_row(name, result.column(name)) for name in wanted]
        reached = rows[0]["points"] and rows[0]["p50_half_width"] <= (precision or 0.0) * abs(rows[0]["p50"])
        if last or reached:
            break
        size = min(limit, 2 * size)
    if how.folder is not None and not last:  # precise before the limit: the points that it took are kept
        result = run_asked(spec, how, about)
    return _study("mc", result, how, rows, about["draw"])


def sensitivity_study(
    asked: StudyAsked, how: How, *, method: str | None = None, points: int | None = None
) -> Study:
    """Rank the uncertain inputs by what they do to the first output."""
    chosen = method or asked.method or "sobol"
    output = asked.outputs[0] if asked.outputs else main_cost(asked.scenario, asked.sets)
    spec = asked.tornado() if chosen == "tornado" else asked.sample(chosen, points or asked.points)
    drawn = {"outputs": [output], "title": asked.title}
    result = run_asked(spec, how, {"study": asked.source, "method": chosen, "draw": drawn})
    rows = {"sobol": _sobol, "morris": _morris, "tornado": _tornado}[chosen](result, output)
    ranked = [{"rank": rank, **row} for rank, row in enumerate(rows, start=1)]
    return _study("sensitivity", result, how, ranked, drawn)


def _sobol(result: StudyResult, output: str) -> list[dict[str, Any]]:
    indices = sobol_indices(result.spec.keys, result.column(output), result.spec.seed)
    return [
        {
            "input": i.key, "total": i.total, "total_half_width": i.total_half_width, "first": i.first,
            "first_half_width": i.first_half_width,
        }
        for i in indices
    ]  # fmt: skip


def _morris(result: StudyResult, output: str) -> list[dict[str, Any]]:
    columns = len(result.spec.keys)
    design = morris_design(result.spec.total // (columns + 1), columns, result.spec.seed)
    effects = morris_effects(result.spec.keys, np.asarray(design), result.column(output))
    return [{"input": e.key, "mu_star": e.mu_star, "mu": e.mu, "sigma": e.sigma} for e in effects]


def _tornado(result: StudyResult, output: str) -> list[dict[str, Any]]:
    values = result.column(output)
    bars = tornado(result.spec.keys, float(values[0]), values[1::2].tolist(), values[2::2].tolist())
    return [{"input": b.key, "low": b.low, "base": b.base, "high": b.high, "swing": b.swing} for b in bars]


def optimise_study(
    asked: StudyAsked,
    how: How,
    *,
    minimise: Sequence[str] = (),
    maximise: Sequence[str] = (),
    limits: Sequence[str] = (),
) -> Study:
    """Find the points of a design space that no other beats; the first goal's best stands first.

    Raises InfeasibleError where no point satisfies every constraint.
    """
    goals = [(name, 1.0) for name in minimise] + [(name, -1.0) for name in maximise]
    if not goals:
        raise InputError("optimise needs a goal: give --minimise or --maximise an output")
    twice = next((name for name, sign in goals if (name, -sign) in goals), None)
    if twice is not None:
        raise InputError(f"{twice} cannot be both least and greatest; keep one of --minimise and --maximise")
    within = [_constraint(text) for text in (*(f"{k} {v}" for k, v in asked.limits.items()), *limits)]
    spec = asked.grid("optimise")
    named = dict.fromkeys([name for name, _ in goals] + [name for name, *_ in within])
    drawn = {"outputs": list(named), "goals": goals, "limits": within}
    result = run_asked(spec, how, {"draw": drawn})
    rows = feasible(result.rows, within)
    if not rows:
        ran = spec.total - len(result.errors)
        why = f"; the first that failed: {result.failed[0]['error']}" if result.errors else ""
        raise InfeasibleError(f"no point satisfies every constraint ({ran} of {spec.total} points ran){why}")
    values = np.array([[sign * float(row[name]) for name, sign in goals] for row in rows])
    front = pareto_front(values)
    best = sorted(
        (row for row, keep in zip(rows, front, strict=True) if keep),
        key=lambda r: goals[0][1] * r[goals[0][0]],
    )
    shown = [name for name, _ in goals] + [name for name, *_ in within if name not in dict(goals)]
    lines = [{**{k: r[k] for k in spec.varied}, **{o: r[o] for o in shown}} for r in best]
    return _study("optimise", result, how, lines, drawn)


def _constraint(text: str) -> tuple[str, str, float]:
    found = re.match(r"\s*([A-Za-z0-9_.-]*)\s*(.*)", text, re.DOTALL)
    assert found is not None
    return parse_constraint(found[1], found[2])


def seek_answer(scenario: str, sets: Mapping[str, object], *, span: str, target: str) -> Answer:
    """Find the value of an input, ``KEY=lo:hi``, that gives an output its target, ``NAME=NUMBER``."""
    name, _, ends = span.partition("=")
    axis = parse_axis(f"{name}={ends}:2")
    refuse_unread([axis.key])
    bottom, top = (as_number(v) for v in axis.values)
    output, separator, number = target.partition("=")
    try:
        goal = float(number)
    except ValueError:
        goal = np.nan
    if not np.isfinite(goal):
        raise InputError(f"--target {target!r}: write NAME=NUMBER")
    if not separator or bottom is None or top is None:
        raise InputError(f"--input {span!r}: write KEY=lo:hi with numbers")
    (low, unit), (high, _) = bottom, top
    found = goal_seek(scenario, axis.key, output, goal, low=low, high=high, unit=unit, sets=sets)
    return listed(
        "seek", [{"input": axis.key, "value": found, "unit": unit, "output": output, "target": goal}]
    )
