"""One pipeline over unlike cards: stages of unequal length, so that every card takes as long as the others.

Each part holds consecutive stages of every replica. Only activations cross the link between the parts; gradients stay
among cards of one kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import Column, least, most, number, values_of
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.data_parallel import data_parallel_time
from clustersim.perf.hetero import Part, alone_tokens_per_s, check_parts, gain_over_best
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import MemoryTerms, stage_memory, stage_shard
from clustersim.perf.model import Model
from clustersim.perf.split import StageLoad, leads_with_dense
from clustersim.perf.stage import Layers, layers_seconds
from clustersim.perf.step import head_seconds, optimizer_seconds, send_seconds

__all__ = ["MixedPipeline", "mixed_pipeline"]

#: A number, an array, or a column of points.
Real = Any
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MixedPipeline:
    """One step of a pipeline that runs through all parts."""

    stages_s: float
    """Micro-batches at the pace of the slowest stage."""
    bubble_s: float
    sends_s: float
    exposed_dp_s: float
    optimizer_s: float
    tokens: float
    layers: dict[str, tuple[int, ...]]
    """Layers of every stage, by part."""
    waiting: dict[str, float]
    """Share of a micro-batch that the slowest stage of each part waits for the slowest of all."""
    alone_tokens_per_s: dict[str, float]
    """What each part would do without the others; 0 where the model does not fit on it."""
    memory: dict[str, MemoryTerms]
    """Of the fullest card of each part."""

    @property
    def step_time_s(self) -> float:
        """The sum of the terms."""
        return self.stages_s + self.bubble_s + self.sends_s + self.exposed_dp_s + self.optimizer_s

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second of all parts together."""
        return self.tokens / self.step_time_s

    @property
    def gain(self) -> float:
        """Throughput over the best part alone, less one; infinite where none could train the model."""
        return gain_over_best(self.tokens_per_s, self.alone_tokens_per_s)


def _check(parts: Sequence[Part]) -> int:
    """Return the micro-batches of a replica; raise InputError for parts that cannot form one pipeline."""
    if len(parts) < 2:
        raise InputError("a pipeline over unlike cards needs at least two parts")
    check_parts(parts)
    for field in ("dp", "micro_batch", "cp"):
        values = sorted({getattr(p.job.plan, field) for p in parts})
        if len(values) > 1:
            raise InputError(f"a pipeline over unlike cards needs one {field} in all parts, not {values}")
    plan, global_batch = parts[0].job.plan, parts[0].job.global_batch
    if any(p.job.plan.interleave > 1 or p.job.plan.schedule != "1f1b" for p in parts):
        raise InputError(
            "a pipeline over unlike cards runs the schedule 1f1b; set interleave=1, schedule=1f1b"
        )
    if any(p.job.plan.offload_optimizer or p.job.plan.offload_activations for p in parts):
        raise InputError("offload is not modelled for a pipeline over unlike cards; switch it off")
    if global_batch % (plan.dp * plan.micro_batch):
        raise InputError(
            f"a batch of {global_batch} is no multiple of dp x micro_batch = {plan.dp * plan.micro_batch}"
        )
    return global_batch // (plan.dp * plan.micro_batch)


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages of one part, in the order of the pipeline."""

    job: TrainJob
    layer: Layers
    first: int
    """Number of the first of them."""
    all: int
    """Stages of the whole pipeline."""

    @property
    def count(self) -> int:
        """How many they are."""
        return self.job.plan.pp

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Their numbers, as rows."""
        return np.arange(self.first, self.first + self.count)[:, None]

    def loads(self, layers: Real, mixtures: Real) -> StageLoad:
        """What they hold, row by row."""
        numbers = self.numbers
        return StageLoad(numbers, layers, mixtures, 1 * (numbers == 0), 1 * (numbers == self.all - 1))


def _stages(parts: Sequence[Part]) -> list[_Stages]:
    every, first = sum(part.job.plan.pp for part in parts), 0
    out = []
    for part in parts:
        out.append(_Stages(part.job, layers_seconds(part.job), first, every))
        first += part.job.plan.pp
    return out


def _mixtures_before(model: Model, layers: NDArray[np.int64]) -> NDArray[Any]:
    """Mixtures among the first so many layers."""
    if leads_with_dense(model):
        return np.asarray(np.maximum(0.0, layers - (model.layers - model.moe_layers)))
    return layers * (model.moe_layers / model.layers)


def _plain(value: Real) -> Array:
    """A number, a table or a column of points as an array whose last axis is the points."""
    array = np.asarray(values_of(value), dtype=float)
    return array if array.ndim else array[None]


def _told(row: Array) -> Any:
    """One number, or a column where there are points."""
    return float(row[0]) if row.size == 1 else Column(row)


