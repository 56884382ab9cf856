"""A response surface of a site over its card's numbers: what a spreadsheet without the simulator can move.

The logarithm of an output over its value as filed is a table over memory capacity, peak and memory bandwidth (linear in
their logarithms, which takes the bend where one binds and then the other) and a row over the time between failures. The
tables are the simulator's own values at the knots; between them the surface is an interpolation whose error is measured
on points of their own. More memory lets another plan fit and an output jumps, so capacity has a pair of knots around
every jump that some peak or bandwidth has, and one table of peak and bandwidth for each stretch between jumps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.errors import InputError
from clustersim.pipeline import SiteRun, StageCache, run_site
from clustersim.planner.knots import knots_of
from clustersim.schema.inputs import Inputs, load_one

__all__ = ["AXES", "POWER", "Axis", "Surface", "surface_of"]

Array = NDArray[np.float64]
#: Factors at the knots: of peak and bandwidth, of both where another capacity departs from that as filed, of the time
#: between failures, and those that capacity begins with.
PLANE = (0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0)
COARSE = (0.5, 0.8, 1.0, 1.25, 2.0)
FAILURES = (0.5, 0.7, 1.0, 1.4, 2.0)
CAPACITY = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)
AXES = ("peak", "bandwidth", "capacity", "mttf")
POWER = "it_power_w"
#: Peak and bandwidth at which jumps along the capacity are looked for: as filed and at the corners.
_PROBES = ((1.0, 1.0), (0.5, 0.5), (2.0, 0.5), (0.5, 2.0), (2.0, 2.0))
#: How far an output may lie from its chord along the capacity, the ratio of the knots around a jump, and what is equal.
_OFF, _CLOSEST, _EQUAL = 0.003, 1.003, 2e-4
#: Points that the surface never saw, by which its error is measured.
_TRIED, _SEED = 64, 28


@dataclass(frozen=True, slots=True)
class Axis:
    """An input of the surface: its value as filed, with unit, and the factors at which the simulator was run."""

    value: float
    unit: str
    knots: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Surface:
    """A site's outputs over its card's numbers.

    Attributes:
        axes: by the names of AXES; ``mttf`` is the factor on every time to failure.
        planes: by output (a workload's name: units per card-hour; POWER: watts), ln of it over its value as filed, a
            table for each stretch of capacities, peak down and bandwidth across.
        stretch: by knot of the capacity, which table is its own.
        mttf: by output, the same along the time between failures alone.
        errors: by output, the relative errors of points that no knot is, sorted.
    """

    axes: Mapping[str, Axis]
    planes: Mapping[str, Array]
    stretch: tuple[int, ...]
    mttf: Mapping[str, Array]
    errors: Mapping[str, Array]

    def factor(self, output: str, at: Mapping[str, float]) -> float:
        """Return an output over its value as filed, for factors by axis; one outside its knots counts as their end."""
        place = {name: _place(self.axes[name].knots, at.get(name, 1.0)) for name in AXES}
        (i, a), (j, b), (k, c), (m, d) = (place[name] for name in AXES)

        def level(t: Array) -> Any:
            return (1 - a) * ((1 - b) * t[i, j] + b * t[i, j + 1]) + a * (
                (1 - b) * t[i + 1, j] + b * t[i + 1, j + 1]
            )

        tables, row = self.planes[output], self.mttf[output]
        below, above = (level(tables[self.stretch[n]]) for n in (k, k + 1))
        return float(np.exp((1 - c) * below + c * above + (1 - d) * row[m] + d * row[m + 1]))

    def error(self, output: str, share: float) -> float:
        """Return the relative error that a share of the tried points stays below."""
        return float(np.quantile(self.errors[output], share))


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
    axes = _axes(inputs)
    knots, values = knots_of(
        lambda at: _level(_logs(inputs, axes, [(p, b, c, 1.0) for c in at for p, b in _PROBES]), len(at)),
        CAPACITY, off=_OFF, closest=_CLOSEST,
    )  # fmt: skip
    knots, values = _done(inputs.name, knots, values)
    axes["capacity"] = Axis(axes["capacity"].value, axes["capacity"].unit, knots)
    stretch, stands_for = _stretches(knots, values)
    tried = np.exp(np.random.default_rng(_SEED).uniform(np.log(0.5), np.log(2.0), (_TRIED, len(AXES))))
    plane = [(p, b, 1.0, 1.0) for p in PLANE for b in PLANE]
    coarse = [(p, b, c, 1.0) for c in stands_for for p in COARSE for b in COARSE]
    mttf = [(1.0, 1.0, 1.0, m) for m in FAILURES]
    found = _logs(inputs, axes, [*plane, *coarse, *mttf, *map(tuple, tried.tolist())])
    parts = {n: np.split(v, np.cumsum([len(plane), len(coarse), len(mttf)])) for n, v in found.items()}
    tables = {n: _tables(part[0], part[1], stands_for.index(1.0)) for n, part in parts.items()}
    if not all(np.isfinite(t).all() for t in tables.values()):
        raise InputError(_CANNOT.format(name=inputs.name))
    rows = {n: part[2] for n, part in parts.items()}
    made = Surface(axes, tables, stretch, rows, {})
    errors = _errors(made, tried, {n: part[3] for n, part in parts.items()})
    return Surface(axes, tables, stretch, rows, errors)


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


def _errors(surface: Surface, tried: Array, seen: Mapping[str, Array]) -> dict[str, Array]:
    out, capacity = {}, surface.axes["capacity"].knots
    inside = (tried[:, 2] >= capacity[0]) & (tried[:, 2] <= capacity[-1])
    for name, values in seen.items():
        said = [np.log(surface.factor(name, dict(zip(AXES, row, strict=True)))) for row in tried.tolist()]
        off = np.abs(np.exp(np.array(said) - values) - 1)
        out[name] = np.sort(off[np.isfinite(off) & inside])
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


def _logs(inputs: Inputs, axes: Mapping[str, Axis], points: Sequence[tuple[float, ...]]) -> dict[str, Array]:
    """The logarithm of every output over its value as filed."""
    found = _outputs(inputs, axes, np.array([(1.0,) * len(AXES), *points]))
    return {name: np.log(values / values[0])[1:] for name, values in found.items()}


def _outputs(inputs: Inputs, axes: Mapping[str, Axis], points: Array) -> dict[str, Array]:
    """What the simulator gives at each point; nothing (NaN) where the demand cannot be done."""
    card, memory = inputs.parts.card, _memory(inputs)
    peak, bandwidth, capacity, mttf = points.T
    varied: dict[str, Any] = {
        f"cards.{card.name}.peak.{name}": Varied(one.value * peak, one.unit)
        for name, one in card.peak.items()
    }
    varied |= {
        f"cards.{card.name}.memory.bandwidth": Varied(memory[0] * bandwidth, "B/s"),
        f"cards.{card.name}.memory.capacity": Varied(memory[1] * capacity, "B"),
    }
    if inputs.scenario.reliability is not None:
        varied["reliability.mttf_scale"] = Varied(axes["mttf"].value * mttf, "1")
    cache = StageCache(512)
    question = Question(lambda more: _moved(inputs, more), lambda one: _told(run_site(one, cache)))
    return question.answers(varied, len(points)).columns


def _moved(inputs: Inputs, more: Mapping[str, Any]) -> Inputs:
    """The site with more inputs changed, after those that it was loaded with."""
    from clustersim.schema.overrides import parse_overrides

    kept = tuple(o for o in inputs.overrides if not o.side and o.key not in more)
    return load_one(inputs.file, (*kept, *parse_overrides(more)))


def _told(site: SiteRun) -> dict[str, Any]:
    return {POWER: site.power.it_power_w, **{w.name: w.main.per_card_hour for w in site.works}}
