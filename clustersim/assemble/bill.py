"""From checked files to the priced lines of a bill; the quantities are those that the simulation uses."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from clustersim.assemble.groups import Joint
from clustersim.assemble.parts import network_parts
from clustersim.assemble.supernode import joined
from clustersim.econ.bom import BillLine
from clustersim.econ.power import PROVISION_MARGIN
from clustersim.econ.racks import RackCount, count_racks
from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Inputs
from clustersim.schema.prices import Part, PriceBook, cny_rate

__all__ = [
    "bill_lines", "link_lines", "needed_storage", "price_cny", "rack_count", "spare_servers", "storage_lines",
    "storage_racks",
]  # fmt: skip

#: Bytes of training data that a token takes on disk, with a margin for copies (tier: assumption).
DATA_BYTES_PER_TOKEN = 8.0


@dataclass(frozen=True, slots=True)
class _Item:
    """One part to buy: its group, name, quantity, price and lead time."""

    group: str
    part: str
    quantity: float
    price: Sourced
    lead_time: Sourced | None


def price_cny(price: Sourced, prices: PriceBook, key: str) -> Sourced:
    """Return a price in CNY by the price book's rates.

    Raises InputError for a currency without a rate, or whose rate is stale at the book's (or the question's) month.
    """
    currency = price.unit.partition("/")[0]
    if currency == "CNY":
        return price
    rate = cny_rate(prices, currency, key)
    low, high = price.range
    return Sourced(price.value * rate, "CNY", price.source, price.tier, low * rate, high * rate, price.note)


def _part(prices: PriceBook, part: str, user: str) -> Part:
    if part not in prices.parts:
        raise InputError(
            f"price book {prices.name} has no part {part!r}, needed by {user}; {suggest(part, list(prices.parts))};"
            f" add it to hwprofiles/prices/{prices.name}.yaml"
        )
    return prices.parts[part]


def _nic_module(rate: float, prices: PriceBook) -> str:
    """Return the slowest module of the price book that carries a NIC's rate."""
    speeds = [int(p[7:-1]) for p in prices.parts if p.startswith("module-") and p[7:-1].isdigit()]
    fast = [speed for speed in sorted(speeds) if speed * 1.25e8 >= rate * (1 - 1e-9)]
    return f"module-{fast[0] if fast else round(rate / 1.25e8)}g"


def spare_servers(inputs: Inputs) -> int:
    """Return the spare servers that stand by, hot, warm or cold: the simulation uses them, so the bill buys them."""
    reliability = inputs.scenario.reliability
    if reliability is None:
        return 0
    extra = (reliability.extras.warm_spares, reliability.extras.cold_spares)
    return int(reliability.spares.hot.value + sum(s.value for s in extra if s is not None))


def _u(height: Sourced | None, key: str) -> float:
    if height is None:
        raise InputError(f"{key}.height is not in the profile, and the racks need it; add it with its source")
    return height.value


def rack_count(inputs: Inputs) -> RackCount:
    """Return the racks of the cluster and its spares, at provisioned power."""
    hardware, prices = inputs.parts, inputs.prices
    card, server, nic = hardware.card, hardware.server, hardware.nic
    if card.power is None:
        raise InputError(f"cards.{card.name}.power is not in the profile, and the racks need it")
    parts, domains = network_parts(inputs), joined(inputs)
    per_server = server.cards.value
    nics = per_server * inputs.scenario.cluster.nics_per_card.value
    watts = per_server * card.power.tdp.value + server.host_power.value + nics * nic.power.value
    taken = 0.0
    for name, quantity in _services(inputs):
        racks = prices.parts[name].racks if name in prices.parts else None
        taken += quantity * racks.value if racks is not None else 0.0
    return count_racks(
        servers=inputs.servers + spare_servers(inputs),
        server_w=PROVISION_MARGIN * watts,
        server_u=_u(server.height, f"servers.{server.name}"),
        switches=parts.switches,
        switch_w=PROVISION_MARGIN * hardware.switch.power.value,
        switch_u=_u(hardware.switch.height, f"switches.{hardware.switch.name}"),
        other_racks=taken,
        rack_w=hardware.cooling.rack_power.value,
        rack_u=hardware.cooling.rack_height.value,
        supernode_w=PROVISION_MARGIN * domains.power_w,
        supernode_u=domains.height_u,
    )


def _services(inputs: Inputs) -> tuple[tuple[str, float], ...]:
    """Storage by the petabyte where there is any, and management by the thousand cards."""
    storage = None if inputs.group else inputs.scenario.cluster.storage
    petabytes = storage.capacity.value / 1e15 if storage is not None else 0.0
    return ("storage-per-pb", petabytes), ("management", inputs.cards / 1024)


def needed_storage(inputs: Inputs, checkpoint_bytes: float, tokens: float) -> float:
    """Return the bytes that the run keeps: the retained checkpoints, one being written, and the training data.

    Raises InfeasibleError when the cluster's storage is smaller.
    """
    retained = inputs.reliability.extras.retained
    copies = (retained.value if retained is not None else 2.0) + 1.0
    need = copies * checkpoint_bytes + tokens * DATA_BYTES_PER_TOKEN
    capacity = inputs.storage.capacity.value
    if need > capacity:
        raise InfeasibleError(
            f"cluster.storage.capacity is {capacity / 1e15:.3g} PB; {copies:.0f} checkpoints of"
            f" {checkpoint_bytes / 1e12:.2f} TB and the data of {tokens:.3g} tokens need {need / 1e15:.3g} PB"
        )
    return need


