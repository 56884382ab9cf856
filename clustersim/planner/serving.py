"""Serving asked forwards and backwards: a workload's own traffic, the largest rate at its level, cards for a
demand, and the plans of a replica by the cost of a token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from clustersim.assemble.serving import deployment, engine_said
from clustersim.assemble.traffic import requests_of, slo_of, stream_spec
from clustersim.des.serving.book import Requests
from clustersim.des.serving.capacity import Turned, Verdict, best_reachable, closed_loop_verdict, verdict
from clustersim.des.serving.costs import TokenCost, token_cost, token_seconds
from clustersim.des.serving.day import day_rates, hours_of
from clustersim.des.serving.deployment import (
    Deployment,
    card_seconds,
    of_run,
    saturation,
    steady,
    with_request_time,
)
from clustersim.des.serving.fit import Misfit
from clustersim.des.serving.metrics import Slo, Summary, Use, summarise
from clustersim.des.serving.plant import Plant, Sizing, tokens_to_requests
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.sizing import MOST, replicas_for
from clustersim.des.serving.split import split_for
from clustersim.des.serving.steady import STABLE_SHARE, Share, SteadyState, share_of, steady_state
from clustersim.des.serving.stream import Stream, stream_of
from clustersim.des.serving.traces import Trace
from clustersim.des.serving.window import Window
from clustersim.errors import InfeasibleError, InputError
from clustersim.pipeline.site import run_site
from clustersim.planner.serving_answers import Answer, CardsAnswer, PlanRow, RateAnswer, evidence
from clustersim.planner.training import chosen_workload
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.served import prepare
from clustersim.workloads.serving import Capacity, ServingDetail, detail_of, load_of, too_long, yields
from clustersim.workloads.serving_plans import Ranked, best_plan, candidates, ranked
from clustersim.workloads.work import StageCache

__all__ = ["ERROR", "Serving", "plant_of"]

Step = Callable[[str], None]

#: Relative standard error that the figures of a steady state are served to.
ERROR = 0.01
#: Requests of a steady run: at first; at most; and where ends are events of their own, which cost more.
_LEAST_RUN, _LONGEST, _LONGEST_EVENTS = 4_000, 128_000, 32_000
#: Times the stated replicas that share a burst where these alone miss the level.
_MANY = 64


class Serving:
    """One serving workload of a site, and what is asked of it."""

    def __init__(self, inputs: Inputs, name: str | None = None) -> None:
        self.inputs = inputs
        self.name = chosen_workload(inputs, "serving", name)
        work = inputs.scenario.demand[self.name]
        assert isinstance(work, ServingWorkload)
        self.work = work
        self.cache = StageCache()
        self._card_hour: float | None = None
        self._detail: ServingDetail | None = None

    def detail(self) -> ServingDetail:
        """Return the stated or the best plan with its capacity."""
        if self._detail is None:
            self._detail = detail_of(self.inputs, self.work, self.cache)
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

    def serve(self, requests: Requests | None = None, *, whole: bool = False, error: float = ERROR) -> Answer:
        """Serve the workload's stream until its figures are known to ``error``, or a run that has no steady state.

        A trace, a daily wave, other ``requests`` and an overloaded stream are served whole, as is all with ``whole``.

        Raises InfeasibleError where the model does not fit or cannot meet its service level even without load.
        """
        ready = prepare(self.inputs, self.work, self._own_plan(), requests)
        deployed, slo, given, unfit = ready.deployment, ready.slo, ready.requests, ready.unfit
        most = self._sustainable(deployed, given)
        why = self._why_whole(requests is not None, whole, most, deployed)
        state = None
        if not why:
            try:
                state = self._steady(deployed, slo, most, error)
            except InputError as problem:  # no run of a bearable length holds several of its requests' stays
                why = str(problem)
        run = state.run if state is not None else deployed.simulate(given)
        window = state.window if state is not None else None
        summary = with_request_time(summarise(run, slo, window=window), deployed.request_s)
        if summary.rejected == summary.requests:
            state, why = None, "no request was served"
        said = self._verdict(deployed, given, summary, unfit, most)
        stands = said is None or said.kind not in {"overloaded", "rejects_all"}
        use = of_run(run, deployed, window)
        hour = self._hour_of(use)
        cost = self._token_cost(deployed, run, window, hour) if stands and hour is not None else None
        return Answer(deployed, summary, use, said, cost, run, state, why, slo.bounds, hour)

    def _hour_of(self, use: Use) -> float | None:
        """What a card-hour costs at the power that a run draws, which is less than at capacity."""
        if self.inputs.scenario.tco is None:
            return None
        return run_site(self.inputs, self.cache, {self.name: load_of(use)}).tco.cny_per_card_hour

    def _why_whole(self, own: bool, whole: bool, most: float | None, deployed: Deployment) -> str:
        """Why a run has no steady state, or is not asked for it; empty where the stream is stationary."""
        traffic = self.work.traffic
        if own or whole or traffic.whole:
            return "asked for: these requests from the first to the last, start and drain included"
        if traffic.trace is not None:
            return "a trace is served whole, start and drain included: it has no steady state"
        if traffic.sessions is not None:
            return "sessions are served whole: what is known of a prompt depends on all that came before"
        if self._swing() > 0:
            return "a daily wave is served whole, start and drain included: it has no steady state"
        over = most is not None and self._stream().rate > STABLE_SHARE * most
        if over and deployed.closed_loop is None:
            return "an overloaded stream has no steady state: a finite run, start and drain included"
        return ""

    def level(self, base: Deployment) -> Slo:
        """The service level that the model part of a deployment must meet."""
        return slo_of(self.work, base.request_s)

    def _stream(self) -> Stream:
        return stream_spec(self.work, self.inputs.scenario.seed)

    def _steady(self, deployed: Deployment, slo: Slo, most: float | None, error: float) -> SteadyState:
        """The steady run; shorter at most where every end is an event of its own (failures, scaling, users)."""
        loop = deployed.closed_loop
        events = any(part is not None for part in (loop, deployed.failures, deployed.autoscale))
        return steady_state(
            self._stream(),
            deployed.simulate,
            slo,
            seed=self.inputs.scenario.seed,
            error=error,
            start=max(_LEAST_RUN, 8 * loop.users if loop else 0),
            most=_LONGEST_EVENTS if events else _LONGEST,
            sustainable=float("inf") if loop is not None else most,
        )

    def _sustainable(self, deployed: Deployment, given: Requests) -> float | None:
        """The saturated rate; none of requests that all come at one instant."""
        if given.rate <= 0 or given.follows is not None:
            return None
        return saturation(
            deployed, stream_of(given) if self.work.traffic.trace is not None else self._stream()
        )

    def _verdict(
        self,
        deployed: Deployment,
        given: Requests,
        summary: Summary,
        unfit: Misfit | None,
        most: float | None,
    ) -> Verdict | None:
        """Whether the load can be carried; nothing is said of requests that all come at one instant."""
        if most is None:
            return None
        loop, away = deployed.closed_loop, Turned(summary.requests, summary.rejected, deployed.pool.batching)
        if loop is None:
            offered = given.rate if self.work.traffic.trace is not None else self._stream().rate
            return verdict(offered, most, unfit=unfit, turned=away)
        floor = best_reachable(given, lambda r: steady(deployed).simulate(r, log=False))["e2e_s"]
        return closed_loop_verdict(
            loop,
            served_per_s=summary.completed_per_s,
            unloaded_s=floor + deployed.request_s,
            sustainable=most,
        )

    def _token_cost(
        self, deployed: Deployment, run: ServingRun, window: Window | None, hour_cny: float
    ) -> TokenCost:
        return token_cost(
            token_seconds(run, deployed.terms, deployed.decode_terms, window=window),
            replica_seconds=card_seconds(run, deployed, window),
            cards=1,
            cny_per_card_hour=hour_cny,
        )

    def _own_plan(self) -> ServingPlan:
        """The stated plan whatever it can carry, else the best one."""
        return self.work.plan if not isinstance(self.work.plan, str) else self.detail().plan

    def cost(self, cards: int, tokens_per_s: float) -> float | None:
        """Return what a million tokens cost on so many cards; nothing without terms or tokens."""
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
        return RateAnswer(
            card=self.inputs.parts.card.name,
            cards=detail.cards,
            tp=plan.tp,
            replicas=self.work.replicas,
            requests_per_s=at.requests_per_s,
            output_tokens_per_s=at.output_tokens_per_s,
            tokens_per_s=at.tokens_per_s,
            saturated_requests_per_s=at.saturated_requests_per_s,
            fidelity=at.fidelity,
            cny_per_mtoken=self.cost(detail.cards, at.tokens_per_s),
        )

    def requests_per_s(self, tokens_per_day: float) -> float:
        """Return the requests per second of so many tokens a day, prompt and answer, of the workload's lengths."""
        return tokens_to_requests(tokens_per_day, stream_spec(self.work, self.inputs.scenario.seed))

    def cards_for(self, demand_per_s: float, *, most: int = MOST, swing: float | None = None) -> CardsAnswer:
        """Return the fewest replicas that carry ``demand_per_s`` requests per second at the service level.

        Asked of a stationary stream of the workload's lengths at the demand's rate, at the peak of a daily wave: how
        many requests the scenario draws plays no part. A split deployment gets the cheapest pair by cards. With
        ``swing``, of a rate that goes up and down by so much of its mean in a day, the answer has the day's hours.

        Raises InputError for a demand that is not positive or a swing that is not below one, InfeasibleError where
        more than ``most`` are needed.
        """
        if not demand_per_s > 0:
            raise InputError(f"a demand of {demand_per_s} requests/s; it must be above zero")
        plan, seed = self._fleet_plan(), self.inputs.scenario.seed
        base = deployment(self.inputs, self.work, plan)
        swing = self._swing() if swing is None else swing
        rates = day_rates(demand_per_s, swing)
        peak = demand_per_s * (1.0 + swing)
        stream, slo = stream_spec(self.work, seed).at(peak), slo_of(self.work, base.request_s)
        sized = _sized(base, stream, slo, seed, most)
        decode = base.decode_layout.cards if base.decode_layout else 0
        hours = hours_of(plant_of(base)[0], stream, slo, sized, rates) if swing > 0.0 else []
        held = [h.replicas * base.layout.cards + h.decode_replicas * decode for h in hours]
        return CardsAnswer(
            card=base.card,
            **plan.model_dump(),
            replicas=sized.replicas,
            decode_replicas=sized.decode_replicas,
            cards=sized.replicas * base.layout.cards + sized.decode_replicas * decode,
            demand_per_s=demand_per_s,
            sized_for_per_s=peak,
            slo_share=sized.share.share,
            slo_share_lower=sized.share.lower,
            **evidence("one_fewer", sized.one_fewer),
            **evidence("one_fewer_decode", sized.one_fewer_decode),
            closed_form_replicas=sized.closed_form_replicas,
            simulated_requests=sized.requests,
            simulated_replicas=sized.simulated_replicas,
            counted_in=sized.step,
            mean_cards=float(np.mean(held)) if held else None,
            hours=tuple(hours),
        )

    def _fleet_plan(self) -> ServingPlan:
        """The plan of the stated replicas, or that of many: a burst that so few miss the level by is shared by a fleet.

        Raises InfeasibleError where no fleet meets the level either.
        """
        try:
            return self.detail().plan
        except InfeasibleError:
            if self.work.disaggregated is not None or self._stream().burstiness <= 1.0:
                raise
            many = self.work.model_copy(update={"replicas": _MANY * self.work.replicas})
            with suppress(InfeasibleError):
                return best_plan(self.inputs, many)[0].plan
            raise

    def forward(self, plan: CardsAnswer, requests: int, seed: int, *, fewer: int = 0) -> Share:
        """Run a plan forward: the share within the level of a stationary stream at the rate that it was sized for.

        ``fewer`` replicas less (prefill ones of a split plan) shows what the plan is worth. Over the steady window, or
        over all arrivals where so many requests leave none.
        """
        chosen = ServingPlan(tp=plan.tp, pp=plan.pp, dp=plan.dp, ep=plan.ep)
        base = deployment(self.inputs, self.work, chosen)
        plant = plant_of(base)[0].sized(plan.replicas - fewer, plan.decode_replicas)
        drawn = self._stream().at(plan.sized_for_per_s).draw(requests, np.random.default_rng(seed))
        run, slo = plant.simulate(drawn), slo_of(self.work, base.request_s)
        try:
            return share_of(run, slo)
        except InputError:
            return share_of(run, slo, Window(0.0, float(drawn.arrival[-1]) * (1.0 + 1e-12), 0.0))

    def _swing(self) -> float:
        traffic = self.work.traffic
        return traffic.swing.value if traffic.trace is None and traffic.process == "diurnal" else 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of the inputs: how the engine was found."""
        said = [engine_said(self.work), too_long(self.inputs, self.work)]
        if self.work.traffic.sessions is not None:
            said.append(
                "sessions: capacity and plans are asked of single requests of their lengths, without reuse"
            )
        return tuple(one for one in said if one)

    def plans(self, *, step: Step = lambda _: None) -> list[PlanRow]:
        """Return every plan that ``best`` considers with its largest rate and its cost, cheapest first.

        The best is that of `run`: where a closed form does not hold, the plan is simulated while it promises more than
        what was found. A plan that does not fit or never meets the level keeps its reason.
        """
        trial = self.work.model_copy(update={"replicas": 1})
        found = ranked(self.inputs, trial, candidates(self.inputs, self.work))
        asked = {row.plan: at for row, _, at in yields(self.inputs, trial, found, self.cache)}
        rows = []
        for one in found:
            rows.append(self._plan_row(one, asked.get(one.plan)))
            step(f"{rows[-1].card} tp={one.plan.tp}")
        return sorted(rows, key=_cheapest)

    def _plan_row(self, found: Ranked, asked: Capacity | InfeasibleError | None) -> PlanRow:
        """One plan by its capacity where that was asked, as `run` does, else by its closed form."""
        plan, form, i, reason = found.plan, found.form, found.index, found.reason
        rate, cost = None, None
        cards = found.fluid.cards if found.fluid is not None else plan.tp * plan.pp * plan.dp
        if isinstance(asked, InfeasibleError):
            reason = str(asked).splitlines()[0]
        elif asked is not None:
            rate, cost = asked.requests_per_s, self.cost(cards, asked.tokens_per_s)
        elif form is not None and found.per_card_s > 0:
            rate = float(form.rate_at_slo_per_s[i])
            cost = self.cost(cards, float(form.tokens_per_s[i]))
        card = self.inputs.parts.card.name
        return PlanRow(card, plan.tp, plan.pp, plan.dp, plan.ep, cards, rate, cost, reason)


def _cheapest(row: PlanRow) -> tuple[bool, float, float]:
    if row.requests_per_s is None:
        return True, 0.0, 0.0
    return False, row.cny_per_mtoken or row.cards / row.requests_per_s, -row.requests_per_s


def plant_of(base: Deployment) -> tuple[Plant, tuple[float, float]]:
    """Return a deployment's pools for questions of capacity, and the cards of a replica of each (0: no such pool)."""
    still = steady(base)
    decode = float(base.decode_layout.cards) if base.decode_layout is not None else 0.0
    plant = Plant(
        still.pool,
        still.router,
        still.decode_pool,
        still.transfer,
        still.cached_share,
        still.priority_share,
        still.decode_router,
    )
    return plant, (float(base.layout.cards), decode)


def _sized(base: Deployment, stream: Stream, slo: Slo, seed: int, most: int) -> Sizing:
    """Size a deployment's pools for a stream; a pair is ordered by its cards."""
    plant, cards = plant_of(base)
    if base.decode_layout is None:
        return replicas_for(plant, stream, slo, seed=seed, most=most)
    return split_for(plant, stream, slo, seed=seed, cost=cards, most=most)
