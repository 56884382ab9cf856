"""A response surface of a site over its card's numbers: what a spreadsheet without the simulator can move.

The logarithm of an output over its value as filed is the sum of a table over peak and memory bandwidth (bilinear in
their logarithms, which takes the bend where one binds and then the other) and of two rows, over memory capacity and the
time between failures (linear in the logarithm). The tables are the simulator's own values at the knots; between them,
and for several inputs at once, the surface is an interpolation whose error is measured on points of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.errors import InputError
from clustersim.pipeline import SiteRun, StageCache, run_site
from clustersim.schema.inputs import Inputs, load_one

__all__ = ["AXES", "POWER", "Axis", "Surface", "surface_of"]

Array = NDArray[np.float64]
#: Inputs of a surface in the order of its tables: their factors at the knots.
PLANE = (0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0)
ROW = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.35, 1.6, 2.0)
AXES = ("peak", "bandwidth", "capacity", "mttf")
POWER = "it_power_w"
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
        plane: by output (a workload's name: units per card-hour; POWER: watts), ln of it over its value as filed, peak
            down and bandwidth across.
        capacity, mttf: the same along these inputs alone.
        errors: by output, the relative errors of points that no knot is, sorted.
    """

    axes: Mapping[str, Axis]
    plane: Mapping[str, Array]
    capacity: Mapping[str, Array]
    mttf: Mapping[str, Array]
    errors: Mapping[str, Array]

    def factor(self, output: str, at: Mapping[str, float]) -> float:
        """Return an output over its value as filed, for factors by axis; one outside its knots counts as their end."""
        place = {name: _place(self.axes[name].knots, at.get(name, 1.0)) for name in AXES}
        (i, a), (j, b) = place["peak"], place["bandwidth"]
        t = self.plane[output]
        level = (1 - a) * ((1 - b) * t[i, j] + b * t[i, j + 1]) + a * (
            (1 - b) * t[i + 1, j] + b * t[i + 1, j + 1]
        )
        for name, row in (("capacity", self.capacity[output]), ("mttf", self.mttf[output])):
            k, c = place[name]
            level += (1 - c) * row[k] + c * row[k + 1]
        return float(np.exp(level))

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

    Knots at which the demand cannot be done (a model that no longer fits) bound the axis that has them.

    Raises InputError for a site that cannot be run as filed, or a card without the numbers.
    """
    axes = _axes(inputs)
    tried = np.exp(np.random.default_rng(_SEED).uniform(np.log(0.55), np.log(1.8), (_TRIED, len(AXES))))
    plane = [(p, b, 1.0, 1.0) for p in PLANE for b in PLANE]
    capacity = [(1.0, 1.0, c, 1.0) for c in ROW]
    mttf = [(1.0, 1.0, 1.0, m) for m in ROW]
    points = np.array([(1.0, 1.0, 1.0, 1.0), *plane, *capacity, *mttf, *map(tuple, tried)])
    found = _outputs(inputs, axes, points)
    logs = {name: np.log(values / values[0]) for name, values in found.items()}
    ends = np.cumsum([1, len(plane), len(capacity), len(mttf), _TRIED])
    parts = {n: np.split(v, ends[:-1])[1:] for n, v in logs.items()}
    kept = np.isfinite(next(iter(parts.values()))[1])
    size = len(PLANE)
    shape = {name: part[0].reshape(size, size) for name, part in parts.items()}
    if not all(np.isfinite(t).all() for t in shape.values()):
        raise InputError(
            f"{inputs.name}: its demand cannot be done at half or twice the card's peak and bandwidth"
        )
    axes["capacity"] = Axis(
        axes["capacity"].value, axes["capacity"].unit, tuple(np.array(ROW)[kept].tolist())
    )
    surface = Surface(
        axes, shape, {n: p[1][kept] for n, p in parts.items()}, {n: p[2] for n, p in parts.items()}, {}
    )
    return Surface(
        surface.axes, surface.plane, surface.capacity, surface.mttf, _errors(surface, tried, parts)
    )


def _errors(surface: Surface, tried: Array, parts: Mapping[str, list[Array]]) -> dict[str, Array]:
    out = {}
    for name, (*_, seen) in parts.items():
        said = [np.log(surface.factor(name, dict(zip(AXES, row, strict=True)))) for row in tried.tolist()]
        off = np.abs(np.exp(np.array(said) - seen) - 1)
        inside = tried[:, 2] >= surface.axes["capacity"].knots[0]
        out[name] = np.sort(off[np.isfinite(off) & inside])
    return out


def _axes(inputs: Inputs) -> dict[str, Axis]:
    peak, (bandwidth, capacity) = _main_peak(inputs), _memory(inputs)
    return {
        "peak": Axis(peak / 1e12, "TFLOP/s", PLANE),
        "bandwidth": Axis(bandwidth / 1e9, "GB/s", PLANE),
        "capacity": Axis(capacity / 2**30, "GiB", ROW),
        "mttf": Axis(_failures(inputs), "x", ROW),
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
