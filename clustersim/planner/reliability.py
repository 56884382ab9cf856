"""Reliability asked backwards: how many spares, which intervals, what a promise costs, and what the fleets leave open.

Every answer comes from the long run that money uses, so that a plan and its forward run cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from clustersim.assemble.failures import BETWEEN, rate_quantiles
from clustersim.des.training.promise import Promise, PromisePrice, price_promise
from clustersim.des.training.questions import (
    out_for_repair,
    overprovisioned,
    spare_is_there,
    spares_for,
    tuned_intervals,
)
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InputError
from clustersim.pipeline.chain import run_chain
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.finish import work_named
from clustersim.planner.training import chosen_workload
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads import run_workload
from clustersim.workloads.training import TrainingDetail
from clustersim.workloads.work import StageCache

__all__ = ["AmongFleets", "Answers", "Asked", "BestInterval", "PricedPromise", "Spares", "plan_reliability"]

#: Shares of further fleets that fail at least as often.
SHARES = (0.1, 0.5, 0.9)
#: Counts of spares without a cheaper token after which the search ends.
_PATIENCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of one training workload of a scenario."""

    name: str
    sets: Mapping[str, object]
    workload: str = ""
    wait_below: float = 0.01
    availability: float = 0.999
    restore_s: float = 300.0
    per_restore_cny: float = 0.0
    scaling: float = 0.95
    per_point_cny: float = 0.0
    per_interruption_cny: float = 0.0
    coverage: float = 0.0
    loading: float = 0.0

    def load(self, more: Mapping[str, object] | None = None, *, with_incumbent: bool = False) -> Inputs:
        """Load the scenario with some more keys overridden."""
        return load_inputs(self.name, {**self.sets, **(more or {})}, with_incumbent=with_incumbent)


@dataclass(frozen=True, slots=True)
class AmongFleets:
    """The site's headlines if it fails as a further fleet does: ``share`` of them fail at least as often."""

    share: float
    card_hours_per_failure: float
    mttf_h: float
    ettr: float
    cny_per_mtoken: float | None
    value_cny: float | None
    target_price: float | None


@dataclass(frozen=True, slots=True)
class Spares:
    """Servers that stand by: how often one is there, and how many a wish needs."""

    hot: int
    servers_out_for_repair: float
    p_wait: float
    hot_for_wait: int
    beyond_for_availability: int
    cheapest_hot: int | None
    """With the least cost per token; nothing where the site has no prices."""
    cny_per_mtoken: tuple[tuple[int, float], ...]
    """By the number of hot spares that was tried."""


@dataclass(frozen=True, slots=True)
class BestInterval:
    """The interval of one level, as it is and where ETTR is largest."""

    level: str
    interval_s: float
    best_s: float
    best_steps: int | None
    needed: bool
    """Whether the level earns its place; its best interval is then less than half the run."""


