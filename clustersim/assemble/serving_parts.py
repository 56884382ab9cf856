"""The sections of a serving workload as the engine takes them: number formats, layout, scheduler, adapters."""

from __future__ import annotations

from typing import Any

from clustersim.des.serving.rules import Batching
from clustersim.perf.card import Card
from clustersim.perf.serving_adapters import Adapters
from clustersim.perf.serving_draft import tokens_per_step
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.serving import PrecisionSection, ServingPlan

__all__ = ["adapters_of", "batching_of", "format_by_rule", "layout_spec", "precision_spec"]

#: Formats that meet a rule of width, the one with hardware of its own first.
_BY_RULE = {"16bit": ("bf16", "fp16"), "8bit": ("fp8", "int8"), "4bit": ("fp4", "int4")}


def format_by_rule(name: str, card: Card) -> str:
    """Return a format by its name, or for a rule of width the first that the card computes in.

    A card that computes in neither keeps the last one in memory, and its arithmetic must be named wider.

    >>> card = Card(name="X", peak={"int8": 2.0, "bf16": 1.0}, memory_bytes=1, memory_bandwidth=1, gemm_efficiency=0.7,
    ...     memory_efficiency=0.8)
    >>> format_by_rule("8bit", card), format_by_rule("fp8", card)
    ('int8', 'fp8')
    """
    choices = _BY_RULE.get(name)
    if choices is None:
        return name
    return next((choice for choice in choices if choice in card.peak), choices[-1])


def precision_spec(section: PrecisionSection, card: Card) -> Precision:
    """Return the formats of a workload on a card."""
    return Precision(
        weights=format_by_rule(section.weights, card),
        linear=format_by_rule(section.linear, card),
        attention=format_by_rule(section.attention, card),
        cache=format_by_rule(section.cache, card),
        attention_weights=format_by_rule(section.attention_weights, card)
        if section.attention_weights
        else "",
    )


def layout_spec(plan: ServingPlan) -> Layout:
    """Return the layout of a replica."""
    return Layout(tp=plan.tp, pp=plan.pp, dp=plan.dp, ep=plan.ep)


def batching_of(
    work: ServingWorkload,
    acceptance: tuple[Any, ...],
    *,
    prefill_only: bool,
    decodes: bool = False,
    ranks: int = 1,
) -> Batching:
    """Return the scheduler of a replica; each of its attention ranks takes ``max_tokens`` of its own."""
    b, s, split = work.batching, work.speculative, work.disaggregated
    if split is not None and decodes and split.decode_batching is not None:
        b = split.decode_batching
    return Batching(
        max_tokens=b.max_tokens * ranks,
        max_sequences=b.max_sequences,
        chunked=b.chunked,
        split_over_stages=b.split_over_stages,
        mixed=b.mixed,
        max_waiting=b.max_waiting,
        timeout_s=b.timeout.value if b.timeout else float("inf"),
        prefill_only=prefill_only,
        sends_first=split is not None and decodes and split.first_token == "decode",
        tokens_per_step=tokens_per_step(acceptance) if s else 1,
        draft_tokens=s.draft_tokens if s else 0,
    )


def adapters_of(work: ServingWorkload) -> Adapters | None:
    """Return the adapters of a workload's requests; a replica keeps no more than there are."""
    a = work.adapters
    if a is None:
        return None
    return Adapters(a.count, a.rank, min(a.resident, a.count), a.skew.value, a.targets == "all")
