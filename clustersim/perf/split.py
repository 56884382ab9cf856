"""How the layers of a model are given out to the stages of a pipeline, any number of layers to any number of stages.

A pipeline has pp x interleave chunks. The layers, and the embedding and the output head with its extra predictions
where the framework counts them as layers, are slots that are given out evenly: every chunk has one slot of each
round, the first chunks the rest. What a stage then holds is a ``StageLoad``; the slowest and the fullest stage are
always among the few of ``telling_loads``, so that no plan needs a loop over its stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.perf.model import Model
from clustersim.perf.plan import Plan

__all__ = [
    "LEADING_DENSE",
    "StageLoad",
    "choose",
    "stage_layers",
    "stage_load",
    "telling_loads",
    "whole_load",
]

#: A number, or an array with one entry a plan.
Real = Any

#: A model with no more dense layers than this has them in front (DeepSeek, Kimi); others alternate.
LEADING_DENSE = 3


@dataclass(frozen=True, slots=True)
class StageLoad:
    """What the cards of one stage compute for a micro-batch.

    Attributes:
        index: number of the stage, from 0.
        layers: its layers.
        mixtures: how many of them are mixtures of experts.
        embedding: 1 where it holds the input embedding.
        head: 1 where it holds the output head. A schedule whose cards serve two stages in turn gives halves.
    """

    index: Real
    layers: Real
    mixtures: Real
    embedding: Real
    head: Real

    @property
    def dense(self) -> Real:
        """Layers without experts."""
        return self.layers - self.mixtures


def choose(where: Real, one: Any, other: Any) -> Any:
    """Return, field by field of two like dataclasses, ``one`` where the condition holds and ``other`` elsewhere."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__]
    if np.ndim(where):
        return type(one)(*(np.where(where, *pair) for pair in pairs))
    return type(one)(*(pair[0] if where else pair[1] for pair in pairs))


def whole_load(model: Model) -> StageLoad:
    """Return the load of a stage that holds the whole model."""
    return StageLoad(0, model.layers, model.moe_layers, 1, 1)


def stage_load(model: Model, plan: Plan, index: Real) -> StageLoad:
    """Return what a stage holds; stages beyond the last are the last.

    >>> m = Model(name="m", layers=30, hidden=128, heads=8, kv_heads=8, head_dim=16, ffn_hidden=512,
    ...     gated=False, vocab=1000)
    >>> [int(stage_load(m, Plan(pp=4), s).layers) for s in range(4)]
    [8, 8, 7, 7]
    >>> [int(stage_load(m, Plan(pp=4, embedding_slot=True, loss_slot=True), s).layers) for s in range(4)]
    [7, 8, 8, 7]
    """
    index = np.minimum(index, plan.pp - 1)
    if plan.schedule == "dualpipe":
        # Half of the micro-batches come from the other end: the mean of a stage and its mirror.
        near, far = (_chunks(model, plan, 1, (i,)) for i in (index, plan.pp - 1 - index))
        mean = [(one + other) / 2 for one, other in zip(near, far, strict=True)]
        return StageLoad(index, *mean)
    if plan.schedule == "zb_v":
        return StageLoad(index, *_chunks(model, plan, 2, (index, 2 * plan.pp - 1 - index)))
    return StageLoad(index, *_rounds(model, plan, index))


def _slots(model: Model, plan: Plan) -> Real:
    return model.layers + 1 * plan.embedding_slot + _head_slots(model, plan)


def _head_slots(model: Model, plan: Plan) -> Real:
    """Slots that the output head takes, and each extra prediction two, a block and another pass through the head.

    As far as the last stage has room (Megatron-Bridge, recipes of DeepSeek-V3: 61 layers on 8 stages are 8 of 8 but the
    last, which has 5).
    """
    if not model.prediction_layers:
        return 1 * plan.loss_slot
    every = 1 + 2 * model.prediction_layers
    room = (model.layers + 1 * plan.embedding_slot + every) // plan.pp
    return np.minimum(every, np.maximum(1, room)) * plan.loss_slot