def _whole(row: NDArray[np.int64]) -> Any:
    """One whole number where all points have it, or a column."""
    return int(row[0]) if np.all(row == row[0]) else Column(row)


def _rows(table: NDArray[np.int64]) -> Any:
    """A table with a row a stage and one point, or a column of such rows."""
    return table if table.shape[-1] == 1 else Column(table)


@dataclass(frozen=True, slots=True)
class _Band:
    """What one stage takes for ``most`` layers down to one, by where they end; the points last."""

    each: Array
    possible: NDArray[np.bool_]


def _bands(stages: _Stages, head_s: Array, most_layers: int) -> list[_Band]:
    """The seconds of each stage of a part for every number of layers, and whether it has the memory for them."""
    job, model = stages.job, stages.job.model
    takes = np.arange(most_layers, 0, -1)[:, None, None]
    ends = np.arange(model.layers + 1)[None, :, None] if leads_with_dense(model) else takes
    mixtures = _mixtures_before(model, ends) - _mixtures_before(model, np.maximum(0, ends - takes))
    takes = takes + 0 * ends
    out = []
    for index in stages.numbers[:, 0].tolist():
        last = index == stages.all - 1
        load = StageLoad(index, takes, mixtures, 1 * (index == 0), 1 * last)
        needs = stage_memory(job, load, after=stages.all - index).total
        each = _plain(stages.layer.seconds(load)) + head_s * last
        out.append(_Band(each, np.asarray(_plain(needs) <= _plain(job.card.memory_bytes))))
    return out


