"""One pipeline over unlike cards: stages of unequal length, so that every card takes as long as the others.

Each part holds consecutive stages of every replica. Only activations cross the link between the parts; gradients stay
among cards of one kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.data_parallel import data_parallel_time
from clustersim.perf.hetero import Part, alone_tokens_per_s, check_parts, gain_over_best
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import stage_memory, stage_shard
from clustersim.perf.model import Model
from clustersim.perf.stage import stage_seconds
from clustersim.perf.step import logit_seconds, optimizer_seconds, send_seconds

__all__ = ["MixedPipeline", "mixed_pipeline"]


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
    layers: dict[str, int]
    """Layers of each stage, by part."""
    waiting: dict[str, float]
    """Share of a micro-batch that a stage of each part waits for the slowest."""
    alone_tokens_per_s: dict[str, float]
    """What each part would do without the others; 0 where the model does not fit on it."""

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


def _share(job: TrainJob, each: int, ends: bool) -> Model:
    """The part's layers, ``each`` a stage, with an embedding or head where it is one of the ``ends``."""
    model, layers = job.model, each * job.plan.pp
    mixed = model.moe_layers * layers / model.layers
    vocab = model.vocab if ends else 0
    return replace(model, layers=layers, moe_layers=mixed, vocab=vocab, tied_embeddings=True)  # type: ignore[arg-type]


def _stage_s(job: TrainJob, each: int) -> float:
    return float(stage_seconds(replace(job, model=_share(job, each, False))).total)


def _fits(job: TrainJob, each: int, ends: bool, head: bool, after: int) -> bool:
    """Whether the part's first stage fits, with the micro-batches in flight of all stages from it on, and its head."""
    shard = stage_shard(_share(job, each, ends), job.plan)
    flight = each * min(after, job.micro_batches)
    terms = stage_memory(job, shard=shard, layers=each, in_flight=flight, head=head)
    return bool(terms.total <= job.card.memory_bytes)


def _balance(parts: Sequence[Part], head_s: float) -> list[int]:
    """Return layers a stage, by part, whose slowest stage is fastest; ties go to the shorter pipeline.

    Exact: dynamic programming over the parts and the layers given out so far.
    """
    model = parts[0].job.model
    layers = model.layers
    best: dict[int, tuple[float, float, list[int]]] = {0: (0.0, 0.0, [])}
    stages = [p.job.plan.pp for p in parts]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        after = sum(stages[number:])
        found: dict[int, tuple[float, float, list[int]]] = {}
        job, deep = part.job, part.job.plan.pp
        for each in range(1, layers // deep + 1):
            if not _fits(job, each, number == 0 or last, last, after):
                break
            stage = _stage_s(job, each)
            pace = stage + (head_s if last else 0.0)
            for given, (slowest, whole, chosen) in best.items():
                total = given + each * deep
                row = (max(slowest, pace), whole + deep * stage, [*chosen, each])
                if total <= layers and (total not in found or row < found[total]):
                    found[total] = row
        best = found
    if layers in best:
        return best[layers][2]
    most = max(best, default=0)
    if most:
        raise InputError(
            f"{layers} layers cannot be given out to stages of {stages} (by part) in whole layers a stage that fit;"
            f" {most} could"
        )
    raise InfeasibleError(f"{model.name} does not fit on these parts; take more cards or stages")


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
    m = _check(parts)
    head = float(logit_seconds(parts[-1].job))
    each = _balance(parts, head)
    times = [_stage_s(p.job, n) for p, n in zip(parts, each, strict=True)]
    paces = [*times[:-1], times[-1] + head]
    slowest = int(np.argmax(paces))
    whole = sum(p.job.plan.pp * t for p, t in zip(parts, times, strict=True))
    exposed, optimizer = zip(*(_closing(parts, i, n, times[i]) for i, n in enumerate(each)), strict=True)
    return MixedPipeline(
        stages_s=m * paces[slowest],
        bubble_s=whole - times[slowest],
        sends_s=2.0 * m * max(_sends(parts, link_bandwidth)),
        exposed_dp_s=max(exposed),
        optimizer_s=max(optimizer),
        tokens=parts[0].job.tokens,
        layers={p.name: n for p, n in zip(parts, each, strict=True)},
        waiting={p.name: 1.0 - t / paces[slowest] for p, t in zip(parts, paces, strict=True)},
        alone_tokens_per_s=dict(alone)
        if alone is not None
        else {p.name: alone_tokens_per_s(p) for p in parts},
    )


def _closing(parts: Sequence[Part], number: int, each: int, stage_s: float) -> tuple[float, float]:
    """Exposed data-parallel seconds and seconds of the optimizer of a part."""
    job = parts[number].job
    shard = stage_shard(_share(job, each, number in (0, len(parts) - 1)), job.plan)
    exposed, _ = data_parallel_time(job, shard, stage_s, job.micro_batches, each)
    return float(exposed), float(optimizer_seconds(job, shard))


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
