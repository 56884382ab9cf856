"""The time of one training step, in terms.

One micro-batch passes through a stage as kernels (roofline: the slower of operations and bytes) and exposed
tensor-parallel collectives; the pipeline repeats it over the micro-batches and adds its bubble; the data-parallel
collective and the optimizer close the step. Every term is seconds of one step on the critical path, and the step
is their exact sum.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.fabric.collectives import collective_time
from clustersim.perf.data_parallel import data_parallel_time
from clustersim.perf.job import TrainJob, check_plan
from clustersim.perf.memory import (
    MemoryTerms,
    Shard,
    activation_bytes_per_layer,
    check_fits,
    memory_per_card,
    stage_shard,
)
from clustersim.perf.plan import Plan
from clustersim.perf.shapes import product_seconds
from clustersim.perf.stage import stage_seconds, wide_type
from clustersim.perf.terms import StepTerms

__all__ = [
    "StepTerms", "StepTime", "estimate_step", "logit_seconds", "optimizer_seconds", "send_seconds", "step_columns",
    "train_step",
]  # fmt: skip

#: A number, or an array with one entry a plan.
Real = Any

#: Bytes that the loss reads and writes for one logit, forward and backward, in single precision, partly fused
#: (counted).
LOGIT_BYTES = 20.0


@dataclass(frozen=True, slots=True)
class StepTime:
    """One training step: its terms, its memory, and what follows from them."""

    terms: StepTerms
    memory: MemoryTerms
    cards: int
    tokens: float
    model_flops: float
    hardware_flops: float
    peak: float
    u_memory: float
    u_link: float

    @property
    def step_time_s(self) -> float:
        """Seconds per optimizer step."""
        return float(self.terms.total)

    @property
    def tokens_per_s(self) -> float:
        """Tokens per second of the whole job."""
        return self.tokens / self.step_time_s

    @property
    def tokens_per_s_per_card(self) -> float:
        """Tokens per second and card."""
        return self.tokens_per_s / self.cards

    @property
    def mfu(self) -> float:
        """Model FLOPs over the peak of all cards."""
        return self.model_flops / (self.step_time_s * self.peak * self.cards)

    @property
    def hfu(self) -> float:
        """Model FLOPs and recomputation over the peak of all cards."""
        return self.hardware_flops / (self.step_time_s * self.peak * self.cards)

    @property
    def u_tensor(self) -> float:
        """Share of the time in which the tensor units work, for the power model.

        Not HFU: the weights of the power model are watts of matrix products at the rate that they reach.
        """
        busy = self.terms.compute_s + self.terms.attention_s + self.terms.recompute_s
        return min(1.0, float(busy) / self.step_time_s)


def logit_seconds(job: TrainJob) -> Real:
    """Forward and backward of the output head for one micro-batch; it stands on the last stage."""
    card, tokens = job.card, job.micro_tokens
    width, h = job.model.vocab / job.plan.tp, float(job.model.hidden)
    bandwidth = card.memory_bandwidth * card.memory_efficiency
    products = sum(
        product_seconds(
            m,
            n,
            k,
            1.0,
            rate=card.matrix_rate(wide_type(job.dtype)),
            bandwidth=bandwidth,
            units=card.compute_units,
        )
        for m, n, k in ((tokens, width, h), (tokens, h, width), (h, width, tokens))
    )
    return products + LOGIT_BYTES * tokens * width / bandwidth


def _bubble(plan: Plan, micro_batches: Real, stage_s: Real) -> Real:
    """Idle time of the pipeline: (pp - 1) micro-batches of a stage, over the interleave (arXiv:2104.04473, 2.2).

    Zero-bubble fills it with weight gradients and leaves a third (Qi et al., arXiv:2401.10241, ZB-H1).
    """
    idle = (plan.pp - 1) * stage_s
    if plan.schedule == "zero_bubble":
        return idle / 3
    return idle / plan.interleave


def send_seconds(job: TrainJob) -> Real:
    """Return the seconds of one send between neighbouring stages; each micro-batch and chunk makes one each way."""
    network, plan = job.network, job.plan
    size = 2.0 * job.micro_tokens * job.model.hidden / plan.tp
    inside = np.less_equal(plan.tp * plan.cp * plan.dp * 2, network.scale_up_size)
    return collective_time("send", size, 2, local=np.where(inside, 2, 1), network=network).total_s


def optimizer_seconds(job: TrainJob, shard: Shard) -> Real:
    """Return the seconds of reading and writing weight and moments in single precision, and reading the gradient."""
    states = shard.per_copy(job.plan.zero >= 1)
    return 28.0 * states / (job.card.memory_bandwidth * job.card.memory_efficiency)


def train_step(job: TrainJob) -> StepTime:
    """Return the time of one optimizer step, in terms.

    Raises InputError for a plan that cannot be laid out or a data type that the card lacks, and InfeasibleError
    when the model does not fit.
    """
    check_plan(job)
    return _step(job, check_fits(job))


def estimate_step(job: TrainJob) -> StepTime:
    """Return the step time whether or not the model fits: for runs that are known to have run."""
    return _step(job, memory_per_card(job))


def _step(job: TrainJob, memory: MemoryTerms) -> StepTime:
    terms, dp_total = step_columns(job)
    plain = StepTerms(*(float(getattr(terms, f.name)) for f in fields(terms)))
    return _assemble(job, plain, memory, float(dp_total))


def step_columns(job: TrainJob) -> tuple[StepTerms, Real]:
    """Return the terms of a step, and its whole data-parallel time, for one plan or for many at once.

    The degrees and the micro-batch of the plan may be arrays of one entry a plan; its words and flags are the same
    for all of them. Nothing is checked: the plans must be possible.

    Raises InputError for a data type that the card lacks, or an offload without a host link.
    """
    model, plan, m = job.model, job.plan, job.micro_batches
    stage = stage_seconds(job)
    logits = logit_seconds(job)
    # The head makes the last stage the slowest; its micro-batches set the pace.
    shard = stage_shard(model, plan)
    exposed_dp, dp_total = data_parallel_time(job, shard, stage.total, m, model.layers / plan.pp)
    host = _offload(job, shard.per_copy(plan.zero >= 1), stage.total)
    sends = 2.0 * m * plan.interleave * send_seconds(job)
    terms = StepTerms(
        compute_s=m * stage.gemm,
        attention_s=m * stage.attention,
        memory_bound_s=m * stage.elementwise,
        recompute_s=m * stage.recompute,
        software_s=m * stage.software,
        logits_s=m * logits,
        exposed_tp_s=m * stage.tp,
        exposed_cp_s=m * stage.cp,
        exposed_ep_s=m * stage.ep,
        exposed_pp_s=np.where(np.greater(plan.pp, 1), sends, 0.0),
        exposed_dp_s=exposed_dp,
        bubble_s=_bubble(plan, m, stage.total),
        optimizer_s=optimizer_seconds(job, shard),
        offload_s=host,
    )
    return terms, dp_total


def _offload(job: TrainJob, states: Real, stage_s: Real) -> Real:
    """Seconds of the host link that nothing hides.

    Optimizer states stay on the host: gradients go out (4 bytes) and weights come back (2) once a step. Activations go
    out under the forward third of a micro-batch and come back under the backward two thirds.
    """
    card, model, plan = job.card, job.model, job.plan
    if not (plan.offload_optimizer or plan.offload_activations):
        return 0.0
    if card.host_link_bandwidth <= 0:
        raise InputError(f"card {card.name} has no host_link.bandwidth in its profile; offload needs it")
    exposed: Real = 6.0 * states / card.host_link_bandwidth if plan.offload_optimizer else 0.0
    if plan.offload_activations:
        kept = activation_bytes_per_layer(job, plan.recompute) * model.layers / plan.pp
        one = kept / card.host_link_bandwidth
        late = np.maximum(0.0, one - stage_s / 3) + np.maximum(0.0, one - stage_s * 2 / 3)
        exposed = exposed + job.micro_batches * late
    return exposed


def _assemble(job: TrainJob, terms: StepTerms, memory: MemoryTerms, dp_total: float) -> StepTime:
    tokens, per_token = job.tokens, job.model.flops_per_token(job.seq_len)
    model_flops = tokens * per_token
    again = tokens * (per_token / 3 if job.plan.recompute == "full" else 0.0)
    busy = terms.memory_bound_s + 0.3 * (terms.compute_s + terms.attention_s + terms.recompute_s)
    links = terms.exposed_tp_s + terms.exposed_cp_s + terms.exposed_ep_s + terms.exposed_pp_s + dp_total
    return StepTime(
        terms=terms,
        memory=memory,
        cards=job.cards,
        tokens=tokens,
        model_flops=model_flops,
        hardware_flops=model_flops + again,
        peak=job.card.peak_of(job.dtype),
        u_memory=min(1.0, (busy + terms.optimizer_s) / terms.total),
        u_link=min(1.0, links / terms.total),
    )