def bill_lines(inputs: Inputs) -> list[BillLine]:
    """Return the priced lines of the cluster; the network's quantities are those of its topology."""
    prices = inputs.prices
    rows = [*_compute(inputs), *_network(inputs), *_supernode(inputs)]
    for name, quantity in _services(inputs):
        part = _part(prices, name, "cluster.storage" if "storage" in name else "the management network")
        rows.append(_Item(name.partition("-")[0], name, quantity, part.price, part.lead_time))
    racks, cooling = rack_count(inputs), inputs.parts.cooling
    part = _part(prices, cooling.price_part, f"cooling.{cooling.name}")
    rows.append(_Item("racks", cooling.price_part, racks.total, part.price, part.lead_time))
    lines = [_line(row, prices) for row in rows if row.quantity]
    return [_paid_for(line) if inputs.owned and line.group != "spares" else line for line in lines]


def _paid_for(line: BillLine) -> BillLine:
    """The line of a part that is there already."""
    return replace(
        line, unit_price_cny=0.0, source="paid for", tier="given", low_cny=0.0, high_cny=0.0, paid=True
    )


def storage_lines(inputs: Inputs) -> list[BillLine]:
    """Return the storage that the groups of a site share."""
    storage = inputs.scenario.cluster.storage
    if storage is None:
        return []
    part = _part(inputs.prices, "storage-per-pb", "cluster.storage")
    quantity = storage.capacity.value / 1e15
    return [_line(_Item("storage", "storage-per-pb", quantity, part.price, part.lead_time), inputs.prices)]


def storage_racks(inputs: Inputs) -> int:
    """Return the racks of the storage that the groups of a site share."""
    storage, part = inputs.scenario.cluster.storage, inputs.prices.parts.get("storage-per-pb")
    if storage is None or part is None or part.racks is None:
        return 0
    return math.ceil(storage.capacity.value / 1e15 * part.racks.value - 1e-9)


def link_lines(inputs: Inputs, link: Joint) -> list[BillLine]:
    """Return what joins the groups of a site: switches of the first group's kind, modules of each group's."""
    prices, first = inputs.prices, inputs.groups[0].parts
    if first.switch_or_none is None:
        return []
    needs: list[tuple[str, float, str]] = [
        (first.switch.price_part, link.switches, f"switches.{first.switch.name}")
    ]
    for group in inputs.groups:
        optics = group.parts.optics
        needs.append((optics.price_part, 2 * link.ports[group.group], f"optics.{optics.name}"))
    rows = []
    for name, quantity, user in needs:
        part = _part(prices, name, user)
        rows.append(_Item("link", name, quantity, part.price, part.lead_time))
    return [_line(row, prices) for row in rows if row.quantity]


def _line(row: _Item, prices: PriceBook) -> BillLine:
    price = price_cny(row.price, prices, f"prices.parts.{row.part}")
    return BillLine(
        group=row.group,
        part=row.part,
        quantity=row.quantity,
        unit_price_cny=price.value,
        source=price.source,
        tier=price.tier,
        low_cny=price.low,
        high_cny=price.high,
        lead_time_weeks=row.lead_time.value if row.lead_time is not None else None,
    )


def _compute(inputs: Inputs) -> list[_Item]:
    """Cards and servers, then the same for the spares."""
    card, server, prices = inputs.parts.card, inputs.parts.server, inputs.prices
    if card.price is None:
        raise InputError(f"cards.{card.name}.price is not in the profile, and this run needs it")
    price = price_cny(card.price, prices, f"cards.{card.name}.price")
    base = _part(prices, server.price_part, f"servers.{server.name}")
    spare, per_server = spare_servers(inputs), server.cards.value
    return [
        _Item("cards", card.name, inputs.cards, price, card.lead_time),
        _Item("servers", server.price_part, inputs.servers, base.price, base.lead_time),
        _Item("spares", card.name, spare * per_server, price, card.lead_time),
        _Item("spares", server.price_part, spare, base.price, base.lead_time),
    ]


def _network(inputs: Inputs) -> list[_Item]:
    """NICs, switches and modules. A spare takes over the ports of the server that it stands in for."""
    hardware, prices = inputs.parts, inputs.prices
    parts = network_parts(inputs)
    nic, switch, optics = hardware.nic, hardware.switch, hardware.optics
    spare = spare_servers(inputs) * hardware.server.cards.value * inputs.scenario.cluster.nics_per_card.value
    module = _nic_module(nic.rate.value, prices)
    needs = (
        (nic.price_part, parts.nics + spare, f"nics.{nic.name}"),
        (switch.price_part, parts.switches, f"switches.{switch.name}"),
        (optics.price_part, parts.switch_side_modules, f"optics.{optics.name}"),
        (module, parts.nic_side_modules + spare, "NIC-side modules"),
    )
    rows = []
    for name, quantity, user in needs:
        part = _part(prices, name, user)
        rows.append(_Item("network", name, quantity, part.price, part.lead_time))
    return rows


def _supernode(inputs: Inputs) -> list[_Item]:
    """What joins coherent domains beyond a server: its switches, modules and cables."""
    parts = joined(inputs).parts
    if not parts.links:
        return []
    profile = inputs.parts.supernode
    needs = [(profile.module_part, parts.modules), (profile.cable_part, parts.cables)]
    for count, device in ((parts.switches, profile.switch), (parts.circuit_switches, profile.circuits)):
        if device is not None:
            needs.append((device.price_part, count))
    rows = []
    for name, quantity in needs:
        if quantity:
            part = _part(inputs.prices, name, f"supernodes.{profile.name}")
            rows.append(_Item("supernode", name, quantity, part.price, part.lead_time))
    return rows
