"""Money knows the failures: the signs of reliability and checkpoint keys, through to cost per token and target price.

The keys, their ladders from good to bad and their contexts are those of the door's laws; here each goes through the
whole corridor, a site that trains and serves included. Spares and intervals are bought or traded, so that they have a
least cost instead of a sign; it lies where the event simulation has it.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.des.training.fidelity import run_fidelity
from clustersim.errors import InfeasibleError
from clustersim.pipeline.chain import ChainRun, run_chain
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.work import StageCache
from tests.laws.test_reliability_door import CONTEXTS, WORSE, WRONG_TODAY, C, R, X, concrete

#: What is trained alone, what is trained beside what is served, and another card and company line.
SITES = {
    "alone": ("nanjing-1024", ("demand.chat=null", "demand.pretrain.share=100 %")),
    "mixed": ("nanjing-1024", ()),
    "br166": ("br166-1024", ()),
}
#: Spares are on the bill; for the rest the bill is the same.
BOUGHT = {R + "spares.hot", X + "warm_spares", X + "cold_spares"}
_CACHE = StageCache(4096)


@lru_cache(maxsize=4096)
def chain(site: str, sets: tuple[str, ...]) -> ChainRun:
    name, own = SITES[site]
    return run_chain(load_inputs(name, (*own, *sets)), replications=0, cache=_CACHE)


def target(run: ChainRun) -> float:
    assert run.valuation is not None
    return float(run.valuation.target_price)


def noise(*runs: ChainRun) -> float:
    """What the Monte Carlo of two answers leaves open, as a share; nothing between two formulas."""
    means = [run.own.training.expected for run in runs]
    return sum(m.half_width / max(m.ettr, 1e-12) for m in means) if any(m.half_width for m in means) else 0.0


def never_cheaper(better: ChainRun, worse: ChainRun) -> None:
    """At the same bill: cost per token does not fall, and the target price does not rise."""
    open_share = noise(better, worse) + 1e-9
    assert worse.own.bill.total_cny == pytest.approx(better.own.bill.total_cny, rel=1e-12)
    assert worse.own.cny_per_mtoken >= better.own.cny_per_mtoken * (1 - open_share)
    assert target(worse) <= target(better) * (1 + 0.05 * open_share)


def ladder(site: str, key: str, context: tuple[str, ...] = ()) -> list[ChainRun]:
    values, needs = WORSE[key]
    taken = {text.partition("=")[0] for text in (*needs, concrete(key))}
    context = tuple(text for text in context if text.partition("=")[0] not in taken)
    return [chain(site, (*context, *needs, f"{concrete(key)}={value}")) for value in values]


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(sorted(set(WORSE) - BOUGHT - {X + "burst_share"})), st.sampled_from(sorted(SITES)))
def test_a_worse_site_never_makes_a_token_cheaper(key: str, site: str) -> None:
    for better, worse in itertools.pairwise(ladder(site, key)):
        never_cheaper(better, worse)


@pytest.mark.full
@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("key", sorted(set(WORSE) - BOUGHT))
def test_every_key_has_its_sign_in_money(key: str, site: str) -> None:
    runs = ladder(site, key)
    for better, worse in itertools.pairwise(runs):
        never_cheaper(better, worse)
    assert runs[-1].own.cny_per_mtoken > runs[0].own.cny_per_mtoken  # the key reaches the money
    assert target(runs[-1]) < target(runs[0])


@pytest.mark.full
@pytest.mark.parametrize("context", CONTEXTS[1:])
@pytest.mark.parametrize("key", sorted(set(WORSE) - BOUGHT - {X + "burst_share"}))
def test_every_key_has_its_sign_in_any_context(key: str, context: tuple[str, ...]) -> None:
    for better, worse in itertools.pairwise(ladder("mixed", key, context)):
        never_cheaper(better, worse)


@pytest.mark.parametrize("case", WRONG_TODAY)
def test_what_was_free_costs(case: str) -> None:
    """A token is dearer by what the simulated months lose; idle cards save a little of the energy."""
    sets, _ = WRONG_TODAY[case]
    before, after = chain("alone", ()), chain("alone", sets)
    dearer = after.own.cny_per_mtoken / before.own.cny_per_mtoken
    months = run_fidelity(after.own.training.run, 20_260_603, fidelity="des", replications=60).ettr
    open_share = 2 * (months.half_width / months.mean + noise(after)) + 1e-3
    bill = after.own.tco.cny_per_card_hour / before.own.tco.cny_per_card_hour
    assert dearer == pytest.approx(before.own.training.expected.ettr / months.mean * bill, rel=open_share)
    assert 0.75 < bill <= 1.0
    assert target(after) < target(before)


@pytest.mark.parametrize(
    "context",
    [
        (),
        pytest.param((R + "mttf_scale=0.3",), marks=pytest.mark.full),
        pytest.param((R + "repair_time=72 h",), marks=pytest.mark.full),
    ],
)
def test_spares_have_one_least_cost_where_simulation_has_it(context: tuple[str, ...]) -> None:
    counts = (0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 32)
    runs = [chain("alone", (*context, f"{R}spares.hot={n}")) for n in counts]
    costs = [run.own.cny_per_mtoken for run in runs]
    best = costs.index(min(costs))
    slack = 1 + max(noise(run, run) for run in runs)
    assert all(a * slack >= b for a, b in itertools.pairwise(costs[: best + 1]))
    assert all(a <= b * slack for a, b in itertools.pairwise(costs[best:]))
    near = range(max(0, best - 1), min(len(counts), best + 2))
    simulated = {}
    for i in near:
        run = runs[i]
        ettr = run_fidelity(run.own.training.run, 11, fidelity="des", replications=150).ettr.mean
        simulated[i] = costs[i] * run.own.training.expected.ettr / ettr
    assert min(simulated.values()) >= simulated[best] * (1 - 3e-3)


@pytest.mark.parametrize("level", ["host", "partner", "storage"])
def test_intervals_have_one_least_cost(level: str) -> None:
    base = (R + "mttf_scale=0.05", R + "spares.hot=64", C + "host.bandwidth=1 GB/s", C + "counted_by=steps")
    span = {"host": (60, 1800), "partner": (600, 7200), "storage": (1800, 50_000)}[level]
    seconds = [span[0] * (span[1] / span[0]) ** (n / 9) for n in range(10)]
    costs = [chain("alone", (*base, f"{C}{level}.interval={s} s")).own.cny_per_mtoken for s in seconds]
    best = costs.index(min(costs))
    assert all(a >= b * (1 - 1e-9) for a, b in itertools.pairwise(costs[: best + 1]))
    assert all(a <= b * (1 + 1e-9) for a, b in itertools.pairwise(costs[best:]))


@pytest.mark.parametrize(
    "sets",
    [
        (R + "maintenance.interval=1 h", R + "maintenance.time=1 h"),
        (R + "mttf_scale=1e-6",),
        (C + "corrupt_share=99.9 %", X + "sdc_delay=1000 d", X + "retained=1", R + "mttf_scale=1e-4"),
    ],
)
def test_a_run_that_keeps_nothing_has_no_cost(sets: tuple[str, ...]) -> None:
    with pytest.raises(InfeasibleError, match="makes no progress"):
        chain("alone", sets)
