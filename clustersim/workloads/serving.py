"""Serving: the deployment by the stated or the best plan, at the largest rate that its service level allows.

What a card-hour yields is asked at the sustainable rate, not at whatever the traffic offers: an overloaded cluster has
no cost per token, and clusters are compared at equal service level. The closed form answers where it holds, a
simulation of a stationary stream elsewhere; the result names which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.fluid import FluidDeployment
from clustersim.assemble.parts import model_spec
from clustersim.assemble.serving import ServingBuilder, content_of, deployment, engine_said
from clustersim.assemble.traffic import longest_of, slo_of, stream_spec
from clustersim.columns import Unbatchable, of_points, pick, places, values_of
from clustersim.des.serving.closed_form import ClosedForm
from clustersim.des.serving.closed_state import SloColumns
from clustersim.des.serving.costs import token_seconds
from clustersim.des.serving.deployment import of_run, steady, with_request_time
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.des.serving.fluid_use import FluidUse
from clustersim.des.serving.metrics import Slo, Use, records, summarise
from clustersim.des.serving.steady import STABLE_SHARE, rate_at_slo
from clustersim.des.serving.stream import Stream
from clustersim.des.serving.window import steady_window
from clustersim.errors import InfeasibleError
from clustersim.perf.serving_checks import length_words
from clustersim.schema.demand import ServingWorkload, identity
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.serving_level import FormLevel, SeenLevel
from clustersim.workloads.serving_plans import Ranked, best_plan, candidates, words_of
from clustersim.workloads.serving_points import best_of_points, level_of
from clustersim.workloads.work import Load, Product, StageCache, Work

__all__ = [
    "Capacity",
    "ServingDetail",
    "by_its_form",
    "detail_of",
    "load_of",
    "planned",
    "too_long",
    "work_of",
    "yields",
]

Array = NDArray[np.float64]

#: Requests of the simulated run that is read where the closed form does not hold.
_SIMULATED = 20_000
_BY_ITS_FORM: ContextVar[bool] = ContextVar("by its form", default=False)
#: The number of the one point that is asked.
_ONE = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest rate of a deployment at its service level, and how it is then; rates are of all its replicas."""

    requests_per_s: float
    saturated_requests_per_s: float
    input_tokens_per_s: float
    cached_tokens_per_s: float
    output_tokens_per_s: float
    input_share: float
    """Of the busy replica-time, what prompts take."""
    slo_share: float
    ttft_s: Mapping[str, float]
    tpot_s: Mapping[str, float]
    load: Load
    phase_loads: tuple[Load, Load] | None
    """Of a split fleet in closed form: of the cards that take prompts, and of those that decode."""
    fidelity: str
    why: str
    within: Callable[[Any, Any], Any] = field(repr=False)
    """The share within the level at other latencies than these: times TTFT's factor, times TPOT's."""

    @property
    def tokens_per_s(self) -> float:
        """All tokens per second, prompt and answer."""
        return self.input_tokens_per_s + self.cached_tokens_per_s + self.output_tokens_per_s


@dataclass(frozen=True, slots=True)
class ServingDetail:
    """The deployment with its plan, its stream, its service level and its capacity."""

    fluid: FluidDeployment = field(repr=False)
    plan: ServingPlan
    stated: bool
    stream: Stream = field(repr=False)
    slo: Slo
    capacity: Capacity
    refused: tuple[str, ...]
    """Plans that ``best`` could not take, and why."""

    @property
    def cards(self) -> int:
        """Cards of all replicas that the traffic goes to."""
        return self.fluid.cards


@contextmanager
def by_its_form() -> Iterator[None]:
    """Answer by the closed form whether its own tests hold or not, as whoever asks measures the error: it is smooth
    where a simulation is drawn. Nothing answered so may be kept for one who asks otherwise.
    """
    token = _BY_ITS_FORM.set(True)
    try:
        yield
    finally:
        _BY_ITS_FORM.reset(token)


def detail_of(inputs: Inputs, work: ServingWorkload, cache: StageCache) -> ServingDetail:
    """Return `planned`, found once for what it reads."""
    return cache.get("serving plan", content_of(inputs, work), lambda: planned(inputs, work, cache))


