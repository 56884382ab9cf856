"""A site with its demand: its works, what it draws and costs, and what a unit of each work costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.assemble.purchase import purchase, site_power
from clustersim.assemble.site import total_cost_of
from clustersim.columns import finite
from clustersim.econ.bom import Bill
from clustersim.econ.power import PowerTerms, mixed_power
from clustersim.econ.racks import RackCount
from clustersim.econ.tco import Tco
from clustersim.errors import InputError
from clustersim.fabric.parts import NetworkParts
from clustersim.schema.inputs import Inputs
from clustersim.workloads import run_workload
from clustersim.workloads.training import TrainingDetail
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = ["SHARED", "SiteRun", "run_site"]

#: Stages that questions of one process share where they bring no cache of their own: plans are searched for once.
SHARED = StageCache(1024)


@dataclass(frozen=True, slots=True)
class SiteRun:
    """One site with its demand, from its works to the cost of their units."""

    name: str
    cards: int
    nodes: int
    works: tuple[Work, ...]
    power: PowerTerms
    work_power_w: Mapping[str, float]
    """Facility power if the site did one work alone, by its name."""
    parts: NetworkParts
    racks: RackCount
    bill: Bill
    tco: Tco

    def work(self, kind: str) -> Work | None:
        """Return the first workload of a kind; nothing where there is none."""
        return next((work for work in self.works if work.kind == kind), None)

    @property
    def main(self) -> Work:
        """The first workload: the one that a question without a name means."""
        return self.works[0]

    @property
    def training(self) -> TrainingDetail:
        """The training job with its step and long run; raises InputError where the site trains nothing."""
        work = self.work("training")
        if work is None:
            raise InputError(f"{self.name}: has no training workload, and this question is about one")
        detail: TrainingDetail = work.detail
        return detail

    def cny_per_unit(self, work: Work, product: Product | None = None) -> float:
        """Cost of a unit: its share of a sold card-hour's cost over what the card-hour yields."""
        made = product or work.main
        return made.cost_share * self.tco.cny_per_card_hour / made.per_card_hour

    def kwh_per_unit(self, work: Work) -> float:
        """Energy of a unit of the main product, cooling included, at the power that the site draws for this work."""
        return self.work_power_w[work.name] / 1e3 / self.cards / work.main.per_card_hour

    @property
    def cny_per_mtoken(self) -> float:
        """Cost of a million trained tokens on sold hours."""
        work = self.work("training")
        if work is None:
            raise InputError(f"{self.name}: trains nothing, so that no trained token has a cost")
        return self.cny_per_unit(work)

    def units_per_card_year(self, work: Work) -> float:
        """Units that one card yields in a year of sold hours that are all given to one work."""
        return work.per_card_year * self.tco.sold_share


def run_site(
    inputs: Inputs, cache: StageCache | None = None, loads: Mapping[str, Load] | None = None
) -> SiteRun:
    """Run the demand on its site, and price it.

    ``loads`` are those of workloads that do not run at their capacity: the cards then draw what that takes.

    Raises InputError for parts that the site lacks, all at once; InfeasibleError where a workload cannot be done.
    """
    inputs.require(money=True)
    cache = cache or SHARED
    works = tuple(
        run_workload(inputs, name, cache).slowed(inputs.slower.get(name, {}))
        for name in inputs.scenario.demand
    )
    bought = purchase(inputs)
    loads = loads or {}
    alone = {
        work.name: site_power(inputs, loads.get(work.name, work.load), work.group_loads, bought)
        for work in works
    }
    idle = site_power(inputs, Load(0.0, 0.0, 0.0, 0.0), {}, bought)
    power = mixed_power([(work.share, alone[work.name]) for work in works], idle)
    given = sum(work.share for work in works)
    tco = total_cost_of(inputs, bought.bill, power, given)
    if not finite(tco.cny_per_card_hour):
        over = ", ".join(name for name, value in tco.terms().items() if not finite(value))
        raise InputError(
            f"{inputs.name}: a cost is too large to count with ({over or 'capital'}); mend its inputs"
        )
    return SiteRun(
        name=inputs.name,
        cards=inputs.cards,
        nodes=inputs.servers,
        works=works,
        power=power,
        work_power_w={name: terms.facility_power_w for name, terms in alone.items()},
        parts=bought.parts,
        racks=bought.racks,
        bill=bought.bill,
        tco=tco,
    )
