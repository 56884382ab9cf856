"""Layouts: what, known before anything is measured, tells errors of one class apart; from the coarse to the fine.

A layout is words joined by `` > ``; each stretch from the left is a class of its own, of which the next is a part. What
is not known of a workload ends it early, and its band is that of the coarser class.
"""

from __future__ import annotations

from itertools import accumulate, takewhile
from typing import Any

from clustersim.perf.card import NARROW as NARROW_TYPES

__all__ = [
    "NARROW",
    "WIDE",
    "joined",
    "latency_layout",
    "load_of",
    "plan_kind",
    "serving_plan_kind",
    "step_layout",
    "stretches",
    "width_of",
]

#: Layouts of steps: products in 16 bits or more, or in fewer, whose recipes scale, cast and keep layers wide in ways
#: that no row says.
WIDE, NARROW = "16 bits", "below 16 bits"
_JOINT = " > "
#: Requests at once up to which queues and batches are of one kind.
_LOADS = ((4, "few at once"), (64, "some at once"))


def joined(*parts: str) -> str:
    """Return the layout of parts from the coarse to the fine, up to the first that is not known.

    >>> joined("one fleet", "few at once", "tensor"), joined("one fleet", "", "tensor")
    ('one fleet > few at once > tensor', 'one fleet')
    """
    return _JOINT.join(takewhile(bool, parts))


def stretches(layout: str) -> tuple[str, ...]:
    """Return the classes that a layout lies in, the coarsest first.

    >>> stretches("one fleet > few at once"), stretches("")
    (('one fleet', 'one fleet > few at once'), ())
    """
    return tuple(accumulate(layout.split(_JOINT), lambda a, b: a + _JOINT + b)) if layout else ()


def width_of(dtype: str) -> str:
    """Return the width of a step's number format.

    >>> width_of("bf16"), width_of("fp8")
    ('16 bits', 'below 16 bits')
    """
    return NARROW if dtype in NARROW_TYPES else WIDE


def load_of(at_once: float) -> str:
    """Return how many requests an engine has at once, in words.

    >>> load_of(1), load_of(32), load_of(256)
    ('few at once', 'some at once', 'many at once')
    """
    return next((words for most, words in _LOADS if at_once <= most), "many at once")


def plan_kind(plan: Any) -> str:
    """Return how a plan of training (degrees ``tp``, ``pp``, ``ep``, stage ``zero``) spreads the work, by what it uses
    most visibly.

    >>> from clustersim.perf.plan import Plan
    >>> plan_kind(Plan(tp=8, pp=4)), plan_kind(Plan(dp=8, zero=3))
    ('pipeline and tensors', 'sharded data parallel')
    """
    if plan.ep > 1:
        return "experts and pipeline" if plan.pp > 1 else "experts"
    if plan.zero == 3:
        return "sharded data parallel"
    if plan.pp > 1:
        return "pipeline and tensors" if plan.tp > 1 else "pipeline"
    return "tensors" if plan.tp > 1 else "data parallel"


def serving_plan_kind(plan: Any, *, split: bool) -> str:
    """Return how a replica's plan (degrees ``tp``, ``pp``, ``dp``, ``ep``) spreads the work, or that phases are apart.

    >>> from clustersim.schema.serving import ServingPlan
    >>> serving_plan_kind(ServingPlan(tp=8), split=False), serving_plan_kind(ServingPlan(), split=True)
    ('tensor', 'disaggregated')
    """
    kinds = (("disaggregated", split), ("replicated attention", plan.dp > 1), ("pipeline", plan.pp > 1),
             ("experts", plan.ep > 1), ("tensor", plan.tp > 1))  # fmt: skip
    return next((name for name, used in kinds if used), "one card")


def step_layout(dtype: str, kind: str) -> str:
    """Return the layout of a step: the width of its number format, and its kind of plan where that is known."""
    return joined(width_of(dtype), kind)


def latency_layout(*, split: bool, load: str, kind: str) -> str:
    """Return the layout of a latency: one fleet or two, how many requests at once, and the kind of plan.

    >>> latency_layout(split=False, load="few at once", kind="tensor"), latency_layout(split=True, load="", kind="")
    ('one fleet > few at once > tensor', 'split fleet')
    """
    return joined("split fleet" if split else "one fleet", load, kind)
