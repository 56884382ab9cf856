"""What a card's profile says of single operators and of its power: rates of products, attention and reads, and watts.

They are what rows of operators and of card power are predicted by, and what `profiles show CARD` prints.
"""

from __future__ import annotations

from typing import Any

from clustersim.assemble.calibrated import factors_of
from clustersim.assemble.parts import card_spec
from clustersim.econ.power import LINK_WEIGHT, MEMORY_WEIGHT, TENSOR_WEIGHT, card_power_w
from clustersim.errors import InputError
from clustersim.perf.card import NARROW
from clustersim.perf.plan import TUNED_SOFTWARE
from clustersim.schema.calibrated import FACTORS
from clustersim.schema.profiles import CardProfile

__all__ = ["LOADS", "OPERATORS", "card_figures", "load_power_w", "operator_rate"]

#: Operator -> unit of its rate.
OPERATORS = {"matrix_rate": "TFLOP/s", "attention_rate": "TFLOP/s", "memory_rate": "GB/s"}
#: Load -> utilisation of tensor units, memory and links.
LOADS = {
    "gemm": (1.0, 0.0, 0.0),
    "memory": (0.0, 1.0, 0.0),
    "scale_up": (0.0, 0.0, 1.0),
    "scale_out": (0.0, 0.0, 1.0),
}


def operator_rate(profile: CardProfile, operator: str, dtype: str = "") -> float:
    """Return TFLOP/s or GB/s of an operator: peak x share, without what a power limit takes over whole steps.

    >>> from clustersim.schema.profiles import load_card
    >>> operator_rate(load_card("Ascend-910B"), "matrix_rate", "bf16")
    304.56

    Raises InputError for a number format that the card lacks.
    """
    card = card_spec(profile)
    if operator == "memory_rate":
        return float(card.memory_bandwidth * card.memory_efficiency) / 1e9
    narrow = dtype in NARROW and card.gemm_efficiency_fp8 > 0
    share = float(card.gemm_efficiency_fp8 if narrow else card.gemm_efficiency)
    if operator == "attention_rate":
        stated = profile.efficiency.attention
        share = stated.value if stated else share * TUNED_SOFTWARE.attention_share
        share *= dict(zip(FACTORS, factors_of(profile), strict=False)).get("attention", 1.0)
    return card.peak_of(dtype) * min(share, 1.0) / 1e12


def load_power_w(profile: CardProfile, load: str) -> float | None:
    """Return the watts of a card under one load of ``LOADS``; nothing where its idle power is not known."""
    power = profile.power
    if power is None or power.idle is None:
        return None
    tensor, memory, link = LOADS[load]
    return card_power_w(
        idle_w=power.idle.value, tdp_w=power.tdp.value, u_tensor=tensor, u_memory=memory, u_link=link
    )


def card_figures(profile: CardProfile) -> list[dict[str, Any]]:
    """Return one row a figure (``figure``, ``value``, ``unit``, ``formula``) of what the profile has numbers for."""
    try:
        card_spec(profile)
    except InputError:
        return _powers(profile)
    return _rates(profile) + _powers(profile)


def _rates(profile: CardProfile) -> list[dict[str, Any]]:
    words = {
        "matrix_rate": "share of large products (of 8 bits and fewer where the profile has it)",
        "attention_rate": "share of fused attention",
    }
    rows = [
        _row(
            f"{name}.{dtype}", operator_rate(profile, name, dtype), OPERATORS[name], f"peak.{dtype} x {said}"
        )
        for dtype in profile.peak
        for name, said in words.items()
    ]
    rate = operator_rate(profile, "memory_rate")
    return [*rows, _row("memory_rate", rate, "GB/s", "memory.bandwidth x efficiency.memory")]


def _powers(profile: CardProfile) -> list[dict[str, Any]]:
    power = profile.power
    if power is None or power.idle is None:
        return []
    weights = {
        load: sum(
            weight * use
            for weight, use in zip((TENSOR_WEIGHT, MEMORY_WEIGHT, LINK_WEIGHT), uses, strict=True)
        )
        for load, uses in LOADS.items()
    }
    rows = [
        _row(f"card_power_w.{load}", watts, "W", f"idle + {weights[load]:g} x (TDP - idle)")
        for load in LOADS
        if (watts := load_power_w(profile, load)) is not None
    ]
    return [*rows, _row("idle_share", power.idle.value / power.tdp.value, "1", "power.idle / power.tdp")]


def _row(figure: str, value: float, unit: str, formula: str) -> dict[str, Any]:
    return {"figure": figure, "value": value, "unit": unit, "formula": formula}
