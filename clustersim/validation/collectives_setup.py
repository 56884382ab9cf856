"""Which card and network a row of collective measurements ran on, read from its words and the profiles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clustersim.fabric.network import EFA_LATENCY_S, RDMA_LATENCY_S, Network
from clustersim.reading.tables import shipped_rows
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import load_card

__all__ = ["SCALE_OUT_SHARE", "Unpredictable", "cards_per_domain", "network_of", "nic_rate", "reads_as_card"]

#: Share of a NIC's wire rate that long messages reach: 46-48 of 50 GB/s on 400 Gb/s (NVIDIA/nccl-tests issue 290;
#: published).
SCALE_OUT_SHARE = 0.94
#: Share of the scale-up bandwidth that an in-switch reduction reaches on Hopper (derived: tuned on 16 H100).
HOPPER_REDUCTION = 0.66
#: The same on Blackwell, by the ratio of NCCL's own two constants (src/graph/tuning.cc: 0.74 and 0.85; published).
BLACKWELL_REDUCTION = HOPPER_REDUCTION * 0.74 / 0.85
#: Seconds per step inside a domain (NCCL src/graph/tuning.cc, ring hop, Simple protocol, NVLink; published).
STEP_S = 3.4e-6
#: Share of the scale-up bandwidth of a card whose profile states none (A100 rings 0.78; derived).
SCALE_UP_SHARE = 0.80
#: Gb/s of all network cards of an instance type, for rows that name the instance (AWS product pages; published).
INSTANCE_GBPS = {"p4d": 400.0, "p4de": 400.0, "p5": 3200.0, "p5e": 3200.0, "p5en": 3200.0}
#: Gb/s of the InfiniBand speed grades (published).
GRADE_GBPS = {"EDR": 100.0, "HDR": 200.0, "NDR": 400.0, "XDR": 800.0}
#: Words for a card that are no profile name -> profile.
_ALIASES = (
    (r"^SM100\b", "B200"), (r"^SM90\b", "H100"), (r"^A100.*40\s*G", "A100-40G"),
    (r"^A100\b", "A100-80G"), (r"^DGX A100\b", "A100-80G"), (r"^H100\b", "H100"), (r"^H200\b", "H200"),
    (r"^H800\b", "H800"), (r"^A800\b", "A800"), (r"^B200\b", "B200"), (r"^H20\b", "H20"),
)  # fmt: skip
_FILE = Path(__file__).resolve().parent.parent / "data" / "validation" / "collectives_cards.csv"


class Unpredictable(Exception):
    """A row lacks what a prediction needs; the message says what."""


@dataclass(frozen=True, slots=True)
class _Links:
    """The scale-up side of a card."""

    card: str
    bandwidth: float
    wiring: str
    domain: int
    latency: float
    share: float


def reads_as_card(gpu: str) -> str:
    """Return the profile's name behind a row's words for its card.

    >>> reads_as_card("H100 (p5)"), reads_as_card("SM90 CX7"), reads_as_card("GB200")
    ('H100', 'H100', 'GB200')

    Raises Unpredictable for a card without a profile.
    """
    text = gpu.strip()
    names = {name.lower(): name for name in (*known_names("hwprofiles/cards"), *_extra_cards())}
    if text.lower() in names:
        return names[text.lower()]
    first = re.split(r"[\s(]", text, maxsplit=1)[0].lower()
    if first in names:
        return names[first]
    if not re.search(r"pcie|nvl\b", text, re.IGNORECASE):
        for pattern, name in _ALIASES:
            if re.search(pattern, text, re.IGNORECASE):
                return name
    raise Unpredictable(f"no profile of the card {text!r}" if text else "the card is not named")


@lru_cache(maxsize=1)
def _extra_cards() -> Mapping[str, _Links]:
    """Cards that only these measurements know: too little is stated for a whole profile."""
    return {
        row["card"]: _Links(
            row["card"], float(row["bandwidth_GBs"]) * 1e9, row["wiring"], int(row["domain"]),
            STEP_S, SCALE_UP_SHARE,
        )
        for row in shipped_rows(_FILE)
    }  # fmt: skip


def _links(card: str) -> _Links:
    extra = _extra_cards()
    if card in extra:
        return extra[card]
    profile = load_card(card)
    if profile.scale_up is None:
        raise Unpredictable(f"the profile of {card} has no scale_up: nobody has published its links")
    up, share = profile.scale_up, profile.efficiency.scale_up
    return _Links(
        card,
        up.bandwidth.value,
        up.wiring,
        int(up.domain.value),
        up.latency.value if up.latency else STEP_S,
        share.value if share else SCALE_UP_SHARE,
    )


def cards_per_domain(fabric: str, n: int, domain: int) -> int:
    """Return how many cards of the group share a domain, from words such as ``2 nodes`` or ``NVL72 x20``.

    >>> cards_per_domain("NVLink4 + 32x100G EFA per node, 2 nodes", 16, 8), cards_per_domain("inter-server", 2, 8)
    (8, 1)
    >>> cards_per_domain("NVLink3 NVSwitch", 64, 8), cards_per_domain("", 12, 8)
    (8, 6)
    """
    if re.search(r"inter-(server|node)", fabric, re.IGNORECASE):
        return 1
    nodes = 0
    for pattern in (
        r"(\d+)\s*nodes?\b",
        r"(\d+)\s*racks?\b",
        r"NVL\d+\s*x\s*(\d+)",
        r"(\d+)\s*x\s*(?:DGX|HGX)",
    ):
        found = re.search(pattern, fabric, re.IGNORECASE)
        if found:
            nodes = int(found.group(1))
            break
    if nodes and n % nodes == 0 and n // nodes <= domain:
        return n // nodes
    # Else the fewest domains that divide the group evenly.
    return next(k for k in range(min(n, domain), 0, -1) if n % k == 0)


def nic_rate(fabric: str, gpu: str, cards_per_node: int) -> float:
    """Return bytes/s of network per card and direction that a row states; 0 where it states none.

    ``32x100G`` and ``4x HDR200`` count a node's NICs; a rate alone (``CX7 400G``, ``NDR``) is one NIC per card;
    an instance name stands for its published total.

    >>> nic_rate("NVLink4 + 32x100G EFA per node, 2 nodes", "H100 (p5)", 8) / 1e9
    50.0
    >>> nic_rate("CX7 400G RDMA", "SM90", 8) / 1e9, nic_rate("NVLink3", "A100", 8)
    (50.0, 0.0)
    """
    grade = "|".join(GRADE_GBPS)
    counted = re.search(r"(\d+)\s*x\s*(?:[A-Za-z][\w-]*\s+)?(\d+)\s*G", fabric, re.IGNORECASE)
    if counted is None:
        counted = re.search(rf"(\d+)\s*x\s*(?:{grade})(\d+)", fabric, re.IGNORECASE)
    if counted:
        return int(counted.group(1)) * float(counted.group(2)) / 8 * 1e9 / cards_per_node
    named = re.search(rf"(\d+)\s*x\s*({grade})\b", fabric, re.IGNORECASE)
    if named:
        return int(named.group(1)) * GRADE_GBPS[named.group(2).upper()] / 8 * 1e9 / cards_per_node
    nominal = re.search(r"nominal\s+(\d+(?:\.\d+)?)", fabric)
    if nominal:
        return float(nominal.group(1)) * 1e9
    alone = re.search(r"\b(\d+)\s*G(?:b/s|bps|bE)?\b", fabric)
    if alone:
        return float(alone.group(1)) / 8 * 1e9
    for name, rate in GRADE_GBPS.items():
        if re.search(rf"\b{name}\d*\b", fabric):
            return rate / 8 * 1e9
    instance = re.search(r"\b(p4de|p4d|p5en|p5e|p5)\b", f"{gpu} {fabric}", re.IGNORECASE)
    return INSTANCE_GBPS[instance.group(1).lower()] / 8 * 1e9 / cards_per_node if instance else 0.0


def _reduction(card: str, wiring: str) -> float:
    if wiring != "switched":
        return 0.0
    if re.match(r"H[12]\d{2}$|H20$|H800$", card):
        return HOPPER_REDUCTION
    return BLACKWELL_REDUCTION if re.match(r"G?B\d{3}$", card) else 0.0


def network_of(gpu: str, fabric: str, n: int) -> tuple[str, Network, int]:
    """Return (card profile, network, cards of the group per domain) of a row.

    Raises Unpredictable where the card, its links, or the NICs that the group needs are not stated.
    """
    card = reads_as_card(gpu)
    links = _links(card)
    rack = re.search(r"NVL(\d+)", fabric)
    domain = int(rack.group(1)) if rack else links.domain
    local = cards_per_domain(fabric, n, domain)
    rate = nic_rate(fabric, gpu, domain)
    if local < n and not rate:
        raise Unpredictable("the group spans servers, and the row does not say what NICs they have")
    efa = re.search(r"EFA|\bp4de?\b|\bp5e?n?\b", f"{gpu} {fabric}")
    network = Network(
        scale_up_size=max(domain, local),
        scale_up_bandwidth=links.bandwidth,
        scale_up_latency=links.latency,
        scale_up_wiring=links.wiring,
        scale_up_efficiency=links.share,
        # A group inside one domain never asks for it.
        scale_out_bandwidth=rate or links.bandwidth,
        scale_out_latency=EFA_LATENCY_S if efa else RDMA_LATENCY_S,
        scale_out_efficiency=SCALE_OUT_SHARE,
        in_network_reduction="SHARP" in fabric,
        scale_up_reduction_efficiency=_reduction(card, links.wiring),
    )
    return card, network, local