def planned(inputs: Inputs, work: ServingWorkload, cache: StageCache) -> ServingDetail:
    """Return the deployment of a workload at its capacity, by its stated plan or by the best one.

    Raises InfeasibleError where none serves (`best_plan`).
    """
    builder = ServingBuilder(inputs, work)
    if builder.where is not None:
        return _planned_points(inputs, work, builder)
    first, rows = best_plan(inputs, work)
    best, stream, slo, at = _most_of(inputs, work, [first, *(row for row in rows if row is not first)], cache)
    assert best.fluid is not None
    refused = tuple(row.reason for row in rows if row.reason)
    return ServingDetail(best.fluid, best.plan, work.plan != "best", stream, slo, at, refused)


def yields(
    inputs: Inputs, work: ServingWorkload, rows: Sequence[Ranked], cache: StageCache
) -> Iterator[tuple[Ranked, Slo, Capacity | InfeasibleError]]:
    """Give plans with their capacities, of plans that their closed forms have best first, or why one cannot serve.

    Where the first form does not hold, the simulation may give less than the next plan yields: it is asked of plans
    in their order, until no later one promises more per card than what was found.
    """
    stream, most = stream_spec(work, inputs.scenario.seed), 0.0
    for row in rows:
        if row.fluid is None or row.form is None or row.per_card_s <= most:
            return
        slo = slo_of(work, row.fluid.request_s)
        try:
            at = _capacity(inputs, work, row, stream, slo, cache)
        except InfeasibleError as error:
            yield row, slo, error
            continue
        most = max(most, at.requests_per_s / row.fluid.cards)
        yield row, slo, at


def _most_of(
    inputs: Inputs, work: ServingWorkload, rows: Sequence[Ranked], cache: StageCache
) -> tuple[Ranked, Stream, Slo, Capacity]:
    """The plan of most requests per second and card of those that `yields` gives."""
    found: tuple[Ranked, Slo, Capacity] | None = None
    most, refused = 0.0, None
    for row, slo, at in yields(inputs, work, rows, cache):
        if isinstance(at, InfeasibleError):
            refused = refused or at
        elif row.fluid is not None and at.requests_per_s / row.fluid.cards > most:
            found, most = (row, slo, at), at.requests_per_s / row.fluid.cards
    if found is None:
        assert refused is not None
        raise refused
    return found[0], stream_spec(work, inputs.scenario.seed), found[1], found[2]


def _capacity(
    inputs: Inputs, work: ServingWorkload, row: Ranked, stream: Stream, slo: Slo, cache: StageCache
) -> Capacity:
    """A plan's capacity: by its closed form where that holds, else by simulation."""
    assert row.fluid is not None and row.form is not None
    if row.form.slo_holds[row.index] or _BY_ITS_FORM.get():
        form, fluid = row.form.take(np.array([row.index])), row.fluid
        return _closed(form, fluid, fluid.request_s, slo, lambda values: float(values[0]))
    content = (row.fluid, identity(work), row.plan, slo)
    return cache.get("serving capacity", content, lambda: _simulated(inputs, work, row, stream, slo))


def _planned_points(inputs: Inputs, work: ServingWorkload, builder: ServingBuilder) -> ServingDetail:
    """The same of a batch: every number of the capacity is a column. Points split by plan and fidelity."""
    stated = not isinstance(work.plan, str)
    plans = [work.plan] if not isinstance(work.plan, str) else candidates(inputs, work)
    found, holds = best_of_points(inputs, builder, plans)
    if not (holds or _BY_ITS_FORM.get()):
        raise Unbatchable("the closed form does not hold, and a simulation takes one point")
    fluid = found.fluid
    outside, peak, bandwidth, peaks, other = map(
        values_of,
        (fluid.request_s, fluid.peak_flops, fluid.bandwidth, fluid.decode_peak_flops, fluid.decode_bandwidth),
    )
    plain = replace(
        fluid, peak_flops=peak, bandwidth=bandwidth, decode_peak_flops=peaks, decode_bandwidth=other
    )
    level = level_of(work, outside)
    at = _closed(
        found.form, plain, outside, level, lambda values: of_points(found.column(values)), found.which
    )
    own: ServingWorkload = pick(work, places(work), 0)
    slo = slo_of(own, pick(fluid.request_s, places(fluid.request_s), 0))
    return ServingDetail(fluid, found.plan, stated, stream_spec(own, inputs.scenario.seed), slo, at, ())


