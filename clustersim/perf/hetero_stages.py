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

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.data_parallel import data_parallel_time
from clustersim.perf.hetero import Part, alone_tokens_per_s, check_parts, gain_over_best
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import MemoryTerms, stage_memory, stage_shard
from clustersim.perf.model import Model
from clustersim.perf.split import StageLoad, leads_with_dense
from clustersim.perf.stage import Layers, Stage, layers_seconds
from clustersim.perf.step import head_seconds, optimizer_seconds, send_seconds

__all__ = ["Balanced", "MixedPipeline", "balanced", "mixed_pipeline", "pipeline_of"]


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
class _Stage:
    """One stage: its number, the part it lies on, and what it has beside layers."""

    number: int
    job: TrainJob
    after: int
    embedding: bool
    head: bool

    def loads(self, model: Model) -> StageLoad:
        """What it holds if it takes the layers from any row to any column."""
        before = np.arange(model.layers + 1)
        mixtures = _mixtures_before(model, before)
        layers, mixed = (np.maximum(0, x[None, :] - x[:, None]) for x in (before, mixtures))
        return StageLoad(self.number, layers, mixed, 1 * self.embedding, 1 * self.head)


def _mixtures_before(model: Model, layers: NDArray[np.int64]) -> NDArray[Any]:
    """Mixtures among the first so many layers."""
    if leads_with_dense(model):
        return np.asarray(np.maximum(0.0, layers - (model.layers - model.moe_layers)))
    return layers * (model.moe_layers / model.layers)


def _stages(parts: Sequence[Part]) -> list[_Stage]:
    jobs = [part.job for part in parts for _ in range(part.job.plan.pp)]
    last = len(jobs) - 1
    return [_Stage(n, job, last + 1 - n, n == 0, n == last) for n, job in enumerate(jobs)]


def _balance(stages: Sequence[_Stage], head_s: float) -> list[StageLoad]:
    """Return what every stage holds where the slowest is fastest; ties go to the shorter pipeline.

    Exact: dynamic programming over the stages and the layers given out so far.
    """
    model = stages[0].job.model
    if model.layers < len(stages):
        raise InputError(
            f"{model.layers} layers cannot be given out to {len(stages)} stages; take fewer stages"
        )
    pace = np.full(model.layers + 1, np.inf)
    pace[0], whole, taken = 0.0, np.zeros(model.layers + 1), []
    seconds = _seconds(stages)
    for stage in stages:
        loads = stage.loads(model)
        each = np.asarray(seconds[id(stage.job)].of(loads).total)
        needs = stage_memory(stage.job, loads, after=stage.after).total
        possible = (loads.layers > 0) & (needs <= stage.job.card.memory_bytes)
        paces = np.where(possible, np.maximum(pace[:, None], each + head_s * stage.head), np.inf)
        sums = whole[:, None] + each
        best = np.argmin(paces * (1 + 1e-9 * sums / np.max(sums)), axis=0)
        column = np.arange(model.layers + 1)
        pace, whole = paces[best, column], sums[best, column]
        taken.append(best)
    if not np.isfinite(pace[-1]):
        raise InfeasibleError(f"{model.name} does not fit on these parts; take more cards or stages")
    return _read_back(model, stages, taken)


def _seconds(stages: Sequence[_Stage]) -> dict[int, Layers]:
    """Seconds of the layers of every part, by its job."""
    jobs = {id(stage.job): stage.job for stage in stages}
    return {number: layers_seconds(job) for number, job in jobs.items()}


def _read_back(model: Model, stages: Sequence[_Stage], taken: Sequence[NDArray[np.int64]]) -> list[StageLoad]:
    """The loads of the best way, from the last stage to the first."""
    out: list[StageLoad] = []
    end = model.layers
    for stage, best in zip(reversed(stages), reversed(taken), strict=True):
        start = int(best[end])
        before, after = _mixtures_before(model, np.array([start, end]))
        load = StageLoad(stage.number, end - start, after - before, 1 * stage.embedding, 1 * stage.head)
        out.insert(0, load)
        end = start
    return out


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
    are one cluster. ``alone`` is what each part does without the others, where it has another plan for that.

    Raises InputError for parts that cannot form one pipeline, InfeasibleError where nothing fits.
    """
    return pipeline_of(balanced(parts), link_bandwidth=link_bandwidth, alone=alone)


@dataclass(frozen=True, slots=True)
class Balanced:
    """A pipeline's layers as they are shared out, before anything is sent."""

    parts: Sequence[Part]
    micro_batches: int
    stages: Sequence[_Stage]
    loads: Sequence[StageLoad]
    each: Sequence[Stage]
    head_s: float

    @property
    def paces(self) -> list[float]:
        """Seconds of a micro-batch on every stage, the head's among the last's."""
        times = [float(stage.total) for stage in self.each]
        return [*times[:-1], times[-1] + self.head_s]

    @property
    def most_tokens_per_s(self) -> float:
        """What no step of it exceeds: micro-batches at the pace of the slowest stage alone."""
        return self.parts[0].job.tokens / (self.micro_batches * max(self.paces))


