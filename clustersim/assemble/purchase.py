"""What a site buys and provisions, known before anything runs; of unlike cards, the groups' and what joins them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from clustersim.assemble.bill import (
    bill_lines,
    link_lines,
    rack_count,
    spare_servers,
    storage_lines,
    storage_racks,
)
from clustersim.assemble.groups import joint
from clustersim.assemble.parts import needed, network_parts
from clustersim.assemble.site import equipment
from clustersim.econ.bom import Bill, bill_of_materials
from clustersim.econ.power import PROVISION_MARGIN, PowerTerms, card_power_w, cluster_power, provisioned_power
from clustersim.econ.racks import RackCount
from clustersim.fabric.parts import NetworkParts
from clustersim.schema.inputs import Inputs

__all__ = ["Purchase", "purchase", "site_power"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is bought and provisioned, known before anything runs."""

    bill: Bill
    parts: NetworkParts
    racks: RackCount
    provisioned_it_w: float


def purchase(inputs: Inputs) -> Purchase:
    """Return the bill, network parts, racks and provisioned power of a cluster under its terms."""
    tco = inputs.tco
    terms = {"integration_share": tco.integration.value, "vat": tco.vat.value}
    if not inputs.groups:
        parts = network_parts(inputs)
        return Purchase(
            bill=bill_of_materials(bill_lines(inputs), **terms),
            parts=parts,
            racks=rack_count(inputs),
            provisioned_it_w=provisioned_power(**equipment(inputs, parts)),
        )
    each, link = [purchase(group) for group in inputs.groups], joint(inputs)
    lines = [line for one in each for line in one.bill.lines]
    lines += [*link_lines(inputs, link), *storage_lines(inputs)]
    parts = _sum([one.parts for one in each])
    parts = replace(
        parts, core=parts.core + link.switches, switch_side_modules=parts.switch_side_modules + link.modules,
        cables=parts.cables + sum(link.ports.values()),
    )  # fmt: skip
    racks = RackCount(
        compute=sum(one.racks.compute for one in each),
        network=sum(one.racks.network for one in each),
        other=sum(one.racks.other for one in each) + storage_racks(inputs),
        servers_per_rack=each[0].racks.servers_per_rack,
        binds=each[0].racks.binds,
    )
    watts = sum(one.provisioned_it_w for one in each) + PROVISION_MARGIN * _link_w(inputs)
    return Purchase(bill_of_materials(lines, **terms), parts, racks, watts)


def _sum(parts: list[NetworkParts]) -> NetworkParts:
    return NetworkParts(*(sum(getattr(p, f.name) for p in parts) for f in fields(NetworkParts)))


def _link_w(inputs: Inputs) -> Any:
    """Nameplate power of what joins the groups."""
    link, first = joint(inputs), inputs.groups[0].parts
    if first.switch_or_none is None or first.optics_or_none is None:
        return 0.0
    return link.switches * first.switch.power.value + link.modules * first.optics.power.value


def site_power(inputs: Inputs, load: Any, loads: Mapping[str, Any], bought: Purchase) -> PowerTerms:
    """Return the power of a site under one load: of every card alike, or of each group under its own of ``loads``."""
    if not inputs.groups:
        return _power(inputs, load, bought.parts)
    each = [_power(g, loads.get(g.group, load), network_parts(g)) for g in inputs.groups]
    total = PowerTerms(
        **{
            f.name: sum(getattr(p, f.name) for p in each)
            for f in fields(PowerTerms)
            if f.name not in {"pue", "provisioned_it_w"}
        },
        provisioned_it_w=bought.provisioned_it_w,
        pue=inputs.tco.pue.value,
    )
    return replace(total, switches_w=total.switches_w + _link_w(inputs))


def _power(inputs: Inputs, load: Any, parts: NetworkParts) -> PowerTerms:
    """Power of equal cards under one load."""
    items = equipment(inputs, parts)
    card, site = inputs.parts.card, inputs.scenario.reliability
    idle = needed(card.power.idle if card.power else None, f"cards.{card.name}.power.idle")
    busy = card_power_w(
        idle_w=idle, tdp_w=items["tdp_w"], u_tensor=load.u_tensor, u_memory=load.u_memory, u_link=load.u_link
    )
    return cluster_power(
        **items,
        card_w=busy,
        card_idle_w=idle,
        busy_share=load.busy,
        spares_on=int(site.spares.hot.value) if site is not None else spare_servers(inputs),
        pue=inputs.tco.pue.value,
    )
