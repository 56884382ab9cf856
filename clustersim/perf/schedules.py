"""Pipeline schedules by name: their bubble, what a stage keeps in flight, and copies of the parameters.

With F, B and W the seconds of one micro-batch on a stage forward, backward for inputs and backward for weights, p
stages, v chunks of a stage and m micro-batches:

============  ==============================  ======================================  ======
schedule      bubble                          micro-batches in flight at stage s      copies
============  ==============================  ======================================  ======
gpipe         (p-1)(F+B+W)                    m                                       1
1f1b          (p-1)(F+B+W)                    p - s                                   1
interleaved   (p-1)(F+B+W) / v                ((v-1) p + 2 (p-1-s) + 1) / v           1
zb_h1         (p-1)(F+B-W)                    p                                       1
zb_h2         (p-1)(F+B-2W)                   2p - 1                                  1
zb_v          (p-1)(F+B-2W)                   p                                       1
dualpipe      (p/2-1)(F&B+B+W-3W)             p + 1                                   2
============  ==============================  ======================================  ======

Sources: gpipe arXiv:1811.06965; 1f1b and interleaved arXiv:2104.04473, section 2.2, and arXiv:2205.05198, section
4.2.3; zb_h1 and zb_h2 arXiv:2401.10241, table 2; zb_v arXiv:2405.15362 (no bubble where F = B = W; where they differ
counted as ZB-H2's); dualpipe arXiv:2412.19437, table 2, where F&B is a forward and a backward pass that overlap.
Never more micro-batches are in flight than there are, and no bubble is below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.perf.plan import Plan

__all__ = ["Phases", "bubble_share", "copies_of_parameters", "fewest_micro_batches", "in_flight"]

#: A number, or an array with one entry a plan.
Real = Any


@dataclass(frozen=True, slots=True)
class Phases:
    """Seconds of a micro-batch on a stage: forward, backward for inputs, backward for weights."""

    forward: Real
    inputs: Real
    weights: Real

    @property
    def total(self) -> Real:
        """Forward and backward."""
        return self.forward + self.inputs + self.weights


def bubble_share(plan: Plan, phases: Phases) -> Real:
    """Return the bubble over what 1F1B leaves idle, which is the time of all other stages for one micro-batch.

    >>> from clustersim.perf.plan import Plan
    >>> thirds = Phases(1.0, 1.0, 1.0)
    >>> [round(float(bubble_share(Plan(pp=8, schedule=s), thirds)), 2) for s in ("1f1b", "zb_h1", "zb_h2")]
    [1.0, 0.33, 0.0]
    >>> round(float(bubble_share(Plan(pp=8, schedule="dualpipe"), thirds)), 3)
    0.286
    """
    f, b, w, total = phases.forward, phases.inputs, phases.weights, np.maximum(phases.total, 1e-30)
    if plan.schedule == "zb_h1":
        return np.maximum(0.0, f + b - w) / total
    if plan.schedule in ("zb_h2", "zb_v"):
        return np.maximum(0.0, f + b - 2 * w) / total
    if plan.schedule == "dualpipe":
        idle = (plan.pp / 2 - 1) * np.maximum(0.0, total + b + w - 3 * w)
        return idle / (np.maximum(1, plan.pp - 1) * total)
    return 1.0 / plan.interleave


def copies_of_parameters(plan: Plan) -> int:
    """Return how many stages' parameters a card holds: two where it serves a stage and its mirror.

    >>> copies_of_parameters(Plan(pp=8, schedule="dualpipe"))
    2
    """
    return 2 if plan.schedule == "dualpipe" else 1


def fewest_micro_batches(plan: Plan) -> int:
    """Return how many micro-batches a step needs at least: two a stage where they come from both ends.

    DualPipe's own code asks for them (github.com/deepseek-ai/DualPipe).
    """
    return 2 * plan.pp if plan.schedule == "dualpipe" else 1


def in_flight(plan: Plan, micro_batches: Real, index: Real) -> Real:
    """Return the micro-batches whose activations a stage holds at once; of an interleaved one, in whole stages.

    >>> [float(in_flight(Plan(pp=4), 16, s)) for s in (0, 3)]
    [4.0, 1.0]
    >>> float(in_flight(Plan(pp=4, interleave=2, schedule="interleaved"), 16, 0))
    5.5
    """
    pp = plan.pp
    if plan.schedule == "gpipe":
        return 1.0 * micro_batches
    if plan.schedule in ("zb_h1", "zb_v"):
        return 1.0 * np.minimum(pp, micro_batches)
    if plan.schedule == "zb_h2":
        return 1.0 * np.minimum(2 * pp - 1, micro_batches)
    if plan.schedule == "dualpipe":
        return 1.0 * np.minimum(pp + 1, micro_batches)
    plain = np.minimum(pp - index, micro_batches)
    chunks = (plan.interleave - 1) * pp + 2 * (pp - 1 - index) + 1
    several = np.minimum(pp, micro_batches) / pp * chunks / plan.interleave
    return np.where(np.greater(plan.interleave, 1), several, plain)
