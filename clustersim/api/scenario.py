"""A scenario asked in Python: one demand on one priced site, and every question about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from clustersim.api.kinds import refuse_other
from clustersim.api.told import told
from clustersim.errors import InputError
from clustersim.report.answer import Answer, listed
from clustersim.schema.inputs import Inputs, load_inputs
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import plain_changes
from clustersim.schema.sides import joined_sides, load_sides, refuse_stated_plans

if TYPE_CHECKING:
    from clustersim.api.result import Result
    from clustersim.pipeline import ChainRun
    from clustersim.planner.asked import LimitWords
    from clustersim.report.pages.studies import Study
    from clustersim.study.asked import HowWords, StudyAsked

__all__ = ["Scenario", "load"]

Tell = Callable[[str], None]
Count = Callable[[int, int], None]
#: Values of one input: a list, or text of the form ``a,b,c``, ``lo:hi:n`` or ``log:lo:hi:n``.
Values = Sequence[object] | str


def _quiet(name: str) -> None:
    """Tell nobody of a stage that is done."""


def _no_count(done: int, of: int) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True)
class Scenario:
    """A scenario by its name, with the inputs that were changed. Nothing is read before something is asked.

    Attributes:
        name: a file or a shipped name.
        changes: values by key, with units as text; a key that no file has is refused when a question is asked.
    """

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", plain_changes(self.changes))

    def set(self, changes: Mapping[str, object]) -> Scenario:
        """Return the scenario with more inputs changed; a key that was changed before takes the new value.

        >>> load("nanjing-1024").set({"tco.pue": 1.2}).changes["tco.pue"]
        1.2
        """
        return Scenario(self.name, {**self.changes, **plain_changes(changes)})

    def __hash__(self) -> int:
        # Equal scenarios change the same keys; their values need not be hashable.
        return hash((self.name, frozenset(self.changes)))

    def __repr__(self) -> str:
        changed = f", {dict(self.changes)!r}" if self.changes else ""
        return f"Scenario({self.name!r}{changed})"

    def load(self, *, incumbent: bool = True) -> Inputs:
        """Return the scenario with everything that it refers to, read and checked.

        Raises InputError with every problem of the first file that has any.
        """
        return load_inputs(self.name, self.changes, with_incumbent=incumbent)

    def _filed(self) -> Inputs:
        """The scenario without its changes: one of them may be of a part that only a variant of its site has."""
        return Scenario(self.name).load(incumbent=False)

    def check(self) -> Answer:
        """Check the scenario and every profile that it names, and count its numbers by tier.

        Code of another package that it names is tried on a small case; raises PackageError where it fails.
        """
        from clustersim.assemble.parts import check_bought
        from clustersim.assemble.tried import tried

        inputs = self.load()
        money = inputs.scenario.tco is not None
        if inputs.scenario.demand or not inputs.scenario.collectives:
            inputs.require(money=money, step_alone=not money)
        if money:
            check_bought(inputs)
        if inputs.scenario.market is not None and inputs.incumbent is not None:
            refuse_stated_plans([inputs, inputs.incumbent], allowed=inputs.scenario.market.stated_plans)
        tiers = Counter(sourced.tier for _, sourced in inputs.fields())
        rows = [{"tier": tier, "numbers": count} for tier, count in sorted(tiers.items())]
        said = [f"code of another package, tried: {code}" for code in tried(inputs)]
        said += [f"{inputs.file}: ok, {sum(tiers.values())} sourced numbers"]
        return listed("check", rows, said=said)

    def origins(self) -> Answer:
        """Say where every input comes from: a file and its line, or a change."""
        self.check()
        rows = [{"key": k, "value": str(v), "origin": where} for k, v, where in self.load().origins()]
        return listed("origins", rows)

    def chain(self, *, replications: int = 0, tell: Tell = _quiet) -> ChainRun:
        """Return the bare run of the whole corridor, with no simulated month unless asked for."""
        from clustersim.pipeline import run_chain

        return run_chain(self.load(), replications=replications, tell=tell)

    def numbers(self, changes: Mapping[str, object] = {}) -> dict[str, float]:
        """Return every output of the chain by the name that studies give it, with more inputs changed.

        It is made to be asked often, one point after another: after the first few with the same keys, a point takes
        well under a millisecond, and equals its own run to 1e-12.

        >>> site = load("br166-1024")
        >>> dear, cheap = (site.numbers({"tco.tariff": f"{t} CNY/kWh"})["cny_per_mtoken"] for t in (0.9, 0.3))
        >>> dear > cheap
        True
        """
        from clustersim.study.execute import asked_again

        return asked_again(self.name).numbers({**self.changes, **plain_changes(changes)})

    @told("run")
    def run(self, *, draws: int = 0, tell: Tell = _quiet) -> Result:
        """Run the demand on its site, from the cards to a target price.

        ``draws`` of the uncertain inputs give the low and high of the terms of ``Result.terms``.
        """
        from clustersim.api.result import result_of
        from clustersim.pipeline import run_chain

        inputs = self.load()
        tell("inputs")
        return result_of(self, run_chain(inputs, tell=tell), draws)

    @told("explain")
    def explain(self, *, everything: bool = False) -> Answer:
        """Say what the changes do along the corridor, term by term, with elasticities where one number changed.

        Raises InputError where nothing was changed.
        """
        from clustersim.report.pages.explain import explained

        base = self.as_filed()
        self.load()  # a wrong key is said before anything runs
        return explained(base.chain(), self.chain(), everything=everything)

    def as_filed(self) -> Scenario:
        """Return the scenario without its changes, but for leave to hold stated plans against searched ones.

        Raises InputError where nothing else was changed.
        """
        kept = {k: v for k, v in self.changes.items() if k == "market.stated_plans"}
        if len(kept) == len(self.changes):
            raise InputError("explain needs a change: set an input, or give another scenario")
        return Scenario(self.name, kept)

    @told("train")
    def train(
        self, *, workload: str = "", fidelity: str = "auto", replications: int | None = None, workers: int = 1
    ) -> Answer:
        """Run the training workload: its step, and its month at a fidelity (auto, closed, vector, des).

        ``workers`` processes simulate months that take long; any number of them gives the same.
        """
        from clustersim.report.pages.training import train_answer

        return train_answer(
            self.load(incumbent=False),
            workload,
            fidelity=fidelity,
            replications=replications,
            workers=workers,
        )

    @told("fabric")
    def fabric(self) -> Answer:
        """Lay the cluster's fabric out as a graph: its parts counted twice, rates beside the closed forms, failures."""
        from clustersim.report.pages.fabric import fabric_answer

        site = self.load(incumbent=False)
        if site.groups:
            from clustersim.report.pages.groups import fabric_of_groups

            return fabric_of_groups(site)
        return fabric_answer(site)

    @told("train")
    def scaling(self, low: int, high: int, *, workload: str = "") -> Answer:
        """Return weak and strong scaling curves from ``low`` to ``high`` cards."""
        from clustersim.report.pages.scaling import scaling_answer

        return scaling_answer(self.load(incumbent=False), workload, low=low, high=high)

    @told("train")
    def train_with(
        self, *others: str, workload: str = "", share: str = "best", link: str = "100 Gb/s", fidelity: str = "auto",
        replications: int | None = None,
    ) -> Answer:  # fmt: skip
        """Train together with the clusters and plans of other scenarios, as groups of one site.

        ``link`` is the bandwidth between them per card; the month has every cluster's failures.
        """
        from clustersim.planner.asked import in_bounds, number_of
        from clustersim.report.pages.training import train_answer

        _scenarios(others)
        sides = load_sides((self.name, *others), self.changes, demand=self.name, own_site=True)
        site = joined_sides(sides, in_bounds(number_of(link, "B/s", "--link"), "--link", 0, inside=True))
        return train_answer(site, workload, fidelity=fidelity, replications=replications, share=share)

    @told("serve")
    def serve(
        self, *, workload: str = "", trace: str | Path | None = None, skip: int | None = None, whole: bool = False,
        error: float = 0.01, records: str | Path | None = None,
    ) -> Answer:  # fmt: skip
        """Serve the requests, or the video streams: latency, throughput, cost; ``trace`` replaces the traffic.

        Figures are those of a steady state to a relative standard ``error``, or of the ``whole`` run. With a folder for
        ``records`` all requests are served in bounded memory, and told of one by one in Parquet files.
        """
        from clustersim.planner.asked import in_bounds
        from clustersim.report.pages.serving import serve_answer
        from clustersim.report.pages.serving_fleet import fleet_answer

        in_bounds(error, "--error", 0.001, 0.5)
        # The trace comes first: what is set of the traffic besides holds for the trace.
        whole_traffic = {"traffic": {"trace": str(trace)}} if trace else {}
        skipped = {"traffic.skip": skip} if skip is not None else {}
        asked = Scenario(self.name, {**whole_traffic, **self.changes, **skipped})
        site = asked.load(incumbent=False)
        if records is not None:
            site.refuse_groups("the records of one fleet")
            return fleet_answer(site, workload, Path(records))
        if site.groups and site.of_kind("serving"):
            from clustersim.report.pages.groups import serve_on_groups

            return serve_on_groups(site, workload, whole=whole, error=error)
        site.refuse_groups("the admission of streams to one pool")
        return serve_answer(site, workload, whole=whole, error=error)

    @told("jobs")
    def jobs(self, *, workload: str = "", what_if: bool = False) -> Answer:
        """Queue the jobs on the cluster; ``what_if``: what one more server or another policy would change."""
        from clustersim.report.pages.jobs import jobs_answer

        site = self.load(incumbent=False)
        return jobs_answer(site, workload, ask=what_if)

    @told("collectives")
    def collectives(
        self, *, kind: str = "", sizes: Sequence[str | float] = (), cards: int | None = None
    ) -> Answer:
        """Time collectives on the cluster: those of the scenario, or of a ``kind``, ``sizes`` and number of ``cards``.

        >>> rows = load("h100-1024").collectives(sizes=["1 GiB"], cards=8).to_dict()["collectives"]
        >>> [(row["kind"], row["cards_per_domain"], row["algorithm"]) for row in rows]
        [('all_reduce', 8, 'in_switch')]
        """
        from clustersim.planner.asked import number_of
        from clustersim.report.pages.collectives import collectives_answer

        asked = [number_of(size, "B", "--size") for size in sizes]
        site = self.load(incumbent=False)
        if site.groups:
            from clustersim.report.pages.groups import collectives_of_groups

            return collectives_of_groups(site, kind, asked, cards)
        return collectives_answer(site, kind, asked, cards)

    @told("tco")
    def tco(self, *, draws: int | None = None) -> Answer:
        """Price the site: bill of materials, cost over its life and of every unit, intervals, the market's rent.

        Without ``draws`` the intervals come from 256, from fewer where each would queue many jobs again.
        """
        from clustersim.report.pages.tco import tco_answer

        return tco_answer(self.name, self.changes, draws=draws)

    @told("worth")
    def worth(
        self, output: str, *, decide: str = "", maximise: bool | None = None, draws: int = 512, tell: Count = _no_count
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
        self, *others: str | Scenario, own_site: bool = False, demand: str = "", stated_plans: bool = False,
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
        _scenarios(names)
        own: tuple[Mapping[str, object], ...] = ()
        if not all(isinstance(other, str) for other in others):
            own = ({}, *({} if isinstance(other, str) else other.changes for other in others))
            for other in (self, *(one for one in others if not isinstance(one, str))):
                other.load()  # a key that no file of a design has is refused
            if demand not in {"", self.name}:
                raise InputError(
                    f"demand: {demand}: designs with changes of their own do the first one's, {self.name}"
                )
        asked = Asked(
            names=(self.name, *names), sets=self.changes, own_site=own_site, demand=demand, stated_plans=stated_plans,
            own=own,
        )  # fmt: skip
        limited = any(text is not None for text in (budget, power, racks))
        limits = resource_limits(budget, power, racks, self.load(incumbent=False)) if limited else None
        return compare_answer(asked, draws=draws, limits=limits)

    @told("proposal")
    def proposal(
        self, *others: str, languages: Sequence[str] = ("en",), forms: Sequence[str] = (), draws: int | None = None,
        tell: Count = _no_count,
    ) -> Answer:  # fmt: skip
        """Write a proposal of this cluster against others at its demand: a folder gets NAME-LANGUAGE.FORM and evidence.

        ``languages`` are en and zh; ``forms`` are pdf, docx, pptx, xlsx, html and bundle, all of them by default.
        """
        _scenarios(others)
        from clustersim.report.pages.proposal import FORMS, OfferAsked, proposal_answer

        asked = OfferAsked(name=self.name, others=others, sets=self.changes, draws=draws)

        def run() -> Mapping[str, object]:
            data = Scenario(self.name, asked.own).run().data
            assert isinstance(data, Mapping)
            return data

        return proposal_answer(asked, run, languages=languages, forms=forms or FORMS, tell=tell)

    @told("plan")
    def plan_training(
        self, *, cards: Sequence[int] = (), front: bool = False, why: bool = False, offload: bool = False,
        tell: Count = _no_count, **limits: Unpack[LimitWords],
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
        self, *others: str, objective: str = "goodput", tell: Count = _no_count, **limits: Unpack[LimitWords]
    ) -> Answer:  # fmt: skip
        """Find the best cluster under limits (as in ``plan_training``) at every size, of all these parts."""
        from clustersim.planner.asked import Words

        _scenarios(others)
        from clustersim.report.pages.clusters import clusters_answer

        asked = Words(**limits)
        if self._filed().groups:
            from clustersim.report.pages.groups import groups_plan

            if others:
                raise InputError(
                    f"{self.name}: its groups are what is chosen from; write the clusters of {', '.join(others)} into"
                    " it as groups, or ask for scenarios of equal cards"
                )
            return groups_plan(self.load(incumbent=False), asked, objective, tell)
        return clusters_answer((self.name, *others), self.changes, asked, objective, tell)

    @told("plan")
    def plan_serving(
        self, *, workload: str = "", demand: str | None = None, tokens_per_day: str | None = None,
        streams: str | None = None, admitted: float = 0.99, plans: bool = False, search: bool = False,
        formats: bool = False, frontier: bool = False, budget: str | None = None, power: str | None = None,
        racks: str | None = None, top: int = 15, diurnal: float | None = None, tell: Tell = _quiet,
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

    @told("sweep")
    def sweep(
        self, vary: Mapping[str, Values], *, outputs: Sequence[str] = (), design: str = "grid",
        points: int | None = None, seed: int = 0, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Run every combination of the varied inputs, or a sample; ``how``: folder, workers, scheduler, tell."""
        from clustersim.report.pages.studies import sweep_study
        from clustersim.study.asked import How

        asked = self._asked(outputs, seed, vary)
        return sweep_study(asked, How(**how), design=design, points=points)

    @told("mc")
    def mc(
        self, inputs: Iterable[str] | Mapping[str, Mapping[str, object] | None], *, outputs: Sequence[str] = (),
        points: int = 256, precision: float | None = None, seed: int = 0, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Carry uncertain inputs through the chain: P10, P50, P90.

        An input takes its own low-high range, or a distribution: ``{"company.wacc": {"distribution": "triangular",
        "parameters": {"low": 0.1, "mode": 0.11, "high": 0.13}}}``.
        """
        from clustersim.report.pages.studies import mc_study
        from clustersim.study.asked import How

        return mc_study(
            self._asked(outputs, seed, inputs=inputs), How(**how), points=points, precision=precision
        )

    @told("sensitivity")
    def sensitivity(
        self, inputs: Iterable[str] | Mapping[str, Mapping[str, object] | None], *, output: str = "",
        method: str = "sobol", points: int = 256, seed: int = 0, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Rank inputs by what they do to an output (sobol, morris, tornado)."""
        from clustersim.report.pages.studies import sensitivity_study
        from clustersim.study.asked import How

        asked = self._asked([output] if output else [], seed, inputs=inputs)
        return sensitivity_study(asked, How(**how), method=method, points=points)

    @told("optimise")
    def optimise(
        self, vary: Mapping[str, Values], *, minimise: Sequence[str] = (), maximise: Sequence[str] = (),
        subject_to: Sequence[str] = (), **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Find the points of a design space that no other beats, under constraints such as ``"mfu >= 0.4"``."""
        from clustersim.report.pages.studies import optimise_study
        from clustersim.study.asked import How

        return optimise_study(
            self._asked((), 0, vary), How(**how), minimise=minimise, maximise=maximise, limits=subject_to
        )

    @told("seek")
    def seek(self, span: str, target: str) -> Answer:
        """Find the value of an input (``"tco.pue=1:2"``) that gives an output its target (``"mfu=0.4"``)."""
        from clustersim.report.pages.studies import seek_answer

        return seek_answer(self.name, self.changes, span=span, target=target)

    def _asked(
        self, outputs: Sequence[str], seed: int, vary: Mapping[str, Values] | None = None,
        inputs: Iterable[str] | Mapping[str, Mapping[str, object] | None] = (),
    ) -> StudyAsked:  # fmt: skip
        from clustersim.study.asked import StudyAsked
        from clustersim.study.spec import InputFile, axes_of

        given = inputs if isinstance(inputs, Mapping) else dict.fromkeys(inputs)
        return StudyAsked(
            scenario=self.name,
            sets=self.changes,
            axes=tuple(axes_of({k: _values(k, v) for k, v in (vary or {}).items()})),
            inputs={k: None if v is None else InputFile.model_validate(v) for k, v in given.items()},
            outputs=tuple(outputs),
            seed=seed,
            title=self.name,
            source=self.name,
        )


def _share_but_one(value: float, option: str) -> None:
    """Raise InputError for what is no share below one."""
    from clustersim.planner.asked import in_bounds

    in_bounds(value, option, 0, 1 - 1e-12)


def _values(key: str, values: object) -> str | list[object]:
    """The values of one input as a study takes them; raises InputError for what is no list."""
    if isinstance(values, str):
        return values
    if not isinstance(values, Iterable):
        raise InputError(f"{key}: {values!r} is one value; give a list of values, or text like '1:2:5'")
    return list(values)


def _scenarios(names: Iterable[str]) -> None:
    """Raise InputError for a name of another kind of file."""
    for name in names:
        refuse_other(name, "scenario")


def load(name: str | Path) -> Scenario:
    """Return a scenario by its shipped name or the path of its file.

    >>> load("nanjing-1024")
    Scenario('nanjing-1024')

    Raises InputError, with the nearest name, where there is none, and for a file of another kind.
    """
    text = str(name)
    refuse_other(text, "scenario")
    find_file("scenarios", text)
    if not text.strip():
        raise InputError("'': names no scenario")
    return Scenario(text)
