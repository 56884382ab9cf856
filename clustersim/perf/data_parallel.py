"""What replicas exchange in a step: gradients reduced, weights gathered, and what of it nothing hides.

ZeRO 0 and 1 reduce gradients under the backward pass of the last micro-batch and gather weights under the forward pass
of the next step's first, bucket by bucket. ZeRO 2 keeps no whole gradients and reduces them after every micro-batch
(arXiv:1910.02054, section 5.2). Fully sharded data parallelism (ZeRO 3, FSDP) gathers the weights of every
unit of layers before its forward and again before its backward pass and reduces its gradients after it, for every
micro-batch (arXiv:1910.02054, section 7; arXiv:2304.11277, sections 3.2 and 3.3). Hybrid sharding (HSDP) does so among
``shard`` cards and reduces among the groups once a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.fabric.collectives import collective_time
from clustersim.perf.exchange import block_members, local_members
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import Shard, shard_group
from clustersim.perf.schedules import Phases
from clustersim.perf.stage import hidden_under

__all__ = ["data_parallel_time"]

#: A number, or an array with one entry a plan.
Real = Any

#: Parameters of a bucket that is reduced or gathered at once: at least so many, and so many a replica, which keeps the
#: steps of long rings worth their latency (Megatron-Core, DistributedDataParallelConfig.bucket_size; published).
LEAST_BUCKET, BUCKET_PER_REPLICA = 4e7, 1e6


@dataclass(frozen=True, slots=True)
class _Exchange:
    """Seconds of reducing and of gathering all pieces once, and of the reduction among groups of cards that shard."""

    pieces: Real
    reduce: Real
    gather: Real
    among: Real

    @property
    def ends(self) -> Real:
        """The last piece reduced and the first gathered, which nothing hides."""
        return (self.reduce + self.gather) / self.pieces


def data_parallel_time(job: TrainJob, shard: Shard, stage: Phases, layers: Real) -> tuple[Real, Real]:
    """Return exposed and total seconds of the data-parallel traffic of a step, all in two-byte values.

    ``stage``: seconds of one micro-batch on the stage of ``layers`` whose parameters are exchanged. Experts have fewer
    copies than the rest and are exchanged among these, one after the other.
    """
    kinds = [_exchange(job, shard.dense, shard.dense_copies, job.plan.tp, layers)]
    if np.any(np.greater(shard.experts, 0)):
        kinds.append(_exchange(job, shard.experts, shard.expert_copies, job.plan.expert_cards, layers))
    reduce, gather, among = (sum(getattr(k, name) for k in kinds) for name in ("reduce", "gather", "among"))
    software = job.plan.software
    backward = software.dp_overlap * (stage.inputs + stage.weights)
    forward = software.dp_overlap * stage.forward
    if job.plan.zero < 3:
        late = hidden_under(reduce + among, backward, software) + hidden_under(gather, forward, software)
        ends = kinds[0].ends
        for other in kinds[1:]:
            ends = np.maximum(ends, other.ends)
        before = job.micro_batches - 1 if job.plan.zero == 2 else 0
        again = before * hidden_under(reduce, backward, software)
        return np.maximum(ends, late) + again, (1 + before) * reduce + gather + among
    again = gather if job.plan.reshard else 0.0
    each = _exposed_by_unit(job, kinds[0].pieces, gather, again + reduce, forward, backward)
    return job.micro_batches * each + hidden_under(among, backward, software), job.micro_batches * (
        gather + again + reduce
    ) + among


def _exposed_by_unit(
    job: TrainJob, units: Real, before: Real, behind: Real, forward: Real, backward: Real
) -> Real:
    """Exposed seconds of a micro-batch whose units are gathered one ahead of the computation.

    Forward the first gather, backward the last reduction have nothing to hide under; without prefetch no gather has.
    """
    software = job.plan.software
    if not job.plan.prefetch:
        return before + behind
    inner = (units - 1) / units
    ends = (before + behind) / units
    shown = hidden_under(before * inner, forward, software) + hidden_under(behind * inner, backward, software)
    return ends + shown


def _exchange(job: TrainJob, parameters: Real, copies: Real, inner: Real, layers: Real) -> _Exchange:
    """Seconds of reducing and gathering parameters among the cards that shard them, and among groups of these."""
    network, plan = job.network, job.plan
    if plan.zero >= 3 and plan.software.shard_rate != 1.0:
        network = replace(network, scale_out_bandwidth=network.scale_out_bandwidth * plan.software.shard_rate)
    group = shard_group(plan, copies)
    bucket = np.minimum(parameters, np.maximum(LEAST_BUCKET, BUCKET_PER_REPLICA * copies))
    pieces = np.maximum(1.0, np.rint(parameters / np.maximum(1.0, bucket)))
    if plan.zero >= 3:
        pieces = np.maximum(1.0, np.ceil(layers / plan.unit_layers))
    size, local = 2.0 * parameters / pieces, local_members(group, inner, network)
    block = block_members(group, inner, network)
    lies: dict[str, Any] = {"local": local, "network": network, "block": block}
    # Of stages side by side one may have none of these: it then launches nothing.
    pieces_any = pieces * np.greater(parameters, 0)
    reduce = pieces_any * collective_time("reduce_scatter", size, group, **lies).total_s
    gather = pieces_any * collective_time("all_gather", size, group, **lies).total_s
    among: Real = 0.0
    if plan.shard:
        apart = local_members(copies / group, inner * group, network)
        block = block_members(copies / group, inner * group, network)
        one = collective_time(
            "all_reduce", size / group, copies / group, local=apart, network=network, block=block
        )
        among = pieces_any * one.total_s
    return _Exchange(pieces, reduce, gather, among)
