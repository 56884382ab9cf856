"""What replicas exchange in a step: gradients reduced, weights gathered, and what of it nothing hides."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.fabric.collectives import collective_time
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import Shard
from clustersim.perf.stage import local_members

__all__ = ["data_parallel_time"]

#: A number, or an array with one entry a plan.
Real = Any

#: Parameters of a bucket that is reduced or gathered at once: at least so many, and so many a replica, which keeps the
#: steps of long rings worth their latency (Megatron-Core, DistributedDataParallelConfig.bucket_size; published).
LEAST_BUCKET, BUCKET_PER_REPLICA = 4e7, 1e6


def data_parallel_time(
    job: TrainJob, shard: Shard, stage_s: Real, micro_batches: Real, layers: Real
) -> tuple[Real, Real]:
    """Return exposed and total seconds of the data-parallel traffic of a step, all in two-byte values.

    ZeRO 0-2 reduce gradients under the backward pass of the last micro-batch and gather weights under the forward pass
    of the next step's first, bucket by bucket; nothing hides the last that is reduced and the first that is gathered.
    ZeRO 3 gathers the weights of each of ``layers`` before the forward and again before the backward pass of every
    micro-batch, and reduces the gradients after it, under that micro-batch's computation (arXiv:1910.02054, section 7).
    Experts have fewer copies than the rest and are exchanged among these, one after the other.
    """
    plan = job.plan
    reduce, gather, tail = _exchange(job, shard.dense, shard.dense_copies, plan.tp, layers)
    if np.any(np.greater(shard.experts, 0)):
        more = _exchange(job, shard.experts, shard.expert_copies, plan.expert_cards, layers)
        reduce, gather, tail = reduce + more[0], gather + more[1], np.maximum(tail, more[2])
    overlap = plan.software.dp_overlap
    if plan.zero < 3:
        late = np.maximum(0.0, reduce - overlap * 2 / 3 * stage_s)
        late = late + np.maximum(0.0, gather - overlap / 3 * stage_s)
        return np.maximum(tail, late), reduce + gather
    each = 2 * gather + reduce
    return micro_batches * np.maximum(0.0, each - overlap * stage_s), micro_batches * each


def _exchange(
    job: TrainJob, parameters: Real, copies: Real, inner: Real, layers: Real
) -> tuple[Real, Real, Real]:
    """Seconds of reducing and of gathering parameters among their copies, and of the first and last piece."""
    network = job.network
    local = local_members(copies, inner, network)
    bucket = np.minimum(parameters, np.maximum(LEAST_BUCKET, BUCKET_PER_REPLICA * copies))
    pieces = np.maximum(1.0, np.rint(parameters / bucket)) if job.plan.zero < 3 else layers
    size = 2.0 * parameters / pieces
    reduce = pieces * collective_time("reduce_scatter", size, copies, local=local, network=network).total_s
    gather = pieces * collective_time("all_gather", size, copies, local=local, network=network).total_s
    return reduce, gather, (reduce + gather) / pieces