def _closed(
    form: ClosedForm,
    fluid: FluidDeployment,
    request_s: Array | float,
    level: Slo | SloColumns,
    number: Callable[[Array], Any],
    which: NDArray[Any] = _ONE,
) -> Capacity:
    """The capacity of the points of a form; ``number`` makes one number of the points of an array, of which each point
    of a batch is one (``which``)."""
    bounds = SloColumns(level.ttft_s, level.tpot_s, level.e2e_s, level.share)
    pools = _pools(form, fluid)
    shares, busy = _use(pools)
    return Capacity(
        requests_per_s=number(form.rate_at_slo_per_s),
        saturated_requests_per_s=number(form.saturated_per_s),
        input_tokens_per_s=number(form.input_tokens_per_s),
        cached_tokens_per_s=number(form.cached_tokens_per_s),
        output_tokens_per_s=number(form.output_tokens_per_s),
        input_share=number(form.input_share),
        slo_share=number(form.slo_share),
        ttft_s={name: number(v + request_s) for name, v in form.ttft_s.items()},
        tpot_s={name: number(v) for name, v in form.tpot_s.items()},
        load=Load(number(shares[0]), number(shares[1]), number(shares[2]), number(busy)),
        phase_loads=_phase_loads(pools, number),
        fidelity="closed form",
        why=form.slo_why[0],
        within=FormLevel(form, bounds, request_s, which),
    )


def _pools(form: ClosedForm, fluid: FluidDeployment) -> list[tuple[FluidUse, Sequence[Array]]]:
    """The pools' use, and their shares of tensor units, memory and links while busy, each of its own cards."""
    out: list[tuple[FluidUse, Sequence[Array]]] = [
        (form.use, form.use.shares(fluid.peak_flops, fluid.bandwidth))
    ]
    if form.decode_use is not None:
        out.append((form.decode_use, form.decode_use.shares(fluid.decode_peak_flops, fluid.decode_bandwidth)))
    return out


def _phase_loads(
    pools: Sequence[tuple[FluidUse, Sequence[Array]]], number: Callable[[Array], Any]
) -> tuple[Load, Load] | None:
    """The load of each of two pools."""
    if len(pools) < 2:
        return None
    one, other = (
        Load(number(tensor), number(memory), number(link), number(np.asarray(use.busy)))
        for use, (tensor, memory, link) in pools
    )
    return one, other


def _use(pools: Sequence[tuple[FluidUse, Sequence[Array]]]) -> tuple[list[Array], Array]:
    """Use of the cards of all pools by their busy time: tensor units, memory, links; and the busy share."""
    total = np.maximum(sum(use.busy_s for use, _ in pools), 1e-12)
    zero = np.zeros_like(total)
    mean = [sum((use.busy_s * shares[k] for use, shares in pools), zero) / total for k in range(3)]
    return mean, np.asarray(sum((use.busy for use, _ in pools), zero) / len(pools))


def _simulated(inputs: Inputs, work: ServingWorkload, best: Ranked, stream: Stream, slo: Slo) -> Capacity:
    """The capacity by simulation of a stationary stream, where the closed form does not hold."""
    assert best.form is not None
    deployed = deployment(inputs, work, best.plan)
    still, seed = steady(deployed), inputs.scenario.seed
    found = rate_at_slo(stream, lambda r: still.simulate(r, log=False), slo, seed=seed, tolerance=0.01)
    run = still.simulate(
        stream.at(found.rate).draw(stream.affordable(_SIMULATED), np.random.default_rng(seed))
    )
    window = steady_window(run.book)
    summary = with_request_time(summarise(run, slo, window=window), deployed.request_s)
    rows = records(run)
    came = window.holds(rows["arrival_s"]) if window else np.ones(len(rows["arrival_s"]), dtype=bool)
    seen = SeenLevel(
        rows["ttft_s"][came], rows["tpot_s"][came], rows["output_tokens"][came] - 1.0, slo, deployed.request_s
    )
    use, seconds = (
        of_run(run, still, window),
        token_seconds(run, still.terms, still.decode_terms, window=window),
    )
    traffic = traffic_of(stream, cached_share=deployed.cached_share)
    return Capacity(
        requests_per_s=found.rate,
        saturated_requests_per_s=found.saturated,
        input_tokens_per_s=found.rate * traffic.new,
        cached_tokens_per_s=found.rate * traffic.cached,
        output_tokens_per_s=found.rate * traffic.output,
        input_share=(seconds.input_s + seconds.cached_s) / max(seconds.busy_s, 1e-12),
        slo_share=found.share.share,
        ttft_s=summary.ttft_s,
        tpot_s=summary.tpot_s,
        load=load_of(use),
        phase_loads=None,
        fidelity="simulation",
        why=best.form.slo_why[best.index],
        within=seen,
    )


