"""A scenario asked what to choose: among clusters, plans and parts, and what a promise or a price is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from clustersim.api.named import Count, Named, Tell, no_count, quiet, refuse_no_scenario
from clustersim.api.told import told
from clustersim.errors import InputError
from clustersim.report.answer import Answer

if TYPE_CHECKING:
    from clustersim.planner.asked import LimitWords

__all__ = ["AskedToChoose"]


class AskedToChoose(Named):
    """What is asked of a scenario where something is to be chosen, or asked backwards."""

    @told("worth")
    def worth(
        self, output: str, *, decide: str = "", maximise: bool | None = None, draws: int = 512, tell: Count = no_count
    ) -> Answer:  # fmt: skip
        """Say what each uncertain input is worth to know: shares of an output's variance, and for a decision the gain.

        ``decide`` is ``KEY=a,b,c`` or ``buy-or-rent``; ``maximise`` says whether more of the output is better.
        """
        from clustersim.report.pages.worth import worth_answer

        return worth_answer(
            self.name, self.changes, output=output, decide=decide, maximise=maximise, draws=draws, tell=tell
        )

    @told("claims")
    def claims(
        self, *, workload: str = "", coverage: float = 0.993, penalty: str = "0 CNY", draws: int = 64
    ) -> Answer:
        """Examine the published claims of 5 and 30 days, 5 minutes and 95 %, over ``draws`` of what is uncertain."""
        from clustersim.planner.asked import in_bounds, number_of
        from clustersim.planner.uncertainty import one_side
        from clustersim.report.pages.claims import claims_answer

        _share_but_one(coverage, "--coverage")
        cost = in_bounds(number_of(penalty, "CNY", "--penalty"), "--penalty", 0)
        load = one_side(self.name, self.changes)
        return claims_answer(load, workload, coverage=coverage, penalty_cny=cost, draws=draws)

    @told("compare")
    def compare(
        self, *others: str | Named, own_site: bool = False, demand: str = "", stated_plans: bool = False,
        draws: int | None = None, budget: str | None = None, power: str | None = None, racks: str | None = None,
    ) -> Answer:  # fmt: skip
        """Put one demand on this cluster and on others: the cost of every unit, and the difference by term; with limits
        each as large as they allow.

        Another may be a scenario with changes of its own, this one's among them: a what-if held against another.
        """
        from clustersim.planner.asked import resource_limits
        from clustersim.planner.comparison import Asked
        from clustersim.report.pages.compare import compare_answer

        names = [other if isinstance(other, str) else other.name for other in others]
        refuse_no_scenario(names)
        own = self._own_changes(others, demand)
        asked = Asked(
            names=(self.name, *names), sets=self.changes, own_site=own_site, demand=demand, stated_plans=stated_plans,
            own=({}, *own) if own else (),
        )  # fmt: skip
        limited = any(text is not None for text in (budget, power, racks))
        limits = resource_limits(budget, power, racks, self.load(incumbent=False)) if limited else None
        return compare_answer(asked, draws=draws, limits=limits)

    def _own_changes(self, others: Sequence[str | Named], demand: str) -> tuple[Mapping[str, object], ...]:
        """What each of the others changes for itself; nothing where all of them are plain names."""
        designs = [other for other in others if not isinstance(other, str)]
        if not designs:
            return ()
        for one in (self, *designs):
            one.load()  # a key that no file of a design has is refused
        if demand not in {"", self.name}:
            raise InputError(
                f"demand: {demand}: designs with changes of their own do the first one's, {self.name}"
            )
        return tuple({} if isinstance(other, str) else other.changes for other in others)

    @told("plan")
    def plan_training(
        self, *, cards: Sequence[int] = (), front: bool = False, why: bool = False, offload: bool = False,
        tell: Count = no_count, **limits: Unpack[LimitWords],
    ) -> Answer:  # fmt: skip
        """Find the fastest plans on the scenario's cards; under limits, the cluster for the workload.

        The words of ``limits`` are those of ``clustersim.planner.asked.Words``.
        """
        from clustersim.planner.asked import Words
        from clustersim.report.pages.plans import mixture_answer, plans_answer

        if self._filed().groups:
            return mixture_answer(self.load(incumbent=False))
        asked = Words(**limits)
        return plans_answer(
            self.name, self.changes, asked, cards, front=front, why=why, offload=offload, tell=tell
        )

    @told("plan")
    def plan_cluster(
        self, *others: str | Named, objective: str = "goodput", tell: Count = no_count, **limits: Unpack[LimitWords]
    ) -> Answer:  # fmt: skip
        """Find the best cluster under limits (as in ``plan_training``) at every size, of all these parts.

        Another may be a scenario with changes of its own, this one's among them, as in ``compare``.
        """
        from clustersim.planner.asked import Words

        names = [other if isinstance(other, str) else other.name for other in others]
        refuse_no_scenario(names)
        from clustersim.report.pages.clusters import clusters_answer

        asked = Words(**limits)
        if self._filed().groups:
            from clustersim.report.pages.groups import groups_plan

            if others:
                raise InputError(
                    f"{self.name}: its groups are what is chosen from; write the clusters of {', '.join(names)} into"
                    " it as groups, or ask for scenarios of equal cards"
                )
            return groups_plan(self.load(incumbent=False), asked, objective, tell)
        own = self._own_changes(others, asked.demand)
        return clusters_answer((self.name, *names), self.changes, asked, objective, tell, own)

    @told("plan")
    def plan_serving(
        self, *, workload: str = "", demand: str | None = None, tokens_per_day: str | None = None,
        streams: str | None = None, admitted: float = 0.99, plans: bool = False, search: bool = False,
        formats: bool = False, frontier: bool = False, budget: str | None = None, power: str | None = None,
        racks: str | None = None, top: int = 15, diurnal: float | None = None, tell: Tell = quiet,
    ) -> Answer:  # fmt: skip
        """Ask serving backwards: the largest rate at its service level, the cards for a demand, the cheapest plan, the
        largest fleet within limits."""
        from clustersim.planner.asked import in_bounds, number_of, resource_limits, tokens_of
        from clustersim.report.pages.serving_plans import Backwards, serving_plan_answer

        inputs = self.load(incumbent=False)
        in_bounds(admitted, "--admitted", 0, 1, inside=True)
        limited = any(text is not None for text in (budget, power, racks))
        asked = Backwards(
            requests_per_s=None if demand is None else number_of(demand, "1/s", "--demand"),
            tokens_per_day=None if tokens_per_day is None else tokens_of(tokens_per_day, "--tokens-per-day"),
            streams=None if streams is None else number_of(streams, "1", "--streams"),
            limits=resource_limits(budget, power, racks, inputs) if limited else None,
            plans=plans, search=search, formats=formats, frontier=frontier, top=top, admitted=admitted,
            swing=diurnal,
        )  # fmt: skip
        if inputs.groups:
            from clustersim.report.pages.groups import serving_plan_of_groups

            return serving_plan_of_groups(inputs, workload, asked, tell)
        return serving_plan_answer(inputs, workload, asked, tell)

    @told("plan")
    def plan_units(self) -> Answer:
        """Say what the forecast units of the card's product mean: sites, deals, megawatts, memory stacks, wafers."""
        from clustersim.report.pages.tokens import units_answer

        return units_answer(self.name, self.changes)

    @told("plan")
    def plan_reliability(
        self, *, workload: str = "", wait_below: float = 0.01, availability: float = 0.999, restore: str = "5 min",
        per_restore: str = "0 CNY", scaling: float = 0.95, per_point: str = "0 CNY", per_interruption: str = "0 CNY",
        coverage: float = 0.993, loading: float = 0.0,
    ) -> Answer:  # fmt: skip
        """Ask the long run backwards: spares, intervals, what a promise costs, and what other fleets' failures do."""
        from clustersim.planner.asked import in_bounds, number_of
        from clustersim.planner.reliability import Asked
        from clustersim.report.pages.reliability import reliability_answer

        limit = number_of(restore, "s", "--restore")
        if not limit > 0:
            raise InputError(f"--restore {restore}: a time to recover within is above zero")
        shares = {"--wait-below": wait_below, "--availability": availability, "--scaling": scaling}
        for option, share in shares.items():
            in_bounds(share, option, 0, 1, inside=True)
        _share_but_one(coverage, "--coverage")
        in_bounds(loading, "--loading", 0)
        money = {
            "--per-restore": per_restore,
            "--per-point": per_point,
            "--per-interruption": per_interruption,
        }
        costs = {o: in_bounds(number_of(text, "CNY", o), o, 0) for o, text in money.items()}
        asked = Asked(
            name=self.name, sets=self.changes, workload=workload, restore_s=limit, wait_below=wait_below,
            availability=availability, scaling=scaling, coverage=coverage, loading=loading,
            per_restore_cny=costs["--per-restore"], per_point_cny=costs["--per-point"],
            per_interruption_cny=costs["--per-interruption"],
        )  # fmt: skip
        return reliability_answer(asked)

    @told("plan")
    def break_even(
        self, unknown: str = "price", *, against: str = "incumbent", mark: str | float | None = None,
        incumbent: str = "", workload: str = "",
    ) -> Answer:  # fmt: skip
        """Find the price, share of hours sold, or tariff at which the site matches what it is held against."""
        from clustersim.planner.asked import number_of
        from clustersim.report.pages.break_even import break_even_answer

        cost = None if mark is None else number_of(mark, "CNY", "--mark", bare=True)
        return break_even_answer(
            self.name, self.changes, unknown, against=against, mark=cost, incumbent=incumbent, workload=workload
        )  # fmt: skip


def _share_but_one(value: float, option: str) -> None:
    """Raise InputError for what is no share below one."""
    from clustersim.planner.asked import in_bounds

    in_bounds(value, option, 0, 1 - 1e-12)
