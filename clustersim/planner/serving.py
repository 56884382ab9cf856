"""Serving asked forwards and backwards: a workload's own traffic, the largest rate at its level, cards for a
demand, and the plans of a replica by the cost of a token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

from clustersim.assemble.serving import deployment, requests_of, slo_of
from clustersim.des.serving.book import Requests
from clustersim.des.serving.capacity import STABLE_SHARE, Verdict, largest_rate, meets, verdict
from clustersim.des.serving.costs import TokenCost, token_cost, token_seconds
from clustersim.des.serving.deployment import (
    Deployment,
    card_seconds,
    check_slo,
    of_run,
    saturation,
    steady,
    with_request_time,
)
from clustersim.des.serving.metrics import Summary, Use, summarise
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.traces import Trace
from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.pipeline import StageCache, run_site
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads.serving import ServingDetail, candidates, planned, ranked

__all__ = ["Answer", "CardsAnswer", "PlanRow", "RateAnswer", "Serving", "workload_of"]

Step = Callable[[str], None]


def workload_of(inputs: Inputs, kind: str, name: str | None = None) -> str:
    """Return the name of the workload of a kind that a command means.

    Raises InputError where there is none, where several are and none is named, or for a name of another kind.
    """
    known = list(inputs.of_kind(kind))
    if name is not None and name not in known:
        raise InputError(f"{inputs.file}: no {kind} workload {name!r}; {suggest(name, known)}")
    if not known:
        kinds = ", ".join(sorted({work.kind for work in inputs.scenario.demand.values()}))
        raise InputError(
            f"{inputs.file}: has no {kind} workload, and this command is about one (it has: {kinds})"
        )
    if name is None and len(known) > 1:
        raise InputError(
            f"{inputs.file}: has {len(known)} {kind} workloads ({', '.join(known)}); say which, --workload"
        )
    return name or known[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a deployment does with its own traffic."""

    deployment: Deployment
    summary: Summary
    use: Use
    verdict: Verdict | None
    cost: TokenCost | None
    """Nothing for a site without terms, and for one that is overloaded: what cannot be kept up has no cost."""
    run: ServingRun

    def plain(self) -> dict[str, Any]:
        """Return the figures as plain values, without the run."""
        d = self.deployment
        return {
            "card": d.card,
            "cards": d.cards,
            "tp": d.layout.tp,
            "pp": d.layout.pp,
            "dp": d.layout.dp,
            "ep": d.layout.ep,
            "replicas": d.pool.replicas,
            "engine_constants": "calibrated"
            if d.calibrated
            else "not calibrated on this card and model (assumption)",
            "not_modelled": list(d.terms.not_modelled),
            "cache_tokens_per_replica": d.pool.cost.cache_tokens,
            **asdict(self.summary),
            "use": asdict(self.use),
            "cost_cny_per_mtoken": asdict(self.cost) if self.cost else None,
            "verdict": asdict(self.verdict) if self.verdict else None,
        }


@dataclass(frozen=True, slots=True)
class RateAnswer:
    """The largest rate at the service level of a deployment, and what it is worth."""

    card: str
    cards: int
    tp: int
    replicas: int
    requests_per_s: float
    output_tokens_per_s: float
    tokens_per_s: float
    saturated_requests_per_s: float
    fidelity: str
    """Closed form or simulation."""
    cny_per_mtoken: float | None


