"""Which card and links a row of measurements ran on: the card by its exact name, the links from the row's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from clustersim.fabric.network import EFA_LATENCY_S
from clustersim.schema.lookup import exact_name, no_file
from clustersim.schema.profiles import CardProfile, load_card
from clustersim.validation.sources import shipped_rows

__all__ = [
    "CARDS_PER_SERVER",
    "NIC",
    "SUPERNODE_LINK",
    "Links",
    "Unpredictable",
    "card_of",
    "cards_per_domain",
    "links_of",
    "model_name",
    "nic_rate",
    "over_pcie",
    "unreadable",
]

CARDS, MODELS = "hwprofiles/cards", "hwprofiles/models"


def _words(kind: str) -> dict[str, float]:
    """Words of a kind that rows say of links (``link_words.csv``), with their Gb/s where they have some."""
    return {
        line["word"]: float(line["gbps"] or 0.0)
        for line in shipped_rows("link_words.csv")
        if line["kind"] == kind
    }


#: Network card whose latency and share of the wire rate hold where a row states a rate alone.
NIC = next(iter(_words("usual")))
#: Bytes/s of a link of a supernode of eight-card servers, for rows that count its modules.
SUPERNODE_LINK = next(iter(_words("supernode link").values())) / 8 * 1e9
#: Gb/s of all network cards of an instance type, for rows that name the instance.
INSTANCE_GBPS = _words("instance")
#: Gb/s of the speed grades, and of the switches that are named by theirs.
GRADE_GBPS = _words("grade")
#: Bytes/s of a PCIe slot of 16 lanes by generation, per direction (PCI-SIG, nominal; published).
PCIE_X16 = {3: 16e9, 4: 32e9, 5: 64e9, 6: 128e9}
#: Cards of a server, where a row does not say that its nodes hold more.
CARDS_PER_SERVER = 8
_RACKS = rf"(?:{'|'.join(_words('rack'))})"
_LINKS = rf"{'|'.join(_words('link'))}|{_RACKS}\d"
_SERVERS = "|".join(_words("server"))
_INSTANCES = rf"\b({'|'.join(INSTANCE_GBPS)})\b"


class Unpredictable(Exception):
    """A row lacks what a prediction needs; the message says what."""


def unreadable(key: str, text: str, wanted: str) -> Unpredictable:
    """Return the refusal of a row for a cell that cannot be read; an empty cell is what the row does not state."""
    return Unpredictable(f"{key} is {text!r}: it must be {wanted}, or empty where it is not stated")


@lru_cache(maxsize=512)
def card_of(text: str) -> CardProfile:
    """Return the card that a row names, by its exact name or a declared alias.

    >>> card_of("H100 (p5)").name, card_of("GB200").name, card_of("H100 PCIe").name
    ('H100', 'GB200', 'H100-PCIe')

    Raises Unpredictable with the nearest name for a card without a profile.
    """
    name = exact_name(CARDS, text) if text.strip() else None
    if name is None:
        raise Unpredictable(str(no_file(CARDS, text)))
    return load_card(name)


@lru_cache(maxsize=512)
def model_name(text: str) -> str | None:
    """Return the model file that a row's name means, None where no file goes by it.

    A remark in brackets at the end is no part of a name, unless a file declares it.

    >>> model_name("DeepSeek-V3 (dropless)"), model_name("DeepSeek-V30")
    ('deepseek-v3', None)
    """
    if not text.strip():
        return None
    found = exact_name(MODELS, text)
    bare = re.sub(r"\s*\([^()]*\)\s*$", "", text)
    return found or (exact_name(MODELS, bare) if bare and bare != text else None)


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
        rf"{_RACKS}\d+\s*x\s*(\d+)",
        rf"(\d+)\s*x\s*(?:{_SERVERS})",
    ):
        found = re.search(pattern, fabric, re.IGNORECASE)
        if found:
            nodes = int(found.group(1))
            break
    if nodes and n % nodes == 0 and n // nodes <= domain:
        return n // nodes
    # Else the fewest domains that divide the group evenly.
    return next(k for k in range(min(n, domain), 0, -1) if n % k == 0)


def _cards_per_node(fabric: str, n: int, domain: int) -> int:
    """Cards that share the NICs of a node: a server's, however few of them a coherent domain joins.

    A row whose nodes hold more says so by their number. Those of a rack are counted by eight cards.

    >>> _cards_per_node("IB 400 Gb/s per node, 2 nodes", 16, 2), _cards_per_node("2 nodes", 32, 4)
    (8, 16)
    """
    stated = re.search(r"(\d+)\s*nodes?\b", fabric, re.IGNORECASE)
    nodes = int(stated.group(1)) if stated and domain <= CARDS_PER_SERVER else 0
    return max(CARDS_PER_SERVER, n // nodes if nodes and n % nodes == 0 else 0)


def nic_rate(fabric: str, gpu: str, cards_per_node: int) -> float:
    """Return bytes/s of network per card and direction that a row states; 0 where it states none.

    ``32x100G``, ``8x50 GB/s`` and ``4x HDR200`` count a node's NICs, ``800 Gb/s per node`` adds them up; a rate alone
    (``CX7 400G``, ``NDR``) is one NIC per card; an instance name stands for its published total.

    >>> nic_rate("NVLink4 + 32x100G EFA per node, 2 nodes", "H100 (p5)", 8) / 1e9
    50.0
    >>> nic_rate("CX7 400G RDMA", "SM90", 8) / 1e9, nic_rate("NVLink3", "A100", 8)
    (50.0, 0.0)
    >>> nic_rate("NVSwitch + 800 Gb/s IB per node", "", 8) / 1e9, nic_rate("IB 8x50 GB/s", "", 8) / 1e9
    (12.5, 50.0)
    """
    per_node = _node_rate(fabric)
    if per_node:
        return per_node / cards_per_node
    nominal = re.search(r"nominal\s+(\d+(?:\.\d+)?)", fabric)
    if nominal:
        return float(nominal.group(1)) * 1e9
    alone = re.search(r"\b(\d+)\s*G(?:b/s|bps|bE)?(?![\w/])", fabric)
    if alone:
        return float(alone.group(1)) / 8 * 1e9
    for name, rate in GRADE_GBPS.items():
        if re.search(rf"\b{name}\d*\b", fabric):
            return rate / 8 * 1e9
    instance = re.search(_INSTANCES, f"{gpu} {fabric}", re.IGNORECASE)
    return INSTANCE_GBPS[instance.group(1).lower()] / 8 * 1e9 / cards_per_node if instance else 0.0


def _node_rate(fabric: str) -> float:
    """Bytes/s of all NICs of a node, 0 where the words do not count them."""
    in_bytes = re.search(r"(\d+)\s*x\s*(\d+)\s*GB/s", fabric)
    if in_bytes:
        return int(in_bytes.group(1)) * float(in_bytes.group(2)) * 1e9
    grade = "|".join(GRADE_GBPS)
    counted = re.search(r"(\d+)\s*[xX]\s*(?:[A-Za-z][\w-]*\s+)?(\d+)\s*G(?!B)", fabric)
    counted = counted or re.search(rf"(\d+)\s*x\s*(?:{grade})(\d+)", fabric, re.IGNORECASE)
    counted = counted or re.search(r"(\d+)\s*x\s*Omni-Path\s*(\d+)", fabric, re.IGNORECASE)
    if counted:
        return int(counted.group(1)) * float(counted.group(2)) / 8 * 1e9
    named = re.search(rf"(\d+)\s*x\s*({grade})\b", fabric, re.IGNORECASE)
    if named:
        grades = {word.upper(): rate for word, rate in GRADE_GBPS.items()}
        return int(named.group(1)) * grades[named.group(2).upper()] / 8 * 1e9
    added = re.search(r"(\d+)\s*Gb(?:/s|ps)[^.;]*\bnode", fabric)
    return float(added.group(1)) / 8 * 1e9 if added else 0.0


def over_pcie(fabric: str) -> bool:
    """Tell whether a row's words say that its cards exchange over PCIe and nothing else.

    >>> over_pcie("PCIe Gen5, no NVLink, 1 node"), over_pcie("NVLink4, PCIe Gen5 host"), over_pcie("NVSwitch")
    (True, False, False)
    """
    found = re.finditer(rf"(\bno\s+|\bwithout\s+)?(?:{_LINKS})", fabric, re.IGNORECASE)
    linked = any(match.group(1) is None for match in found)
    return bool(re.search(r"\bPCIe\b", fabric, re.IGNORECASE)) and not linked


def _scale_up(card: CardProfile, fabric: str) -> tuple[float, str]:
    """Bandwidth and wiring of a card's domain as a row's words and its profile say them together."""
    if card.scale_up is None:
        raise Unpredictable(f"the profile of {card.name} has no scale_up: nobody has published its links")
    up = card.scale_up
    if not over_pcie(fabric):
        return up.bandwidth.value, up.wiring
    if up.wiring != "pcie":
        raise Unpredictable(
            f"no profile of {card.name} over PCIe alone, as {fabric!r} says: its links are {up.wiring}"
        )
    gen = re.search(r"PCIe\s*(?:Gen)?\s*(\d)", fabric, re.IGNORECASE)
    return min(
        up.bandwidth.value, PCIE_X16.get(int(gen.group(1)), up.bandwidth.value)
    ) if gen else up.bandwidth.value, "pcie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a row's words say of its links; the rest is its card's and its NIC's profile."""

    domain: int
    """Cards of a coherent domain."""
    local: int
    """Cards of the group that share one."""
    bandwidth: float
    wiring: str
    nic_rate: float
    """Bytes/s per card and direction between domains; 0 where the group needs none and the row states none."""
    nic_latency: float | None
    """Seconds a step, where it is not the NIC profile's."""
    nic_said: str
    """Who says the rate."""
    in_network_reduction: bool