def load_of(use: Use) -> Load:
    """Return how a run loads the cards that it holds: shares of the busy time by unit, and the busy share."""
    held = use.compute, use.memory_bandwidth, use.links
    tensor, memory, link = (min(share / max(use.busy, 1e-12), 1.0) for share in held)
    return Load(tensor, memory, link, use.busy)


def _products(at: Capacity, cards: int) -> tuple[Product, tuple[Product, ...]]:
    """Tokens by a card-hour: all together, and by kind with the share of the busy time that each takes."""

    def made(name: str, tokens_per_s: float, share: float = 1.0) -> Product:
        return Product(name, tokens_per_s * 3600 / 1e6 / cards, share)

    parts = [made("input_mtoken", at.input_tokens_per_s, at.input_share)]
    if at.cached_tokens_per_s > 0:
        parts.append(made("cached_mtoken", at.cached_tokens_per_s, 0.0))
    parts.append(made("output_mtoken", at.output_tokens_per_s, 1.0 - at.input_share))
    return made("served_mtoken", at.tokens_per_s), tuple(parts)


def too_long(inputs: Inputs, work: ServingWorkload) -> str:
    """Say that requests are longer than their model was published for; nothing where they are not."""
    return length_words(model_spec(inputs.model(work)), longest_of(work, inputs.scenario.seed))


def work_of(inputs: Inputs, name: str, work: ServingWorkload, cache: StageCache) -> Work:
    """Return what a serving workload makes of the site's card-hours, at its service level.

    Raises InfeasibleError where the model does not fit or no rate meets the level.
    """
    detail = detail_of(inputs, work, cache)
    at, cards = detail.capacity, detail.cards
    main, parts = _products(at, cards)
    notes = [] if at.fidelity == "closed form" else [f"capacity by simulation: {at.why}"]
    notes += [said] if (said := engine_said(work)) else []
    notes += [said] if (said := too_long(inputs, work)) else []
    level = {"slo_share": at.slo_share} if detail.slo.bounds else {}
    if not level:
        notes.append(
            f"no SLO stated: the rate is {STABLE_SHARE:.0%} of the saturated one, at whatever latency"
        )
    if not detail.fluid.calibrated:
        notes.append(
            "engine constants are the card's default: none were fitted on this card and model (assumption)"
        )
    return Work(
        name=name,
        kind="serving",
        share=inputs.scenario.shares[name],
        asked=identity(work),
        main=main,
        products=(main, *parts),
        load=at.load,
        service={
            **level,
            "ttft_p50_s": at.ttft_s["p50"],
            "ttft_p99_s": at.ttft_s["p99"],
            "tpot_p50_s": at.tpot_s["p50"],
            "tpot_p99_s": at.tpot_s["p99"],
        },
        rates={
            "requests_per_s_per_card": at.requests_per_s / cards,
            "input_tokens_per_s_per_card": at.input_tokens_per_s / cards,
            "cached_tokens_per_s_per_card": at.cached_tokens_per_s / cards,
            "output_tokens_per_s_per_card": at.output_tokens_per_s / cards,
            "busy_share": at.load.busy,
        },
        terms={"prefill_share": at.input_share, "decode_share": 1.0 - at.input_share},
        layout={"plan": words_of(detail.plan), "cards_per_deployment": cards, "stated": detail.stated},
        notes=tuple(notes),
        detail=detail,
        within=at.within if level else None,
    )