def _balance(each: Sequence[_Stages], head_s: Array) -> NDArray[np.int64]:
    """Return where the layers of every stage end (rows) where the slowest is fastest; ties go to the shorter pipeline.

    Exact: dynamic programming over the stages and the layers given out so far. How many layers a stage may take is
    bounded, and the bound is doubled until no stage could take more and be as fast.
    """
    model, count = each[0].job.model, each[0].all
    if model.layers < count:
        raise InputError(f"{model.layers} layers cannot be given out to {count} stages; take fewer stages")
    room = model.layers - count + 1
    bound = min(room, 2 * -(-model.layers // count))
    while True:
        bands = [band for stages in each for band in _bands(stages, head_s, bound)]
        pace, taken = _given_out(bands, model.layers, bound)
        if bound == room or all(_exhausted(band, pace, bound, model.layers) for band in bands):
            break
        bound = min(room, 2 * bound)
    fits = np.isfinite(pace)
    if not (fits[0] if fits.size == 1 else Column(fits)):
        raise InfeasibleError(f"{model.name} does not fit on these parts; take more cards or stages")
    return _read_back(taken, model.layers)


def _exhausted(band: _Band, pace: Array, bound: int, layers: int) -> bool:
    """Whether a stage with more layers than the bound would be slower than the pace that was found, or not fit."""
    each, possible = np.broadcast_arrays(band.each[0], band.possible[0])
    if each.shape[0] > 1:
        each, possible = each[bound : layers + 1], possible[bound : layers + 1]
    return bool(np.all(~possible | (each > pace)))


def _given_out(bands: Sequence[_Band], layers: int, bound: int) -> tuple[Array, list[NDArray[np.int64]]]:
    """The pace of the slowest stage, and how many layers each stage takes by where they end."""
    takes, ends = np.arange(bound, 0, -1), np.arange(layers + 1)
    starts = ends[None, :] - takes[:, None]
    before = np.maximum(starts, 0)
    pace, whole = np.full((layers + 1, 1), np.inf), np.zeros((layers + 1, 1))
    pace[0] = 0.0
    taken = []
    for band in bands:
        paces = np.where(
            band.possible & (starts >= 0)[:, :, None], np.maximum(pace[before], band.each), np.inf
        )
        sums = whole[before] + band.each
        best = np.argmin(paces * (1 + 1e-9 * sums / np.max(sums, axis=(0, 1))), axis=0)[None]
        pace, whole = (np.take_along_axis(one, best, axis=0)[0] for one in (paces, sums))
        taken.append(takes[best[0]])
    return pace[-1], taken


def _read_back(taken: Sequence[NDArray[np.int64]], layers: int) -> NDArray[np.int64]:
    """Where the layers of every stage end, from the last stage to the first."""
    points = np.arange(max(table.shape[-1] for table in taken))
    ends = [np.full(points.size, layers)]
    for table in reversed(taken):
        wide = np.broadcast_to(table, (layers + 1, points.size))
        ends.insert(0, ends[0] - wide[ends[0], points])
    return np.stack(ends)


def mixed_pipeline(
    parts: Sequence[Part],
    *,
    link_bandwidth: float,
    alone: Mapping[str, float] | None = None,
) -> MixedPipeline:
    """Return one step of a pipeline whose stages lie on unlike parts, in their order.

    With t_k the time of a micro-batch on a stage of part k and m micro-batches: m max(t_k) + (sum over stages - the
    slowest) + sends + exposed data-parallel traffic + optimizer; the last stage has the head, too. Layers are shared
    out so that max(t_k) is least and every part has the memory. Two equal parts over a link as fast as their network
    are one cluster. ``alone`` is what each part does without the others, where it has another plan for that. The
    numbers of cards and networks, and the link, may be columns of points: each point shares out its own layers.

    Raises InputError for parts that cannot form one pipeline, InfeasibleError where nothing fits.
    """
    m, each = _check(parts), _stages(parts)
    head = _plain(head_seconds(parts[-1].job))
    ends = _balance(each, head)
    closed = [_closing(stages, ends) for stages in each]
    names = [part.name for part in parts]
    times = np.concatenate(_same_points([one.times for one in closed]))
    paces = times + head * (np.arange(len(times)) == len(times) - 1)[:, None]
    slowest = np.argmax(paces, axis=0)[None]
    pace = np.take_along_axis(paces, slowest, axis=0)[0]
    of = {name: slice(s.first, s.first + s.count) for name, s in zip(names, each, strict=True)}
    return MixedPipeline(
        stages_s=_told(m * pace),
        bubble_s=_told(times.sum(axis=0) - np.take_along_axis(times, slowest, axis=0)[0]),
        sends_s=2.0 * m * number(most(*_sends(parts, link_bandwidth))),
        exposed_dp_s=most(*(one.exposed_s for one in closed)),
        optimizer_s=most(*(one.optimizer_s for one in closed)),
        tokens=parts[0].job.tokens,
        layers={name: tuple(_whole(row) for row in np.diff(ends, axis=0)[at]) for name, at in of.items()},
        waiting={name: _told(1.0 - np.max(paces[at], axis=0) / pace) for name, at in of.items()},
        alone_tokens_per_s=dict(alone)
        if alone is not None
        else {p.name: alone_tokens_per_s(p) for p in parts},
        memory={name: one.memory for name, one in zip(names, closed, strict=True)},
    )


@dataclass(frozen=True, slots=True)
class _Closed:
    """What the stages of a part come to: seconds of a micro-batch by stage, and the worst of them at a step's end."""

    times: Array
    exposed_s: Any
    optimizer_s: Any
    memory: MemoryTerms


def _closing(stages: _Stages, ends: NDArray[np.int64]) -> _Closed:
    """The stages of a part with the layers that they were given."""
    job = stages.job
    mine = ends[stages.first : stages.first + stages.count + 1]
    load = stages.loads(
        _rows(np.diff(mine, axis=0)), _rows(np.diff(_mixtures_before(job.model, mine), axis=0))
    )
    seconds, shard = stages.layer.of(load), stage_shard(job.model, job.plan, load)
    exposed, _ = data_parallel_time(job, shard, seconds.phases, load.layers)
    need = stage_memory(job, load, after=stages.all - stages.numbers)
    fullest = np.argmax(_table(need.total, stages.count), axis=0)[None]
    return _Closed(
        times=_table(seconds.total, stages.count),
        exposed_s=_told(np.max(_table(exposed, stages.count), axis=0)),
        optimizer_s=_told(np.max(_table(optimizer_seconds(job, shard), stages.count), axis=0)),
        memory=MemoryTerms(
            *(_told(_at(getattr(need, f), fullest, stages.count)) for f in MemoryTerms.__dataclass_fields__)
        ),
    )


def _table(value: Real, rows: int) -> Array:
    """A row a stage, the points last."""
    plain = _plain(value)
    return np.broadcast_to(plain, (rows, plain.shape[-1]))


def _at(value: Real, row: NDArray[np.int64], rows: int) -> Array:
    """The value of one stage at each point."""
    table = _table(value, rows)
    wide = np.broadcast_to(table, (rows, max(table.shape[-1], row.shape[-1])))
    found: Array = np.take_along_axis(wide, np.broadcast_to(row, (1, wide.shape[-1])), axis=0)[0]
    return found


def _same_points(tables: Sequence[Array]) -> list[Array]:
    """Tables of stages with as many points each."""
    points = max(table.shape[-1] for table in tables)
    return [np.broadcast_to(table, (len(table), points)) for table in tables]


def _sends(parts: Sequence[Part], link: float) -> list[Any]:
    """Seconds of one send inside each part that has stages to send between, and over the links between parts."""
    out = []
    for job in (p.job for p in parts):
        if job.plan.pp > 1:
            out.append(number(send_seconds(job)))
        # Two parts share no domain, whatever the size of a domain of theirs.
        between = replace(
            job.network, scale_up_size=1, scale_out_bandwidth=least(job.network.scale_out_bandwidth, link)
        )
        out.append(number(send_seconds(replace(job, network=between))))
    return out
