"""What a site buys and runs, as the economics take it: what draws power, and the cost of a year under its terms."""

from __future__ import annotations

from typing import Any

from clustersim.assemble.bill import spare_servers
from clustersim.assemble.supernode import joined
from clustersim.columns import least
from clustersim.econ.bom import Bill
from clustersim.econ.power import PowerTerms
from clustersim.econ.tco import Tco, total_cost
from clustersim.errors import InputError
from clustersim.fabric.parts import NetworkParts
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Inputs

__all__ = ["equipment", "total_cost_of"]


def equipment(inputs: Inputs, network: NetworkParts) -> dict[str, Any]:
    """Return what draws power: how many of each, and its nameplate."""
    parts = inputs.parts
    if parts.card.power is None:
        raise InputError(f"cards.{parts.card.name}.power is not in the profile, and this run needs it")
    return {
        "cards": inputs.cards,
        "tdp_w": parts.card.power.tdp.value,
        "hosts": inputs.servers,
        "host_w": parts.server.host_power.value,
        "nics": network.nics,
        "nic_w": parts.nic.power.value,
        "switches": network.switches,
        "switch_w": parts.switch.power.value,
        "optics": network.switch_side_modules + network.nic_side_modules,
        "optic_w": parts.optics.power.value,
        "spares": spare_servers(inputs),
        "supernode_w": joined(inputs).power_w,
    }


def _or_none(cost: Sourced | None) -> float:
    """A cost that the site does not have is nothing."""
    return cost.value if cost is not None else 0.0


def total_cost_of(inputs: Inputs, bill: Bill, power: PowerTerms, given_share: float = 1.0) -> Tco:
    """Return the cost of a year; ``given_share`` of the hours on sale is given to workloads, the rest earns nothing."""
    tco = inputs.tco
    return total_cost(
        capex_cny=bill.total_cny,
        cards=inputs.cards,
        facility_power_w=power.facility_power_w,
        provisioned_it_w=power.provisioned_it_w,
        years=tco.horizon.value,
        wacc=tco.wacc.value,
        residual=tco.residual.value,
        tariff_cny_per_kwh=tco.mean_tariff,
        maintenance_share=tco.maintenance.value,
        staff_cny_per_year=tco.staff.value,
        sold_share=tco.sold_share.value * least(given_share, 1.0),
        colocation_cny_per_kw_month=_or_none(tco.colocation),
        colocation_includes_power=tco.colocation_includes_power,
        building_cny_per_w=_or_none(tco.building),
        building_years=tco.building_horizon.value if tco.building_horizon else tco.horizon.value,
        network_transit_cny_per_year=_or_none(tco.network_transit),
        software_cny_per_year=_or_none(tco.software),
    )