def links_of(card: CardProfile, fabric: str, gpu: str, n: int, *, usual_nic: bool = False) -> Links:
    """Return the links of a row on ``n`` cards.

    With ``usual_nic`` a row that states no NIC takes its card's usual one, and says so.

    Raises Unpredictable where links or NICs that the group needs are not known.
    """
    bandwidth, wiring = _scale_up(card, fabric)
    assert card.scale_up is not None
    rack = re.search(rf"{_RACKS}(\d+)", fabric)
    domain = int(rack.group(1)) if rack else int(card.scale_up.domain.value)
    local = cards_per_domain(fabric, n, domain)
    rate, said = nic_rate(fabric, gpu, _cards_per_node(fabric, n, domain)), "stated"
    if not rate and usual_nic and card.scale_out is not None:
        rate, said = card.scale_out.bandwidth.value, f"usual for {card.name}"
    if not rate and local < n:
        raise Unpredictable("the group spans servers, and the row does not say what NICs they have")
    efa = re.search(rf"EFA|{_INSTANCES}", f"{gpu} {fabric}")
    generation = re.search(r"EFA\s*v(\d)", fabric)
    efa_latency = EFA_LATENCY_S.get(int(generation.group(1)) if generation else 2, EFA_LATENCY_S[2])
    return Links(
        domain=max(domain, local), local=local, bandwidth=bandwidth, wiring=wiring, nic_rate=rate,
        nic_latency=efa_latency if efa else None, nic_said=said, in_network_reduction="SHARP" in fabric,
    )  # fmt: skip
