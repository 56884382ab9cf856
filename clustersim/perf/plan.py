"""How a model is spread over cards, and whether that is possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersim.errors import InputError
from clustersim.perf.model import Model

__all__ = ["RECOMPUTE", "SCHEDULES", "TUNED_SOFTWARE", "Plan", "Software", "check_plan"]

SCHEDULES = ("gpipe", "1f1b", "interleaved", "zero_bubble")
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What the training software adds or leaves out; the defaults are those of a well-tuned one of 2024."""

    dp_overlap: float = 0.9
    """Share of the computation under which data-parallel traffic can hide; 0 for software of before 2022."""
    flash_attention: bool = True
    """Fused attention that never writes the score matrix; False for runs of before 2023."""
    attention_share: float = 0.63
    """Share of the best matrix rate that fused attention reaches: 0.63 on A100 by its second generation, by the
    libraries of 2024 on Hopper (Dao, arXiv:2307.08691, figure 5: 0.6-0.75 of peak forward and less backward, where
    plain products reach 0.8-0.9; derived)."""
    expert_forwarding: bool = True
    """A token crosses to a domain once and is handed on inside; False sends a copy for each of its experts."""
    tp_overlap: float = 0.0
    """Share of the matrix products under which tensor-parallel traffic can hide; 0 where each product waits for it."""
    ep_overlap: float = 0.0
    """The same for the exchange of experts: above 0 where two micro-batches are worked on at once."""
    host_layer_s: float = 1.2e-3
    """Seconds that the host takes to launch the kernels of one pass of a layer (forward, recomputed, backward): no
    pass is shorter. 0 for launches that are recorded and replayed. Derived, see docs/training.md."""
    layer_overhead_s: float = 0.0
    """Seconds that it adds to every pass of a layer (forward, recomputed, backward) beside its kernels: launches that
    the host cannot keep up with, synchronisation. Found by halving the micro-batch."""
    expert_overhead_s: float = 2e-3
    """The same for every pass of a layer of experts: routing, sorting, many small launches and what waits for them.
    0 for steps that are recorded and replayed as a whole. Derived, see docs/training.md."""
    gradient_bytes: float = 4.0
    """Bytes of gradient held per parameter: 4 accumulates in single precision, 2 in half, 6 keeps both."""
    runtime_bytes: float = 1.5e9
    """Workspace, communication buffers, fragmentation and the runtime's own memory (assumption: 1-2 GB are commonly
    seen with NCCL buffers and a CUDA context of about 0.5 GB)."""


#: The defaults, for other dataclasses to refer to.
TUNED_SOFTWARE = Software()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Parallel degrees and options of one training job."""

    tp: int = 1
    pp: int = 1
    dp: int = 1
    cp: int = 1
    ep: int = 1
    etp: int = 1
    """Cards that split each expert's products where experts are exchanged (ep > 1); without, tp does."""
    interleave: int = 1
    micro_batch: int = 1
    schedule: str = "1f1b"
    sequence_parallel: bool = True
    recompute: str = "selective"
    zero: int = 1
    offload_optimizer: bool = False
    offload_activations: bool = False
    software: Software = TUNED_SOFTWARE

    @property
    def cards(self) -> int:
        """Cards that the plan needs; expert parallelism lies inside the others."""
        return self.tp * self.pp * self.dp * self.cp

    @property
    def expert_cards(self) -> int:
        """Cards of a stage over which one copy of its experts is spread; the others hold copies."""
        return self.ep * np.where(np.equal(self.ep, 1), self.tp, self.etp)  # type: ignore[return-value]


def _divisors_near(number: int, wanted: int) -> int:
    return min((d for d in range(1, number + 1) if number % d == 0), key=lambda d: (abs(d - wanted), d))


def check_plan(plan: Plan, model: Model, cards: int, global_batch: int) -> None:
    """Raise InputError, naming the nearest value that works, for a plan that cannot be laid out.

    >>> m = Model(name="m", layers=96, hidden=128, heads=8, kv_heads=8, head_dim=16, ffn_hidden=512,
    ...     gated=False, vocab=1000)
    >>> check_plan(Plan(tp=2, pp=4, dp=2), m, 16, 64)
    """
    if plan.cards != cards:
        inner = plan.tp * plan.pp * plan.cp
        hint = f"; dp={cards // inner} would fit" if cards % inner == 0 else ""
        raise InputError(
            f"plan: tp x pp x dp x cp = {plan.tp} x {plan.pp} x {plan.dp} x {plan.cp} = {plan.cards},"
            f" but the cluster has {cards} cards{hint}"
        )
    chunks = plan.pp * plan.interleave
    if model.layers % chunks:
        near = _divisors_near(model.layers, chunks)
        raise InputError(
            f"plan: {model.layers} layers do not divide into pp x interleave = {chunks} parts; {near} would do"
        )
    if model.heads % plan.tp:
        near = _divisors_near(model.heads, plan.tp)
        raise InputError(f"plan: {model.heads} heads do not divide by tp={plan.tp}; tp={near} would do")
    if plan.interleave > 1 and plan.pp == 1:
        raise InputError("plan: interleave > 1 needs pp > 1; set interleave=1")
    if plan.ep > 1 and (
        not model.experts or model.experts % plan.ep or (plan.dp * plan.cp * plan.tp) % (plan.ep * plan.etp)
    ):
        raise InputError(
            f"plan: ep={plan.ep} needs experts divisible by it ({model.experts}) and dp x cp x tp divisible by"
            f" ep x etp = {plan.ep * plan.etp}"
        )
    if plan.tp % plan.etp:
        raise InputError(f"plan: etp={plan.etp} must divide tp={plan.tp}; etp=1 would do")
    step = plan.dp * plan.micro_batch
    if global_batch % step:
        below = max(step, global_batch // step * step)
        raise InputError(
            f"training.global_batch={global_batch} is no multiple of dp x micro_batch = {step}; {below} would be"
        )
    micro_batches = global_batch // step
    if plan.interleave > 1 and micro_batches % plan.pp:
        raise InputError(
            f"plan: an interleaved schedule needs micro-batches ({micro_batches}) in multiples of pp={plan.pp}"
        )
    _check_words(plan)


def _check_words(plan: Plan) -> None:
    if plan.schedule not in SCHEDULES:
        raise InputError(f"plan: unknown schedule {plan.schedule!r}; known: {', '.join(SCHEDULES)}")
    if plan.recompute not in RECOMPUTE:
        raise InputError(f"plan: unknown recompute {plan.recompute!r}; known: {', '.join(RECOMPUTE)}")
    if (plan.interleave > 1) != (plan.schedule == "interleaved"):
        raise InputError(
            f"plan: schedule {plan.schedule!r} with interleave={plan.interleave};"
            " interleave above 1 and schedule 'interleaved' go together"
        )
    if plan.zero not in (0, 1, 2, 3):
        raise InputError(f"plan: zero={plan.zero} is unknown; known: 0, 1, 2, 3")
