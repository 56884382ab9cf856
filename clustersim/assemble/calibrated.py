"""The factors of a calibrated card, put on what the engine takes; a card without the section is left as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clustersim.columns import least, most
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.plan import Software
from clustersim.perf.serving_engine import Efficiency
from clustersim.schema.calibrated import FACTORS, CalibratedProfile
from clustersim.schema.profiles import CardProfile

__all__ = [
    "calibrated_card",
    "calibrated_engine",
    "calibrated_network",
    "calibrated_stack",
    "factors_of",
    "uncalibrated",
]


def _factor(found: CalibratedProfile, name: str) -> Any:
    value = getattr(found, name)
    return 1.0 if value is None else value.value


def factors_of(card: CardProfile) -> tuple[Any, ...]:
    """Return the factors of a card in the order of ``FACTORS``; nothing where it was not calibrated."""
    return () if card.calibrated is None else tuple(_factor(card.calibrated, name) for name in FACTORS)


def uncalibrated(card: CardProfile) -> CardProfile:
    """Return the card without its factors."""
    return card if card.calibrated is None else card.model_copy(update={"calibrated": None})


def calibrated_card(card: Card, found: CalibratedProfile | None) -> Card:
    """Return a card whose shares of its peaks and its bandwidth are multiplied; no share passes 1."""
    if found is None:
        return card
    matrix = _factor(found, "matrix")
    return replace(
        card,
        gemm_efficiency=least(card.gemm_efficiency * matrix, 1.0),
        gemm_efficiency_fp8=least(card.gemm_efficiency_fp8 * matrix, 1.0),
        memory_efficiency=least(card.memory_efficiency * _factor(found, "memory"), 1.0),
    )


def calibrated_network(network: Network, found: CalibratedProfile | None) -> Network:
    """Return a network whose links reach another share of their rate, and whose messages take longer or less."""
    if found is None:
        return network
    up = _factor(found, "scale_up")
    reduction = network.scale_up_reduction_efficiency
    return replace(
        network,
        scale_up_efficiency=least(network.scale_up_efficiency * up, 1.0),
        scale_up_reduction_efficiency=least(reduction * up, 1.0),
        scale_up_latency=network.scale_up_latency * _factor(found, "latency"),
        scale_out_efficiency=least(network.scale_out_efficiency * _factor(found, "scale_out"), 1.0),
    )


def calibrated_engine(engine: Efficiency, found: CalibratedProfile | None) -> Efficiency:
    """Return a serving engine's constants on a calibrated card."""
    if found is None:
        return engine
    layer, step, request = (_factor(found, name) for name in ("layer", "step", "request"))
    memory = _factor(found, "memory")
    return replace(
        engine,
        gemm=least(engine.gemm * _factor(found, "matrix"), 1.0),
        memory=least(engine.memory * memory, 1.0),
        kv=least(engine.kv * memory, 1.0),
        attention=least(engine.attention * _factor(found, "attention"), 1.0),
        expert=least(engine.expert * _factor(found, "experts"), 1.0),
        one_shot_s=engine.one_shot_s * _factor(found, "latency"),
        layer_s=engine.layer_s * layer,
        expert_layer_s=engine.expert_layer_s * layer,
        expert_copy_s=engine.expert_copy_s / memory,
        sent_copy_s=engine.sent_copy_s / memory,
        step_s=engine.step_s * step,
        sequence_s=engine.sequence_s * step,
        request_s=engine.request_s * request,
        prompt_token_s=engine.prompt_token_s * request,
    )


def calibrated_stack(stack: Software, found: CalibratedProfile | None) -> Software:
    """Return a training stack's constants on a calibrated card.

    The share of exchange that cannot hide, 1 - overlap, is what ``exposed`` multiplies.
    """
    if found is None:
        return stack
    host, exposed = _factor(found, "host"), _factor(found, "exposed")
    hidden = {
        name: most(0.0, 1.0 - (1.0 - share) * exposed) if share > 0 else share
        for name in ("dp_overlap", "tp_overlap", "ep_overlap")
        if (share := getattr(stack, name)) is not None
    }
    return replace(
        stack,
        **hidden,
        attention_share=least(stack.attention_share * _factor(found, "attention"), 1.0),
        host_layer_s=stack.host_layer_s * host,
        expert_launch_s=stack.expert_launch_s * host,
        layer_overhead_s=stack.layer_overhead_s * host,
        expert_overhead_s=stack.expert_overhead_s * host,
    )