@dataclass(frozen=True, slots=True)
class CardsAnswer:
    """The fewest replicas, and so cards, that carry a demand at the service level."""

    card: str
    replicas: int
    cards: int
    demand_per_s: float
    slo_share: float
    one_replica_per_s: float


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One parallel plan in the comparison; ``reason`` where it cannot serve."""

    card: str
    tp: int
    pp: int
    dp: int
    ep: int
    cards: int
    requests_per_s: float | None
    cny_per_mtoken: float | None
    reason: str = ""


def _spread(requests: Requests, file: str) -> Requests:
    if requests.rate <= 0:
        raise InputError(f"{file}: traffic: a search over the rate needs arrivals spread over time")
    return requests


class Serving:
    """One serving workload of a site, and what is asked of it."""

    def __init__(self, inputs: Inputs, name: str | None = None) -> None:
        self.inputs = inputs
        self.name = workload_of(inputs, "serving", name)
        work = inputs.scenario.demand[self.name]
        assert isinstance(work, ServingWorkload)
        self.work = work
        self.cache = StageCache()
        self._card_hour: float | None = None
        self._detail: ServingDetail | None = None

    def detail(self) -> ServingDetail:
        """Return the stated or the best plan with its capacity."""
        if self._detail is None:
            self._detail = planned(self.inputs, self.work, self.cache)
        return self._detail

    def deployment(self) -> Deployment:
        """Return the deployment by that plan, ready to simulate."""
        return deployment(self.inputs, self.work, self.detail().plan)

    def traffic(self) -> tuple[Requests, Trace | None]:
        """Return the workload's own requests, and the trace that they came from."""
        return requests_of(self.work, self.inputs.scenario.seed)

    @property
    def card_hour_cny(self) -> float | None:
        """What a card-hour of the site costs; nothing where the scenario has no terms."""
        if self.inputs.scenario.tco is None:
            return None
        if self._card_hour is None:
            self._card_hour = run_site(self.inputs, self.cache).tco.cny_per_card_hour
        return self._card_hour

    def serve(self, requests: Requests | None = None) -> Answer:
        """Run the workload's own traffic (or other requests) on its replicas.

        Raises InfeasibleError where the model does not fit or cannot meet its service level even without load.
        """
        deployed = self._own_deployment()
        slo = slo_of(self.work, deployed.request_s)
        given = requests if requests is not None else self.traffic()[0]
        check_slo(deployed, given, slo)
        run = deployed.simulate(given)
        summary = with_request_time(summarise(run, slo), deployed.request_s)
        said = None
        if deployed.closed_loop is None and given.rate > 0:
            said = verdict(given, steady(deployed).simulate, sustainable=saturation(deployed, given))
        cost = None
        if self.card_hour_cny is not None and not (said is not None and said.overloaded):
            cost = token_cost(
                token_seconds(run, deployed.terms, deployed.decode_terms),
                replica_seconds=card_seconds(run, deployed),
                cards=1,
                cny_per_card_hour=self.card_hour_cny,
            )
        return Answer(deployed, summary, of_run(run, deployed), said, cost, run)

    def _own_deployment(self) -> Deployment:
        """By the stated plan whatever it can carry, else by the best one."""
        plan = self.work.plan if not isinstance(self.work.plan, str) else self.detail().plan
        return deployment(self.inputs, self.work, plan)

    def _cost(self, cards: int, tokens_per_s: float) -> float | None:
        hour = self.card_hour_cny
        if hour is None or tokens_per_s <= 0:
            return None
        return cards * hour / 3600.0 / tokens_per_s * 1e6

    def rate_at_slo(self) -> RateAnswer:
        """Return the largest rate at which the workload's service level holds on its replicas.

        Raises InfeasibleError, with the best reachable latency, where no rate meets it.
        """
        return self._rate(self.detail())

    def _rate(self, detail: ServingDetail) -> RateAnswer:
        at, plan = detail.capacity, detail.plan
        both = at.input_tokens_per_s + at.cached_tokens_per_s + at.output_tokens_per_s
        return RateAnswer(
            card=self.inputs.parts.card.name,
            cards=detail.cards,
            tp=plan.tp,
            replicas=self.work.replicas,
            requests_per_s=at.requests_per_s,
            output_tokens_per_s=at.output_tokens_per_s,
            tokens_per_s=both,
            saturated_requests_per_s=at.saturated_requests_per_s,
            fidelity=at.fidelity,
            cny_per_mtoken=self._cost(detail.cards, both),
        )

    def cards_for(self, demand_per_s: float, *, most: int = 4096) -> CardsAnswer:
        """Return the fewest replicas that carry ``demand_per_s`` requests per second at the service level.

        Starts from the demand over one replica's largest rate and steps down or up until the answer is tight.

        Raises InputError for a demand that is not positive, InfeasibleError where more than ``most`` are needed.
        """
        if not demand_per_s > 0:
            raise InputError(f"a demand of {demand_per_s} requests/s; it must be above zero")
        base = self.deployment()
        given, slo = _spread(self.traffic()[0], self.inputs.file), slo_of(self.work, base.request_s)
        if base.decode_pool is not None:
            raise InputError(
                f"{self.inputs.file}: cards for a demand needs replicas that do both; drop disaggregated"
            )
        alone = _replicas(base, 1)
        # A finite run of an overloaded site may still meet the level: it must also be stable.
        stable = STABLE_SHARE * saturation(alone, given)
        single = largest_rate(given, lambda r: alone.simulate(r, log=False), slo, tolerance=0.02, most=stable)
        wanted = given.faster(demand_per_s / given.rate)

        def holds(count: int) -> bool:
            return demand_per_s <= count * stable and meets(
                _replicas(base, count).simulate(wanted, log=False), slo
            )

        count = _fewest(max(1, ceil(demand_per_s / single)), most, holds, demand_per_s, base.layout.cards)
        share = summarise(_replicas(base, count).simulate(wanted, log=False), slo).slo_share
        return CardsAnswer(base.card, count, count * base.layout.cards, demand_per_s, share, single)

    def plans(self, *, step: Step = lambda _: None) -> list[PlanRow]:
        """Return every plan that ``best`` considers with its largest rate and its cost, cheapest first.

        A plan that does not fit or never meets the level keeps its reason.
        """
        trial = self.work.model_copy(update={"replicas": 1})
        rows = []
        for found in ranked(self.inputs, trial, candidates(self.inputs, self.work)):
            plan, form, i = found.plan, found.form, found.index
            rate, cost = None, None
            if form is not None and found.fluid is not None and found.per_card_s > 0:
                rate = float(form.rate_at_slo_per_s[i])
                cost = self._cost(found.fluid.cards, float(form.tokens_per_s[i]))
            cards = found.fluid.cards if found.fluid is not None else plan.tp * plan.pp * plan.dp
            card = self.inputs.parts.card.name
            rows.append(PlanRow(card, plan.tp, plan.pp, plan.dp, plan.ep, cards, rate, cost, found.reason))
            step(f"{card} tp={plan.tp}")
        return sorted(rows, key=_cheapest)


def _cheapest(row: PlanRow) -> tuple[bool, float, float]:
    if row.requests_per_s is None:
        return True, 0.0, 0.0
    return False, row.cny_per_mtoken or row.cards / row.requests_per_s, -row.requests_per_s


def _replicas(deployment: Deployment, count: int) -> Deployment:
    """Return the deployment with another number of replicas, without failures, scaling or refusals."""
    still = steady(deployment)
    return replace(still, pool=replace(still.pool, replicas=count))


def _fewest(start: int, most: int, holds: Callable[[int], bool], demand: float, cards: int) -> int:
    if start > most:
        raise InfeasibleError(
            f"{demand:g} requests/s need about {start} replicas of {cards} cards; at most {most} are allowed"
        )
    count = start
    while count > 1 and holds(count - 1):
        count -= 1
    while not holds(count):
        count += 1
        if count > most:
            raise InfeasibleError(f"{most} replicas do not carry {demand:g} requests/s at the service level")
    return count
