"""The time of one training step, in terms.

One micro-batch passes through a stage as kernels (roofline: the slower of operations and bytes) and exposed
tensor-parallel collectives; the pipeline repeats it over the micro-batches and adds its bubble; the data-parallel
collective and the optimizer close the step. Every term is seconds of one step on the critical path, and the step
is their exact sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clustersim.columns import as_array, least, number
from clustersim.errors import InputError
from clustersim.fabric.collectives import collective_time
from clustersim.perf.data_parallel import data_parallel_time
from clustersim.perf.job import TrainJob, check_plan
from clustersim.perf.memory import (
    MemoryTerms,
    Shard,
    check_fits,
    fullest_stage,
    kept_activations,
    stage_shard,
)
from clustersim.perf.schedules import bubble_share
from clustersim.perf.shapes import product_seconds
from clustersim.perf.split import StageLoad, choose, stage_layers, telling_loads, whole_load
from clustersim.perf.stage import Layers, Stage, hidden_under, layers_seconds, wide_type
from clustersim.perf.terms import StepTerms

__all__ = [
    "StepColumns", "StepTerms", "StepTime", "estimate_step", "head_seconds", "heaviest", "logit_seconds",
    "optimizer_seconds", "send_seconds", "slowest", "step_columns", "train_step",
]  # fmt: skip

#: A number, or an array with one entry a plan.
Real = Any

#: Bytes that the optimizer reads and writes for one parameter in one kernel, and in one kernel for each operator
#: (counted: Adam).
STATE_BYTES, EAGER_STATE_BYTES = 28.0, 80.0


@dataclass(frozen=True, slots=True)
class StepTime:
    """One training step: its terms, its memory, and what follows from them."""

    terms: StepTerms
    memory: MemoryTerms
    stage_layers: tuple[float, ...]
    """Layers of every stage of the pipeline."""
    slowest_stage: int
    """The stage that sets the pace, from 0."""
    fullest_stage: int
    """The stage whose cards ``memory`` is of, from 0."""
    cards: int
    tokens: float
    model_flops: float
    hardware_flops: float
    peak: float
    u_memory: float
    u_link: float
    kernel_factor: float = 1.0
    """How much longer the kernels take than those of a tuned stack: units are used that much less."""

    @property
    def step_time_s(self) -> float:
        """Seconds per optimizer step."""
        return number(self.terms.total)  # type: ignore[no-any-return]

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
        return least(1.0, number(busy) / self.kernel_factor / self.step_time_s)  # type: ignore[no-any-return]


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
    return products + job.plan.software.loss_bytes * tokens * width / bandwidth


def head_seconds(job: TrainJob) -> Real:
    """Return the seconds of the output heads of one micro-batch: the model's own, and one for every extra prediction.

    An extra prediction layer works on a projection of two hidden states to one (arXiv:2412.19437, section 2.2), and its
    output goes through the same head.
    """
    extra, h, slower = job.model.prediction_layers, float(job.model.hidden), job.plan.software.kernel_factor
    own = slower * logit_seconds(job)
    if not extra:
        return own
    tokens, split = job.micro_tokens, h / job.plan.tp
    card = job.card
    bandwidth, rate = card.memory_bandwidth * card.memory_efficiency, card.matrix_rate(job.dtype)
    projection = sum(
        product_seconds(m, n, k, 1.0, rate=rate, bandwidth=bandwidth, units=card.compute_units)
        for m, n, k in ((tokens, split, 2 * h), (tokens, 2 * h, split), (split, 2 * h, tokens))
    )
    return own * (1 + extra) + extra * slower * projection


def send_seconds(job: TrainJob) -> Real:
    """Return the seconds of one send between neighbouring stages; each micro-batch and chunk makes one each way."""
    network, plan = job.network, job.plan
    size = 2.0 * job.micro_tokens * job.model.hidden / plan.tp
    inside = np.less_equal(plan.tp * plan.cp * plan.dp * 2, network.scale_up_size)
    return collective_time("send", size, 2, local=np.where(inside, 2, 1), network=network).total_s


def optimizer_seconds(job: TrainJob, shard: Shard) -> Real:
    """Return the seconds of reading and writing weight and moments in single precision, and reading the gradient."""
    software = job.plan.software
    states, moved = shard.per_copy(job.plan, 1), EAGER_STATE_BYTES if software.eager else STATE_BYTES
    bandwidth = job.card.memory_bandwidth * job.card.memory_efficiency
    return software.kernel_factor * moved * states / bandwidth


def train_step(job: TrainJob, *, known_to_fit: bool = False) -> StepTime:
    """Return the time of one optimizer step, in terms; a job that is ``known_to_fit`` is not asked whether it does.

    Raises InputError for a plan that cannot be laid out or a data type that the card lacks, and InfeasibleError
    when the model does not fit.
    """
    check_plan(job)
    if not known_to_fit:
        check_fits(job)
    return estimate_step(job)


def estimate_step(job: TrainJob) -> StepTime:
    """Return the step time whether or not the model fits: for runs that are known to have run."""
    found = step_columns(job)
    plain = StepTerms(*(number(getattr(found.terms, f.name)) for f in fields(StepTerms)))
    return _assemble(job, plain, found)


@dataclass(frozen=True, slots=True)
class StepColumns:
    """The terms of a step, its whole data-parallel time, hidden or not, and the stage that sets the pace."""

    terms: StepTerms
    replicas_s: Real
    slowest: StageLoad


def step_columns(job: TrainJob) -> StepColumns:
    """Return the terms of a step for one plan or for many at once.

    The degrees and the micro-batch of the plan may be arrays of one entry a plan; its words and flags are the same
    for all of them. Nothing is checked: the plans must be possible.

    Raises InputError for a data type that the card lacks, or an offload without a host link.
    """
    plan, m = job.plan, job.micro_batches
    loads = telling_loads(job.model, plan)
    layers, logits = layers_seconds(job), head_seconds(job)
    pace, load, stage = slowest(layers, loads, logits)
    # One micro-batch through all stages but the slowest is what 1F1B leaves idle.
    others = layers.of(whole_load(job.model)).total + logits - pace
    heavy = heaviest(job, loads)
    shard = stage_shard(job.model, plan, heavy)
    exposed_dp, replicas_s = data_parallel_time(job, shard, layers.of(heavy).phases, heavy.layers)
    host = _offload(job, load, shard.per_copy(plan, 1), stage.total)
    sends = 2.0 * m * plan.interleave * send_seconds(job)
    beside = np.greater(plan.interleave, 1) if plan.software.overlap_sends else plan.schedule == "dualpipe"
    sends = np.where(beside, hidden_under(sends, m * stage.kernels, plan.software), sends)
    terms = StepTerms(
        compute_s=m * stage.gemm,
        attention_s=m * stage.attention,
        memory_bound_s=m * stage.elementwise,
        recompute_s=m * stage.recompute,
        software_s=m * stage.software,
        logits_s=m * load.head * logits,
        exposed_tp_s=m * stage.tp,
        exposed_cp_s=m * stage.cp,
        exposed_ep_s=m * stage.ep,
        exposed_pp_s=np.where(np.greater(plan.pp, 1), sends, 0.0),
        exposed_dp_s=exposed_dp,
        bubble_s=np.maximum(0.0, others) * bubble_share(plan, stage.phases),
        optimizer_s=optimizer_seconds(job, shard),
        offload_s=host,
    )
    return StepColumns(_at_scale(job, terms), replicas_s, load)


def _at_scale(job: TrainJob, terms: StepTerms) -> StepTerms:
    """The terms with what waiting for the slowest of many cards adds to what the software adds."""
    if not job.plan.software.scale_loss:
        return terms
    doublings = np.log2(np.maximum(1.0, job.cards / as_array(job.network.scale_up_size)))
    lost = job.plan.software.scale_loss * doublings * terms.total
    return replace(terms, software_s=terms.software_s + lost)


def slowest(layers: Layers, loads: Sequence[StageLoad], logits: Real) -> tuple[Real, StageLoad, Stage]:
    """Return the pace of a pipeline: the seconds of its slowest stage, head included, what it holds, and its layers.

    Of stages that are as slow the last counts, which has the head.
    """
    pace, load = layers.of(loads[0]).total + loads[0].head * logits, loads[0]
    for other in loads[1:]:
        seconds = layers.of(other).total + other.head * logits
        slower = np.greater_equal(seconds, pace)
        pace, load = np.where(slower, seconds, pace), choose(slower, other, load)
    return pace, load, layers.of(load)


def heaviest(job: TrainJob, loads: Sequence[StageLoad]) -> StageLoad:
    """The stage with the most parameters on a card: its exchange and its optimizer end last."""
    load = loads[0]
    for other in loads[1:]:
        sizes = (stage_shard(job.model, job.plan, one).total for one in (other, load))
        load = choose(np.greater(*sizes), other, load)
    return load


def _offload(job: TrainJob, load: StageLoad, states: Real, stage_s: Real) -> Real:
    """Seconds of the host link that nothing hides.

    Optimizer states stay on the host: gradients go out (4 bytes) and weights come back (2) once a step. Activations go
    out under the forward third of a micro-batch and come back under the backward two thirds.
    """
    card, plan = job.card, job.plan
    if not (plan.offload_optimizer or plan.offload_activations):
        return 0.0
    if card.host_link_bandwidth <= 0:
        raise InputError(f"card {card.name} has no host_link.bandwidth in its profile; offload needs it")
    exposed: Real = 6.0 * states / card.host_link_bandwidth if plan.offload_optimizer else 0.0
    if plan.offload_activations:
        one = kept_activations(job, load, plan.recompute) / card.host_link_bandwidth
        late = np.maximum(0.0, one - stage_s / 3) + np.maximum(0.0, one - stage_s * 2 / 3)
        exposed = exposed + job.micro_batches * late
    return exposed


def _assemble(job: TrainJob, terms: StepTerms, found: StepColumns) -> StepTime:
    tokens, per_token = job.tokens, job.model.flops_per_token(job.seq_len)
    model_flops = tokens * per_token
    again = tokens * (per_token / 3 if job.plan.recompute == "full" else 0.0)
    fullest, memory = fullest_stage(job)
    busy = terms.memory_bound_s + 0.3 * (terms.compute_s + terms.attention_s + terms.recompute_s)
    slower = job.plan.software.kernel_factor
    links = (
        terms.exposed_tp_s
        + terms.exposed_cp_s
        + terms.exposed_ep_s
        + terms.exposed_pp_s
        + number(found.replicas_s)
    )
    return StepTime(
        terms=terms,
        memory=memory,
        stage_layers=stage_layers(job.model, job.plan),
        slowest_stage=int(found.slowest.index),
        fullest_stage=int(fullest.index),
        cards=job.cards,
        tokens=tokens,
        model_flops=model_flops,
        hardware_flops=model_flops + again,
        peak=job.card.peak_of(job.dtype),
        u_memory=least(1.0, (busy + terms.optimizer_s) / slower / terms.total),
        u_link=least(1.0, links / terms.total),
        kernel_factor=slower,
    )