def balanced(parts: Sequence[Part]) -> Balanced:
    """Share out the layers over a pipeline of unlike parts; raises what ``mixed_pipeline`` raises."""
    m, stages = _check(parts), _stages(parts)
    head = float(head_seconds(parts[-1].job))
    loads = _balance(stages, head)
    seconds = _seconds(stages)
    each = [seconds[id(stage.job)].of(load) for stage, load in zip(stages, loads, strict=True)]
    return Balanced(parts, m, stages, loads, each, head)


def pipeline_of(
    laid: Balanced, *, link_bandwidth: float, alone: Mapping[str, float] | None = None
) -> MixedPipeline:
    """Return the step of a pipeline whose layers are shared out: see ``mixed_pipeline``."""
    parts, m, stages, loads = laid.parts, laid.micro_batches, laid.stages, laid.loads
    times, paces = [float(stage.total) for stage in laid.each], laid.paces
    slowest = int(np.argmax(paces))
    exposed, optimizer = zip(*_closings(laid), strict=True)
    names = [part.name for part in parts for _ in range(part.job.plan.pp)]
    return MixedPipeline(
        stages_s=m * paces[slowest],
        bubble_s=sum(times) - times[slowest],
        sends_s=2.0 * m * max(_sends(parts, link_bandwidth)),
        exposed_dp_s=max(exposed),
        optimizer_s=max(optimizer),
        tokens=parts[0].job.tokens,
        layers={
            p.name: tuple(int(x.layers) for x, name in zip(loads, names, strict=True) if name == p.name)
            for p in parts
        },
        waiting={
            p.name: 1.0
            - max(t for t, name in zip(paces, names, strict=True) if name == p.name) / paces[slowest]
            for p in parts
        },
        alone_tokens_per_s=dict(alone)
        if alone is not None
        else {p.name: alone_tokens_per_s(p) for p in parts},
        memory=_fullest(stages, loads, names),
    )


def _fullest(
    stages: Sequence[_Stage], loads: Sequence[StageLoad], names: Sequence[str]
) -> dict[str, MemoryTerms]:
    """The memory of the fullest stage of every part."""
    out: dict[str, MemoryTerms] = {}
    for stage, load, name in zip(stages, loads, names, strict=True):
        need = stage_memory(stage.job, load, after=stage.after)
        if name not in out or float(need.total) > float(out[name].total):
            out[name] = MemoryTerms(*(float(getattr(need, f)) for f in MemoryTerms.__dataclass_fields__))
    return out


def _closings(laid: Balanced) -> list[tuple[float, float]]:
    """Of every stage; stages of one part that hold alike close alike."""
    known: dict[Any, tuple[float, float]] = {}
    out = []
    for stage, load, seconds in zip(laid.stages, laid.loads, laid.each, strict=True):
        alike = (id(stage.job), float(load.layers), float(load.mixtures), stage.embedding, stage.head)
        if alike not in known:
            known[alike] = _closing(stage, load, seconds)
        out.append(known[alike])
    return out


def _closing(stage: _Stage, load: StageLoad, seconds: Stage) -> tuple[float, float]:
    """Exposed data-parallel seconds and seconds of the optimizer of a stage."""
    shard = stage_shard(stage.job.model, stage.job.plan, load)
    exposed, _ = data_parallel_time(stage.job, shard, seconds.phases, load.layers)
    return float(exposed), float(optimizer_seconds(stage.job, shard))


def _sends(parts: Sequence[Part], link: float) -> list[float]:
    """Seconds of one send inside each part that has stages to send between, and over the links between parts."""
    out = []
    for job in (p.job for p in parts):
        if job.plan.pp > 1:
            out.append(float(send_seconds(job)))
        # Two parts share no domain, whatever the size of a domain of theirs.
        between = replace(
            job.network, scale_up_size=1, scale_out_bandwidth=min(job.network.scale_out_bandwidth, link)
        )
        out.append(float(send_seconds(replace(job, network=between))))
    return out
