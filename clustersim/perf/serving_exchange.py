"""The collectives inside one serving iteration: all-reduces of a tensor group, exchange of experts' tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import as_array, number
from clustersim.fabric.collectives import collective_time
from clustersim.fabric.network import Network
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import Efficiency, Layout, Precision, stage_share

__all__ = ["exchange_seconds", "kv_transfer_seconds", "small_all_reduce"]

Array = NDArray[np.float64]


def small_all_reduce(size: Array, n: int, network: Network, one_shot_s: float) -> Any:
    """Seconds of an all-reduce over ``n`` cards: the fabric's, or the engines' own kernel where that is faster.

    Inside one coherent domain the engines use a kernel in which every card reads all n - 1 others' buffers at
    once: one step of ``one_shot_s`` and (n - 1) times the bytes, half of them with the two-step form.

    >>> net = Network.flat(bandwidth=50e9, latency=5e-6)
    >>> float(small_all_reduce(np.array([1e3]), 1, net, 5e-6)[0])
    0.0
    """
    if n <= 1:
        return np.zeros_like(size)
    local = min(n, network.scale_up_size)
    general = as_array(collective_time("all_reduce", size, n, local=local, network=network).total_s)
    if n > network.scale_up_size:
        return general
    rate = network.scale_up_rate(float(n))
    one = one_shot_s + size * (n - 1) / rate
    two = 2.0 * one_shot_s + 2.0 * size * (n - 1) / n / rate
    return as_array(np.minimum(np.minimum(one, two), general))


def exchange_seconds(
    n: Array, model: Model, layout: Layout, network: Network, efficiency: Efficiency, precision: Precision
) -> Array:
    """Seconds of the collectives of one stage for n tokens.

    A tensor group reduces twice per layer. With attention-data parallelism the expert layers' second reduction
    becomes a dispatch (one byte per value) and a combine (activation width) over all cards of the stage
    (DeepSeek-V3 report, arXiv:2412.19437 sections 3.2.2 and 3.4); between coherent domains each takes the engine's
    ``far_exchange_s`` more.
    """
    one_shot_s = efficiency.one_shot_s
    size = n / layout.dp * model.hidden * precision.activation_bytes
    stage = stage_share(model, layout)
    layers, moe = model.layers * stage, model.moe_layers * stage
    seconds = np.zeros_like(n)
    if layout.tp > 1:
        reductions = layers + (layers - moe if layout.dp > 1 else layers)
        seconds = seconds + reductions * small_all_reduce(size, layout.tp, network, one_shot_s)
    cards = layout.tp * layout.dp
    if moe > 0 and layout.dp > 1:
        # A token travels once to each card that holds one of its experts.
        copies = _homes(model, layout.ep) * cards / layout.ep
        sent = n / cards * (model.expert_hidden or model.hidden) * copies
        local = min(cards, network.scale_up_size)
        for width in (1.0, precision.activation_bytes):
            hop = collective_time("all_to_all", sent * width, cards, local=local, network=network)
            seconds = seconds + moe * (hop.scale_up_transfer_s + hop.scale_out_transfer_s)
            near = cards <= local
            seconds = seconds + moe * np.minimum(hop.latency_s, one_shot_s if near else np.inf)
            seconds = seconds + (0.0 if near else moe * efficiency.far_exchange_s)
    if layout.pp > 1:
        far = 1 if cards * layout.pp > network.scale_up_size else 2
        seconds = seconds + collective_time("send", size, 2, local=far, network=network).total_s
    return seconds


def _homes(model: Model, ep: int) -> float:
    """Expert groups that hold some of a token's experts, on average; routing within some groups limits them."""
    reach = ep * model.groups_per_token / model.router_groups
    # A token reaches fewer ranks than there are only where its groups span less than all of them.
    ranks = max(1.0, reach) if model.router_groups > 1 else float(ep)
    homes = ranks * -np.expm1(model.experts_per_token * np.log1p(-1.0 / max(ranks, 2)))
    return max(float(homes), 1.0)


def kv_transfer_seconds(
    kv_bytes_per_token: float, network: Network, *, same_domain: bool = False
) -> tuple[float, float]:
    """Return (latency, seconds per token) of handing a prompt's cache to another replica.

    Every card of the prefill replica sends its part over its own network card at once, so the bytes per token are
    those of one card.
    """
    local = 2 if same_domain else 1
    start = collective_time("send", 0.0, 2, local=local, network=network)
    one = collective_time("send", kv_bytes_per_token, 2, local=local, network=network)
    per_token = number(one.scale_up_transfer_s + one.scale_out_transfer_s)
    return number(start.latency_s), per_token
