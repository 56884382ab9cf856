"""A response surface of a site over its card's numbers: what a spreadsheet without the simulator can move.

Every workload has its own: the logarithm of its units per card-hour, and of the site's power while it alone is done,
over their values as filed, as a table over memory capacity, peak and memory bandwidth (linear in their logarithms,
which takes the bend where one binds and then the other) and a row over the time between failures. The site's power
is the mean of its workloads' by their hours. The tables are the simulator's own values at the knots; between them the
surface is an interpolation whose error is measured on points of its own. What serves is asked of its closed form, as
a simulated rate is known to a per cent only and the knots would follow its noise; the points of the error are
answered as any run is, by simulation where the form does not hold. More memory lets another plan fit and an
output jumps, so capacity has a pair of knots around every jump that some peak or bandwidth has, and one table of peak
and bandwidth for each stretch between jumps. Workloads jump at capacities of their own, and are asked apart: points
that agree on the plan of one are run together, whatever the plan of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.purchase import purchase, site_power
from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.errors import InputError
from clustersim.pipeline.site import run_site
from clustersim.planner.knots import knots_of
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_one import load_one
from clustersim.workloads import run_workload
from clustersim.workloads.serving import by_its_form
from clustersim.workloads.work import StageCache

__all__ = ["AXES", "LOAD", "POWER", "YIELD", "Axis", "Surface", "WorkSurface", "surface_of"]

Array = NDArray[np.float64]
#: Factors at the knots: of peak and bandwidth, of both where another capacity departs from that as filed, of the time
#: between failures, and those that capacity begins with.
PLANE = (0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0)
COARSE = (0.5, 0.8, 1.0, 1.25, 2.0)
FAILURES = (0.5, 0.7, 1.0, 1.4, 2.0)
CAPACITY = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)
AXES = ("peak", "bandwidth", "capacity", "mttf")
POWER = "it_power_w"
#: Outputs of one workload: its units per card-hour, and the site's power in watts while it alone is done.
YIELD, LOAD = "yield", "load"
#: Peak and bandwidth at which jumps along the capacity are looked for: as filed and at the corners.
_PROBES = ((1.0, 1.0), (0.5, 0.5), (2.0, 0.5), (0.5, 2.0), (2.0, 2.0))
#: How far an output may lie from its chord along the capacity, the ratio of the knots around a jump, and what is equal.
_OFF, _CLOSEST, _EQUAL = 0.003, 1.003, 2e-4
#: Points that the surface never saw, by which its error is measured.
_TRIED, _SEED = 64, 28
#: Those near as filed: how many, and the factor that each input stays within.
_TRIED_NEAR, _NEAR = 32, 1.25


@dataclass(frozen=True, slots=True)
class Axis:
    """An input of the surface: its value as filed, with unit, and the factors at which the simulator was run."""

    value: float
    unit: str
    knots: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WorkSurface:
    """One workload over the card's numbers.

    Attributes:
        capacity: the factors on memory capacity at which the simulator was run.
        stretch: by knot of the capacity, which table is its own.
        planes: by output (YIELD, LOAD), ln of it over its value as filed, a table for each stretch of capacities, peak
            down and bandwidth across.
        mttf: by output, the same along the time between failures alone.
    """

    capacity: tuple[float, ...]
    stretch: tuple[int, ...]
    planes: Mapping[str, Array]
    mttf: Mapping[str, Array]

    def factor(self, output: str, at: Mapping[str, float]) -> float:
        """Return an output over its value as filed, for factors by axis that lie among the knots."""
        (i, a), (j, b), (m, d) = (
            _place(knots, at[n]) for n, knots in (("peak", PLANE), ("bandwidth", PLANE), ("mttf", FAILURES))
        )
        k, c = _place(self.capacity, at["capacity"])

        def level(t: Array) -> Any:
            return (1 - a) * ((1 - b) * t[i, j] + b * t[i, j + 1]) + a * (
                (1 - b) * t[i + 1, j] + b * t[i + 1, j + 1]
            )

        tables, row = self.planes[output], self.mttf[output]
        below, above = (level(tables[self.stretch[n]]) for n in (k, k + 1))
        return float(np.exp((1 - c) * below + c * above + (1 - d) * row[m] + d * row[m + 1]))


@dataclass(frozen=True, slots=True)
class Surface:
    """A site's outputs over its card's numbers.

    Attributes:
        axes: by the names of AXES; ``mttf`` is the factor on every time to failure, and the knots of ``capacity`` are
            the ends between which every workload can be done.
        works: by workload.
        weights: by workload, its part of the site's power as filed; the rest stays as it is.
        errors: by output (a workload's name; POWER), the relative errors of points that no knot is, sorted.
        near: the same of points whose inputs all lie within a quarter of as filed.
    """

    axes: Mapping[str, Axis]
    works: Mapping[str, WorkSurface]
    weights: Mapping[str, float]
    errors: Mapping[str, Array]
    near: Mapping[str, Array]

    def factor(self, output: str, at: Mapping[str, float]) -> float:
        """Return an output over its value as filed, for factors by axis; one outside its knots counts as their end."""
        held = {n: min(max(at.get(n, 1.0), a.knots[0]), a.knots[-1]) for n, a in self.axes.items()}
        if output != POWER:
            return self.works[output].factor(YIELD, held)
        idle = 1.0 - sum(self.weights.values())
        return idle + sum(w * self.works[n].factor(LOAD, held) for n, w in self.weights.items())

    def error(self, output: str, share: float, *, near: bool = False) -> float:
        """Return the relative error that a share of the tried points stays below, of all or of those near as filed."""
        return float(np.quantile((self.near if near else self.errors)[output], share))


def _place(knots: tuple[float, ...], factor: float) -> tuple[int, float]:
    """Before which knot a factor stands, and how far towards the next, in the logarithm."""
    held = min(max(factor, knots[0]), knots[-1])
    k = min(int(np.searchsorted(knots, held, side="right")) - 1, len(knots) - 2)
    return k, float(np.log(held / knots[k]) / np.log(knots[k + 1] / knots[k]))


def surface_of(inputs: Inputs) -> Surface:
    """Return the surface of a site as its inputs state it.

    Capacities at which the demand cannot be done (a model that no longer fits) bound their axis.

    Raises InputError for a site that cannot be run as filed, or a card without the numbers.
    """
    axes, site = _axes(inputs), run_site(inputs)
    asked = {work.name: _Asked(inputs, work.name, axes["mttf"].value) for work in site.works}
    with by_its_form():
        works = {name: _work_surface(_Asked(inputs, name, axes["mttf"].value)) for name in asked}
    ends = [(one.capacity[0], one.capacity[-1]) for one in works.values()]
    capacity = (max(first for first, _ in ends), min(last for _, last in ends))
    axes["capacity"] = Axis(axes["capacity"].value, axes["capacity"].unit, capacity)
    power = {
        work.name: site_power(inputs, work.load, work.group_loads, purchase(inputs)) for work in site.works
    }
    weights = {
        work.name: float(work.share * power[work.name].it_power_w / site.power.it_power_w)
        for work in site.works
    }
    made = Surface(axes, works, weights, {}, {})
    far, near = (_errors(made, asked, *how) for how in ((_TRIED, 2.0), (_TRIED_NEAR, _NEAR)))
    return Surface(axes, works, weights, far, near)


def _work_surface(asked: _Asked) -> WorkSurface:
    """The surface of one workload."""
    knots, values = knots_of(
        lambda at: _level(asked.logs([(p, b, c, 1.0) for c in at for p, b in _PROBES]), len(at)),
        CAPACITY, off=_OFF, closest=_CLOSEST,
    )  # fmt: skip
    knots, values = _done(asked.inputs.name, knots, values)
    stretch, stands_for = _stretches(knots, values)
    plane = [(p, b, 1.0, 1.0) for p in PLANE for b in PLANE]
    coarse = [(p, b, c, 1.0) for c in stands_for for p in COARSE for b in COARSE]
    found = asked.logs([*plane, *coarse, *((1.0, 1.0, 1.0, m) for m in FAILURES)])
    parts = {n: np.split(v, np.cumsum([len(plane), len(coarse)])) for n, v in found.items()}
    tables = {n: _tables(part[0], part[1], stands_for.index(1.0)) for n, part in parts.items()}
    _refined(asked, tables, {n: part[1] for n, part in parts.items()}, stands_for)
    if not all(np.isfinite(t).all() for t in tables.values()):
        raise InputError(_CANNOT.format(name=asked.inputs.name))
    return WorkSurface(knots, stretch, tables, {n: part[2] for n, part in parts.items()})


def _refined(
    asked: _Asked, tables: Mapping[str, Array], coarse: Mapping[str, Array], stands_for: Sequence[float]
) -> None:
    """Ask the simulator at the places of a table that lie where what its capacity changes is not the same around them.

    Such a departure begins at a peak or a bandwidth of its own, as a bound that more memory lifts: between few knots
    it is wrong by as much as it is large.
    """
    size, one = len(COARSE), stands_for.index(1.0)
    below = np.clip(np.searchsorted(COARSE, PLANE, side="right") - 1, 0, size - 2)
    before = np.clip(np.searchsorted(COARSE, PLANE, side="left") - 1, 0, size - 2)
    known = np.isin(PLANE, COARSE)
    rough = np.zeros((len(stands_for), len(PLANE), len(PLANE)), dtype=bool)
    for values in coarse.values():
        away = values.reshape(-1, size, size)
        away = away - away[one]
        ends = np.stack([away[:, i : size - 1 + i, j : size - 1 + j] for i in (0, 1) for j in (0, 1)])
        uneven = np.ptp(ends, axis=0) > _OFF
        for i in (before, below):
            for j in (before, below):
                rough |= uneven[:, i][:, :, j]
    rough &= ~(known[:, None] & known[None, :])
    at = np.argwhere(rough)
    if not len(at):
        return
    more = asked.logs([(PLANE[i], PLANE[j], stands_for[k], 1.0) for k, i, j in at.tolist()])
    for name, values in more.items():
        finite = np.isfinite(values)
        tables[name][tuple(at[finite].T)] = values[finite]


_CANNOT = "{name}: its demand cannot be done at half or twice the card's peak and bandwidth"


def _level(logs: Mapping[str, Array], places: int) -> Array:
    """Outputs at the probes, a row for each place."""
    return np.concatenate([v.reshape(places, -1) for v in logs.values()], axis=1)


def _done(name: str, knots: tuple[float, ...], values: Array) -> tuple[tuple[float, ...], Array]:
    """The stretch of capacities around that as filed at which the demand can be done."""
    done, one = [bool(np.isfinite(row).all()) for row in values], knots.index(1.0)
    if not done[one]:
        raise InputError(_CANNOT.format(name=name))
    first = one - int(np.argmin([*done[one::-1], False])) + 1
    last = one + int(np.argmin([*done[one:], False]))
    return knots[first:last], values[first:last]


def _stretches(knots: tuple[float, ...], values: Array) -> tuple[tuple[int, ...], list[float]]:
    """Which knots share a table, as their outputs are equal, and the capacity that each table is made at."""
    stretch, made = [0], [knots[0]]
    for k in range(1, len(knots)):
        if not (np.abs(values[k] - values[k - 1]) <= _EQUAL).all():
            made.append(knots[k])
        elif knots[k] == 1.0:
            made[-1] = 1.0
        stretch.append(len(made) - 1)
    return tuple(stretch), made


def _tables(filed: Array, coarse: Array, one: int) -> Array:
    """A table of peak and bandwidth for each stretch: that of the capacity as filed, and the departure from it.

    What another capacity changes is far smoother along peak and bandwidth than the outputs are, and known at fewer.
    """
    size = len(COARSE)
    away = coarse.reshape(-1, size, size)
    x = np.interp(np.log(PLANE), np.log(COARSE), np.arange(size, dtype=float))
    weights = np.maximum(0.0, 1.0 - np.abs(x[:, None] - np.arange(size)))
    table: Array = filed.reshape(len(PLANE), -1) + weights @ (away - away[one]) @ weights.T
    return table


def _errors(surface: Surface, asked: Mapping[str, _Asked], count: int, most: float) -> dict[str, Array]:
    """How far the surface lies from the simulator at places that no knot is, each input within a factor ``most``."""
    ends = -np.log(most), np.log(most)
    tried = np.exp(np.random.default_rng(_SEED).uniform(*ends, (count, len(AXES))))
    capacity = surface.axes["capacity"].knots
    tried = tried[(tried[:, 2] >= capacity[0]) & (tried[:, 2] <= capacity[-1])]
    seen = {name: one.logs([*map(tuple, tried.tolist())]) for name, one in asked.items()}
    true = {name: np.exp(one[YIELD]) for name, one in seen.items()}
    idle = 1.0 - sum(surface.weights.values())
    loads = [w * np.exp(seen[name][LOAD]) for name, w in surface.weights.items()]
    true[POWER] = idle + np.sum(loads, axis=0)
    out = {}
    for name, values in true.items():
        said = [surface.factor(name, dict(zip(AXES, row, strict=True))) for row in tried.tolist()]
        off = np.abs(np.array(said) / values - 1)
        out[name] = np.sort(off[np.isfinite(off)])
    return out


def _axes(inputs: Inputs) -> dict[str, Axis]:
    peak, (bandwidth, capacity) = _main_peak(inputs), _memory(inputs)
    return {
        "peak": Axis(peak / 1e12, "TFLOP/s", PLANE),
        "bandwidth": Axis(bandwidth / 1e9, "GB/s", PLANE),
        "capacity": Axis(capacity / 2**30, "GiB", CAPACITY),
        "mttf": Axis(_failures(inputs), "x", FAILURES),
    }


def _memory(inputs: Inputs) -> tuple[float, float]:
    """Bandwidth in bytes per second and capacity in bytes; raises InputError for a card without them."""
    card = inputs.parts.card
    if card.memory is None or card.memory.bandwidth is None:
        raise InputError(f"cards.{card.name}: states no memory bandwidth")
    return float(card.memory.bandwidth.value), float(card.memory.capacity.value)


def _failures(inputs: Inputs) -> float:
    """The factor on every time to failure; one where the demand knows no failures."""
    return float(inputs.reliability.mttf_scale.value) if inputs.scenario.reliability is not None else 1.0


def _main_peak(inputs: Inputs) -> float:
    """The peak that people know a card by: that of bf16, else its first."""
    peaks = inputs.parts.card.peak
    return float((peaks.get("bf16") or next(iter(peaks.values()))).value)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One workload of a site, asked at many of the card's numbers."""

    inputs: Inputs
    name: str
    mttf: float
    cache: StageCache = field(default_factory=lambda: StageCache(512))

    def logs(self, points: Sequence[tuple[float, ...]]) -> dict[str, Array]:
        """Return the logarithm of every output over its value as filed; NaN where the work cannot be done."""
        found = self._outputs(np.array([(1.0,) * len(AXES), *points]))
        return {name: np.log(values / values[0])[1:] for name, values in found.items()}

    def _outputs(self, points: Array) -> dict[str, Array]:
        """What the simulator gives at each point."""
        card, memory = self.inputs.parts.card, _memory(self.inputs)
        peak, bandwidth, capacity, mttf = points.T
        varied: dict[str, Any] = {
            f"cards.{card.name}.peak.{name}": Varied(one.value * peak, one.unit)
            for name, one in card.peak.items()
        }
        varied |= {
            f"cards.{card.name}.memory.bandwidth": Varied(memory[0] * bandwidth, "B/s"),
            f"cards.{card.name}.memory.capacity": Varied(memory[1] * capacity, "B"),
        }
        if self.inputs.scenario.reliability is not None:
            varied["reliability.mttf_scale"] = Varied(self.mttf * mttf, "1")
        return Question(self._moved, self._told).answers(varied, len(points)).columns

    def _moved(self, more: Mapping[str, Any]) -> Inputs:
        """The site with more inputs changed, after those that it was loaded with."""
        from clustersim.schema.overrides import parse_overrides

        kept = tuple(o for o in self.inputs.overrides if not o.side and o.key not in more)
        return load_one(self.inputs.file, (*kept, *parse_overrides(more)))

    def _told(self, moved: Inputs) -> dict[str, Any]:
        work = run_workload(moved, self.name, self.cache).slowed(moved.slower.get(self.name, {}))
        power = site_power(moved, work.load, work.group_loads, purchase(moved))
        return {YIELD: work.main.per_card_hour, LOAD: power.it_power_w}
