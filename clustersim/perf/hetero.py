"""One model trained by unlike cards together: replicas of each kind, shares of the batch by speed, one slow link.

Every part keeps its own tensor and pipeline degrees and its own network. The micro-batches of a step are shared out so
that the parts finish together as nearly as whole micro-batches allow; then all replicas reduce their gradients over a
network whose speed between domains is that of the slowest part or of the link between the parts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.columns import Column, least, most, number, rows_of
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.data_parallel import data_parallel_time
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card, stage_shard
from clustersim.perf.split import telling_loads
from clustersim.perf.stage import layers_seconds
from clustersim.perf.step import heaviest, step_columns

__all__ = [
    "MixedStep",
    "Part",
    "alone_tokens_per_s",
    "busy_job",
    "check_parts",
    "gain_over_best",
    "mixed_step",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some cards of one kind, as they would train the whole batch alone; together they take a share of it."""

    name: str
    job: TrainJob


@dataclass(frozen=True, slots=True)
class MixedStep:
    """One step of all parts together."""

    step_time_s: float
    exposed_dp_s: float
    tokens_per_s: float
    micro_batches: dict[str, int]
    """Micro-batches of each replica, by part."""
    waiting: dict[str, float]
    """Share of the step that each part waits for the slowest."""
    alone_tokens_per_s: dict[str, float]
    """What each part would do without the others, on the whole batch."""

    @property
    def gain(self) -> float:
        """Throughput over the best part alone, less one: what leaving the slower parts out would forgo."""
        return gain_over_best(self.tokens_per_s, self.alone_tokens_per_s)


def gain_over_best(tokens_per_s: float, alone: Mapping[str, float]) -> float:
    """Return throughput over the best part alone, less one; infinite where none could train the model.

    >>> round(gain_over_best(120.0, {"a": 100.0, "b": 30.0}), 3)
    0.2
    """
    best = max(alone.values())
    return tokens_per_s / best - 1.0 if best > 0 else math.inf


#: What all parts of a step have in common.
_DEMAND = ("model", "global_batch", "seq_len", "dtype")


def check_parts(parts: Sequence[Part]) -> None:
    """Raise InputError where parts have one name, which results could not tell apart, or are asked for unlike work."""
    names = [p.name for p in parts]
    if len(set(names)) != len(names):
        raise InputError("two parts have the same name; give each its own")
    first = parts[0].job
    for part in parts[1:]:
        unlike = [name for name in _DEMAND if getattr(part.job, name) != getattr(first, name)]
        if unlike:
            raise InputError(
                f"part {part.name} differs from {names[0]} in {', '.join(unlike)}; one job has one of each"
            )


def _with_micro_batches(job: TrainJob, micro_batches: Any) -> TrainJob:
    return replace(job, global_batch=micro_batches * job.plan.dp * job.plan.micro_batch)


def busy_job(part: Part, micro_batches: Any) -> TrainJob:
    """Return the job of a part with so many micro-batches a replica, as it runs beside the others."""
    return _with_micro_batches(part.job, micro_batches)


def _busy_s(part: Part, micro_batches: Any) -> Any:
    """Seconds of a part's step before the gradients are reduced."""
    terms = step_columns(_with_micro_batches(part.job, micro_batches)).terms
    return number(terms.total - terms.exposed_dp_s)


def _check(parts: Sequence[Part]) -> int:
    """Return the sequences of one micro-batch; raise for parts that cannot train together."""
    if not parts:
        raise InputError("a mixed cluster needs at least one part")
    check_parts(parts)
    sizes = {p.job.plan.micro_batch for p in parts}
    if len(sizes) > 1:
        raise InputError(f"all parts must use one micro-batch, not {sorted(sizes)}")
    for part in parts:
        need = memory_per_card(part.job).total
        if need > part.job.card.memory_bytes:
            raise InfeasibleError(
                f"{part.job.model.name} does not fit on part {part.name}: {need / 2**30:.1f} GiB per card of"
                f" {part.job.card.memory_bytes / 2**30:.1f} GiB; split it over more of its cards"
            )
    return sizes.pop()