@dataclass(frozen=True, slots=True)
class PricedPromise:
    """One promise: its odds, what is breached on average, and what it costs."""

    promise: str
    p_breach: float
    mean_breaches: float
    penalty_each_cny: float
    premium_cny: float
    how: str
    half_width_cny: float


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers about one workload."""

    scenario: str
    workload: str
    cards: int
    ettr: float
    fidelity: str
    why: str
    fleets: tuple[AmongFleets, ...]
    spares: Spares
    intervals: tuple[BestInterval, ...]
    ettr_at_best: float
    promises: tuple[PricedPromise, ...]
    premium_cny: float
    notes: tuple[str, ...]


def plan_reliability(asked: Asked) -> Answers:
    """Return spares, intervals, the price of a promise and the spread between fleets for a training workload.

    Raises InputError for shares outside 0 to 1, or a site that lacks what a long run needs.
    """
    inputs, cache = asked.load(), StageCache()
    inputs.require(money=False)
    name = chosen_workload(inputs, "training", asked.workload, first=True)
    detail: TrainingDetail = run_workload(inputs, name, cache).detail
    run, expected = detail.run, detail.expected
    tuned, best = tuned_intervals(_seen(run))
    return Answers(
        scenario=inputs.name,
        workload=name,
        cards=inputs.cards,
        ettr=expected.ettr,
        fidelity=expected.fidelity,
        why=expected.why,
        fleets=_among_fleets(asked, inputs, name, cache),
        spares=_spares(asked, inputs, name, run, cache),
        intervals=_intervals(run, tuned, detail.step.step_time_s),
        ettr_at_best=best.ettr,
        promises=(promises := _promises(asked, inputs, detail)),
        premium_cny=sum(p.premium_cny for p in promises),
        notes=run.notes,
    )


def _seen(run: TrainingRun) -> TrainingRun:
    """The run whose mean has a formula: bursts and logs need events, whose noise hides an optimum."""
    if run.log or run.extras.burst_share > 0:
        return replace(run, log=(), extras=replace(run.extras, burst_share=0.0))
    return run


def _among_fleets(asked: Asked, inputs: Inputs, workload: str, cache: StageCache) -> tuple[AmongFleets, ...]:
    """ETTR, cost and price at the rates below which a tenth, half and nine tenths of further fleets fail."""
    median, hours = rate_quantiles(inputs, SHARES)
    rows = []
    for share, at in zip(SHARES, hours, strict=True):
        sets = {
            "reliability.fleet": BETWEEN,
            "reliability.observed": None,
            "reliability.mttf_scale": at / median,
        }
        rows.append(_at_rate(asked, sets, workload, share, at, cache))
    return tuple(rows)


def _at_rate(
    asked: Asked, sets: Mapping[str, object], workload: str, share: float, hours: float, cache: StageCache
) -> AmongFleets:
    inputs = asked.load(sets, with_incumbent=True)
    if inputs.scenario.tco is None:
        detail = run_workload(inputs, workload, cache).detail
        return AmongFleets(share, hours, detail.run.mttf_s / 3600, detail.expected.ettr, None, None, None)
    chain = run_chain(inputs, replications=0, cache=cache)
    work = work_named(chain.own, workload)
    return AmongFleets(
        share=share,
        card_hours_per_failure=hours,
        mttf_h=work.detail.run.mttf_s / 3600,
        ettr=work.detail.expected.ettr,
        cny_per_mtoken=float(chain.own.cny_per_unit(work)),
        value_cny=float(chain.value.price_cny) if chain.value is not None else None,
        target_price=float(chain.valuation.target_price) if chain.valuation is not None else None,
    )


def _spares(asked: Asked, inputs: Inputs, workload: str, run: TrainingRun, cache: StageCache) -> Spares:
    out = out_for_repair(run)
    costs = _spare_costs(asked, workload, cache) if inputs.scenario.tco is not None else {}
    return Spares(
        hot=run.spare_nodes,
        servers_out_for_repair=out,
        p_wait=1.0 - spare_is_there(run.spare_nodes, out),
        hot_for_wait=spares_for(out, asked.wait_below),
        beyond_for_availability=overprovisioned(out, asked.availability),
        cheapest_hot=min(costs, key=costs.__getitem__) if costs else None,
        cny_per_mtoken=tuple(costs.items()),
    )


def _spare_costs(asked: Asked, workload: str, cache: StageCache) -> dict[int, float]:
    """Cost of a million tokens by hot spares, from none on until more have made it dearer for some time."""
    costs: dict[int, float] = {}
    count, dearer = 0, 0
    while dearer < _PATIENCE:
        site: SiteRun = run_site(asked.load({"reliability.spares.hot": count}), cache)
        costs[count] = float(site.cny_per_unit(work_named(site, workload)))
        dearer = dearer + 1 if costs[count] > min(costs.values()) else 0
        count += max(1, count // 8)
    return costs


def _intervals(run: TrainingRun, tuned: TrainingRun, step_time_s: float) -> tuple[BestInterval, ...]:
    rows = []
    for mine, best in zip(run.levels, tuned.levels, strict=True):
        needed = best.interval_s < 0.45 * run.duration_s
        steps = max(1, round(best.interval_s / step_time_s)) if run.counted_by == "steps" else None
        rows.append(BestInterval(mine.name, mine.interval_s, best.interval_s, steps, needed))
    return tuple(rows)


def _promises(asked: Asked, inputs: Inputs, detail: TrainingDetail) -> tuple[PricedPromise, ...]:
    """Each promise priced alone at one CNY a breach, then at its penalty: premiums of several add up."""
    _, efficiency = detail.scaling
    days = detail.run.duration_s / 86400
    asked_of = (
        (f"restored within {asked.restore_s:g} s", Promise(restore_s=asked.restore_s, per_restore_cny=1.0),
         asked.per_restore_cny),
        (f"{asked.scaling:.4g} of the smallest cluster's tokens per card, failures included (points of a hundred)",
         Promise(ettr_floor=asked.scaling / efficiency, per_point_cny=1.0), asked.per_point_cny),
        (f"{days:g} days without an interruption that needs people",
         Promise(clean_cny=1.0, coverage=asked.coverage), asked.per_interruption_cny),
    )  # fmt: skip
    return tuple(_priced(asked, inputs, detail.run, *one) for one in asked_of)


def _priced(
    asked: Asked, inputs: Inputs, run: TrainingRun, words: str, unit: Promise, each: float
) -> PricedPromise:
    if each < 0 or not math.isfinite(each):
        raise InputError(f"a penalty must be finite and at least zero, not {each:g} CNY")
    contracts = 300 if run.needs_events() else 20_000
    found: PromisePrice = price_promise(
        run, unit, inputs.scenario.seed, contracts=contracts, loading=asked.loading
    )
    broken = found.expected_penalty_cny if unit.clean_cny > 0 else found.p_any
    return PricedPromise(
        words, broken, found.expected_penalty_cny, each, each * found.premium_cny, found.how,
        each * (1 + asked.loading) * found.half_width_cny,
    )  # fmt: skip