def _rounds(model: Model, plan: Plan, index: Real) -> tuple[Real, Real, Real, Real]:
    """Layers, mixtures, embedding and head of a stage that takes every pp-th chunk.

    Over all rounds a stage has slots // pp, and one more among the first slots mod pp: the interleave drops out.
    """
    each, more = np.divmod(_slots(model, plan), plan.pp)
    first, last = np.equal(index, 0), np.equal(index, plan.pp - 1)
    layers = each + np.less(index, more) - plan.embedding_slot * first - _head_slots(model, plan) * last
    if not leads_with_dense(model):
        return layers, layers * (model.moe_layers / model.layers), 1 * first, 1 * last
    dense: Real = 0
    for chunk in range(_others(model) + 1 + plan.embedding_slot):
        mine = np.equal(chunk % plan.pp, index) & np.less(chunk, plan.pp * plan.interleave)
        dense = dense + mine * _dense_of(model, plan, plan.interleave, chunk)
    return layers, layers - dense, 1 * first, 1 * last


def _chunks(model: Model, plan: Plan, rounds: int, chunks: tuple[Real, ...]) -> tuple[Real, Real, Real, Real]:
    """Layers, mixtures, embedding and head of some of the chunks of a pipeline of ``rounds`` chunks a card."""
    layers: Real = 0
    mixtures: Real = 0
    embedding: Real = 0
    head: Real = 0
    for chunk in chunks:
        size = _start(model, plan, rounds, chunk + 1) - _start(model, plan, rounds, chunk)
        here = size - _dense_of(model, plan, rounds, chunk) if leads_with_dense(model) else (
            size * (model.moe_layers / model.layers)
        )  # fmt: skip
        layers, mixtures = layers + size, mixtures + here
        embedding = embedding + 1 * np.equal(chunk, 0)
        head = head + 1 * np.equal(chunk, plan.pp * rounds - 1)
    return layers, mixtures, embedding, head


def _others(model: Model) -> int:
    """Layers that are no mixtures."""
    return int(model.layers - model.moe_layers)


def leads_with_dense(model: Model) -> bool:
    """Whether the model's dense layers are all in front."""
    return 0 < _others(model) <= LEADING_DENSE and model.moe_layers > 0 and not model.ffn_free_layers


def _start(model: Model, plan: Plan, rounds: Real, chunk: Real) -> Real:
    """Layers before a chunk; of the number of chunks, all."""
    each, more = np.divmod(_slots(model, plan), plan.pp * rounds)
    slots = chunk * each + np.minimum(chunk, more)
    after = slots - plan.embedding_slot * np.greater(chunk, 0)
    return np.minimum(after, model.layers)


def _dense_of(model: Model, plan: Plan, rounds: Real, chunk: Real) -> Real:
    """Leading dense layers of a chunk."""
    start, end = (_start(model, plan, rounds, c) for c in (chunk, chunk + 1))
    return np.minimum(end, _others(model)) - np.minimum(start, _others(model))


def telling_loads(model: Model, plan: Plan) -> list[StageLoad]:
    """Return loads among which are the slowest stage and the fullest: the first ones and the last.

    From the first stage without a leading dense layer on, none is longer or holds more micro-batches than that one,
    until the last with the head. Where cards serve a stage and its mirror the longest are in the middle.
    """
    deepest = np.max(plan.pp)
    few = 2 + (_others(model) + 1 * plan.embedding_slot if leads_with_dense(model) else 0)
    numbers: list[Real] = [n for n in range(int(few)) if n < deepest]
    if plan.schedule == "dualpipe":
        numbers.append(plan.pp // 2)
    if deepest > few:
        numbers.append(plan.pp - 1)
    return [stage_load(model, plan, n) for n in numbers]


def stage_layers(model: Model, plan: Plan) -> tuple[float, ...]:
    """Return the layers of every stage of one plan, in order."""
    return tuple(float(stage_load(model, plan, n).layers) for n in range(plan.pp))