def _shares(parts: Sequence[Part], total: int) -> list[Any]:
    """Share out ``total`` micro-batches: each next round goes to the part that would finish it first."""
    replicas = np.array([[p.job.plan.dp] for p in parts])
    if total < replicas.sum():
        raise InputError(
            f"{total} micro-batches are fewer than the {replicas.sum()} replicas; enlarge the batch"
        )
    one = rows_of([_busy_s(p, 1) for p in parts])
    # A further micro-batch; the rest is bubble and optimizer.
    each = rows_of([_busy_s(p, 2) for p in parts]) - one
    counts = np.ones(each.shape, dtype=int)
    points = np.arange(each.shape[1])
    while np.any(left := total - np.sum(counts * replicas, axis=0)):
        fitting = replicas <= left
        stuck = ~np.any(fitting, axis=0) & (left > 0)
        if np.any(stuck):
            spare = int(left[stuck][0])
            raise InputError(
                f"{total} micro-batches cannot be shared out over replicas of {replicas[:, 0].tolist()}: {spare} are"
                f" left over; a global batch of {total - spare} micro-batches would do"
            )
        first = np.argmin(np.where(fitting, one + counts * each, np.inf), axis=0)
        counts[first, points] += left > 0
    return [int(row[0]) if np.all(row == row[0]) else Column(row) for row in counts]


def mixed_step(parts: Sequence[Part], *, link_bandwidth: float) -> MixedStep:
    """Return one step of unlike parts that train one model together.

    ``link_bandwidth`` is bytes/s per card and direction between the parts. Two equal parts over a link as fast as
    their network are one cluster of twice the size.

    Raises InputError for parts or a batch that cannot be shared out, InfeasibleError for a part that lacks memory.
    """
    micro = _check(parts)
    global_batch, tokens = parts[0].job.global_batch, parts[0].job.tokens
    if global_batch % micro:
        raise InputError(f"a batch of {global_batch} is no multiple of the micro-batch {micro}")
    counts = _shares(parts, global_batch // micro)
    busy = [_busy_s(p, c) for p, c in zip(parts, counts, strict=True)]
    exposed = _exchange_s(parts, counts, link_bandwidth)
    longest = most(*busy)
    step = longest + exposed
    return MixedStep(
        step_time_s=step,
        exposed_dp_s=exposed,
        tokens_per_s=tokens / step,
        micro_batches={p.name: c for p, c in zip(parts, counts, strict=True)},
        waiting={p.name: (longest - b) / step for p, b in zip(parts, busy, strict=True)},
        alone_tokens_per_s={p.name: alone_tokens_per_s(p) for p in parts},
    )


def _exchange_s(parts: Sequence[Part], counts: Sequence[Any], link: Any) -> Any:
    """Exposed gradient exchange of all replicas: the largest shard over the slowest network."""
    replicas = sum(p.job.plan.dp for p in parts)
    worst: Any = 0.0
    for part, count in zip(parts, counts, strict=True):
        job, network = part.job, part.job.network
        if len(parts) > 1:
            network = replace(network, scale_out_bandwidth=least(network.scale_out_bandwidth, link))
        every = replace(job, network=network, plan=replace(job.plan, dp=replicas))
        shared = replace(every, global_batch=count * replicas * job.plan.micro_batch)
        load = heaviest(shared, telling_loads(job.model, job.plan))
        shard = stage_shard(job.model, shared.plan, load)
        exposed, _ = data_parallel_time(shared, shard, layers_seconds(shared).of(load).phases, load.layers)
        worst = most(worst, number(exposed))
    return worst


def alone_tokens_per_s(part: Part) -> float:
    """Return what a part does that trains the whole batch by itself; 0 where it cannot be laid out or does not fit."""
    job = part.job
    if job.global_batch % (job.plan.dp * job.plan.micro_batch) or job.model.layers < job.plan.pp:
        return 0.0
    if memory_per_card(job).total > job.card.memory_bytes:
        return 0.0
    terms = step_columns(job).terms
    return job.tokens / number(terms.total)  # type: ignore[no-any-return]
