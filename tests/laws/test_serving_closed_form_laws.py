"""Laws of the closed form of serving: points stand alone, the signs of its drivers, Little's law, limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clustersim.des.serving.closed_best import Offered, best_of
from clustersim.des.serving.closed_crossing import crossing, solved_for
from clustersim.des.serving.closed_form import (
    ClosedForm,
    Fleet,
    FluidPool,
    SloColumns,
    closed_form,
)
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fluid_inputs import (
    WEIGHTS,
    FluidCost,
    Traffic,
    fluid_cost,
    mean_of,
    stack_costs,
    traffic_of,
)
from clustersim.des.serving.fluid_verdict import LEAST_BATCH
from clustersim.des.serving.metrics import Slo, records
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import Pool
from clustersim.des.serving.stream import Lengths, Stream
from clustersim.des.serving.window import batch_error, steady_window

TABLE = np.arange(2048 + 257)


def cost_of(floor: float, slope: float, kv: float, cache: int) -> FluidCost:
    """An iteration that reads its weights in ``floor`` seconds and computes a token in ``slope``."""
    fixed = ((floor**3 + (slope * TABLE) ** 3) ** (1 / 3)).tolist()
    return fluid_cost(ReplicaCost(tuple(fixed), slope, kv, 1e-10, 5e-6, cache))


costs = st.tuples(
    st.floats(0.005, 0.03), st.floats(1e-5, 1.5e-4), st.floats(5e-9, 1e-7), st.integers(30_000, 400_000)
)
lengths = st.builds(
    Lengths, st.floats(64, 4000), st.sampled_from(["lognormal", "exponential", "constant"]), st.just(0.7)
)
outputs = st.builds(Lengths, st.floats(32, 600), st.sampled_from(["lognormal", "constant"]), st.just(0.6))
bursts = st.floats(1.0, 3.0)
rules = st.builds(Batching, st.just(2048), st.sampled_from([64, 256]), mixed=st.booleans())
SLO = Slo(ttft_s=3.0, tpot_s=0.08)


def traffic(prompt: Lengths, output: Lengths, burstiness: float) -> Traffic:
    return traffic_of(Stream(1.0, prompt, output, burstiness=burstiness))


def ask(
    cost: FluidCost, rule: Batching, flow: Traffic, rate: float | None = None, n: float = 1.0
) -> ClosedForm:
    return closed_form(Fleet(FluidPool(cost, rule, n)), flow, SLO, rate_per_s=rate)


@settings(max_examples=6, deadline=None)
@given(st.lists(costs, min_size=2, max_size=4), rules, lengths, outputs, bursts)
def test_a_point_of_a_batch_is_the_point_alone(several, rule, prompt, output, burst) -> None:
    flow, each = traffic(prompt, output, burst), [cost_of(*c) for c in several]
    together = ask(stack_costs(each), rule, flow)
    for i, cost in enumerate(each):
        alone = ask(cost, rule, flow)
        for name in ("saturated_per_s", "rate_at_slo_per_s", "slo_share", "batch", "cache", "input_share"):
            assert getattr(together, name)[i] == pytest.approx(getattr(alone, name)[0], rel=1e-9), name
        assert together.ttft_s["p99"][i] == pytest.approx(alone.ttft_s["p99"][0], rel=1e-9)
        assert together.use.busy[i] == pytest.approx(alone.use.busy[0], rel=1e-9)


CROWDED = (Lengths(64.0, "lognormal", 0.7), Lengths(32.0, "lognormal", 0.6))
SHORT = (Lengths(121.0, "lognormal", 0.7), Lengths(32.0, "constant", 0.6))
FEW = (Lengths(522.0, "exponential", 0.7), Lengths(82.0, "lognormal", 0.6))


@settings(max_examples=6, deadline=None)
@given(costs, rules, lengths, outputs, bursts)
@example((0.005, 1.5e-4, 9.545e-8, 34_195), Batching(2048, 256, mixed=True), *SHORT, 3.0)
@example((0.015625, 1.5e-4, 5.96e-8, 30_000), Batching(2048, 256, mixed=False), *SHORT, 3.0)
@example((0.015625, 3.02e-5, 5.96e-8, 30_000), Batching(2048, 64, mixed=True), *CROWDED, 3.0)
@example((0.015625, 3.71e-5, 5.96e-8, 30_000), Batching(2048, 64, mixed=False), *FEW, 3.0)
def test_more_load_is_never_faster_nor_less_used(cost, rule, prompt, output, burst) -> None:
    """Wherever the form holds: bursts may give one rate two balances, and it says so."""
    flow, table = traffic(prompt, output, burst), cost_of(*cost)
    top = ask(table, rule, flow).saturated_per_s[0]
    c = closed_form(Fleet(FluidPool(table, rule)), flow, SLO, rate_per_s=top * np.linspace(0.05, 0.95, 12))
    holds = c.holds | (c.batch < LEAST_BATCH)
    # A cache of few sequences is asked of the simulation, whatever the load.
    assert holds[0] or "the cache holds too few sequences to be a fluid" in c.why
    for name, values in (("busy", c.use.busy), ("batch", c.batch), ("cache", c.cache)):
        assert np.all(np.diff(values[holds]) >= -1e-9), name
    tpot, ttft = c.tpot_s["mean"][holds], c.ttft_s["mean"][holds]
    # A decode step of a fuller replica is never shorter. With the prompts in it, it may be by a part in a thousand: a
    # burst that finds no slot comes in one by one, and small groups of prompts cost less each (simulated below).
    pace = mean_of(c.pace.floor[:, 0])[holds]
    assert np.all(np.diff(pace) >= -1e-3 * pace[1:])
    roomy = c.batch[holds][1:] <= 0.8 * c.largest_batch[holds][1:]
    assert np.all(np.diff(tpot) >= -np.where(roomy, 1e-3, 3e-3) * tpot[1:])
    assert np.all(np.diff(ttft) >= -0.02 * ttft[1:])
    assert np.all((c.slo_share >= 0) & (c.slo_share <= 1 + 1e-9))
    assert np.all((c.input_share >= 0) & (c.input_share <= 1 + 1e-9))
    for part in (c.ttft_s, c.tpot_s, c.e2e_s):
        assert np.all(part["p50"] <= part["p90"] + 1e-12) and np.all(part["p90"] <= part["p99"] + 1e-12)


@pytest.mark.full
def test_bursts_that_wait_for_slots_come_in_one_by_one_and_answers_are_faster_for_it() -> None:
    """The one fall of TPOT over the load that the form shows, at 0.87 to 0.95 of the slots, is the simulation's too."""
    floor, slope, cache = 0.015625, 3.02e-5, 30_000
    fixed = ((floor**3 + (slope * TABLE) ** 3) ** (1 / 3)).tolist()
    cost, rule = ReplicaCost(tuple(fixed), slope, 5.96e-8, 1e-10, 5e-6, cache), Batching(2048, 64, mixed=True)
    seen = []
    for rate in (104.0, 119.0):
        drawn = Stream(rate, *CROWDED, burstiness=3.0).draw(60_000, np.random.default_rng(1))
        run = simulate(drawn, Pool(1, cost, rule), log=False)
        rows = records(run)
        seen.append(batch_error(rows["tpot_s"], rows["arrival_s"], steady_window(run.book)))
    (most, error), (full, _) = seen
    assert 3.0 * error < most - full < 4e-3 * most
    c = closed_form(
        Fleet(FluidPool(fluid_cost(cost), rule)), traffic(*CROWDED, 3.0), SLO, rate_per_s=[104.0, 119.0]
    )
    assert c.tpot_s["mean"] == pytest.approx([most, full], rel=0.005)


@settings(max_examples=6, deadline=None)
@given(costs, rules, lengths, outputs, bursts, st.floats(0.03, 0.2), st.floats(0.5, 20.0))
def test_the_rate_at_the_level_meets_the_level(cost, rule, prompt, output, burst, tpot, ttft) -> None:
    """Never a rate just above it: the share that the form itself gives there is at least the target."""
    flow, table = traffic(prompt, output, burst), cost_of(*cost)
    slo = Slo(ttft_s=ttft, tpot_s=tpot, share=0.9)
    c = closed_form(Fleet(FluidPool(table, rule)), flow, slo)
    assert c.rate_at_slo_per_s[0] == 0.0 or c.slo_share[0] >= slo.share
    again = closed_form(Fleet(FluidPool(table, rule)), flow, slo, rate_per_s=c.rate_at_slo_per_s)
    assert c.rate_at_slo_per_s[0] == 0.0 or again.slo_share[0] >= slo.share


@settings(max_examples=6, deadline=None)
@given(costs, rules, lengths, outputs, st.sampled_from(["floor", "slope", "kv", "cache"]))
@example((0.005859375, 0.00013925763714671616, 9.238091110446862e-08, 30_000), Batching(2048, 64, mixed=False),
         Lengths(283.0, "lognormal", 0.7), Lengths(32.0, "lognormal", 0.6), "floor")  # fmt: skip
def test_a_better_card_never_carries_less(cost, rule, prompt, output, part) -> None:
    flow = traffic(prompt, output, 1.0)
    better = list(cost)
    at = ("floor", "slope", "kv", "cache").index(part)
    better[at] = int(better[at] * 1.3) if part == "cache" else better[at] / 1.3
    before, after = ask(cost_of(*cost), rule, flow), ask(cost_of(*better), rule, flow)
    assert after.saturated_per_s[0] >= before.saturated_per_s[0] * (1 - 2e-3)
    if before.slo_holds[0] and after.slo_holds[0]:  # elsewhere the simulation is asked
        assert after.rate_at_slo_per_s[0] >= before.rate_at_slo_per_s[0] * (1 - 2e-2)


@settings(max_examples=6, deadline=None)
@given(costs, rules, lengths, outputs)
@example((0.015625, 9.09592089338398e-05, 5.960464477539063e-08, 30_000), Batching(2048, 64, mixed=True),
         Lengths(64.0, "lognormal", 0.7), Lengths(32.0, "lognormal", 0.6))  # fmt: skip
def test_bursts_and_longer_answers_never_help(cost, rule, prompt, output) -> None:
    """Bursts may where prompts go in passes of their own: a burst is one pass, which answers stand still for once."""
    table = cost_of(*cost)
    calm = ask(table, rule, traffic(prompt, output, 1.0))
    bursty = ask(table, rule, traffic(prompt, output, 3.0))
    assert not rule.mixed or bursty.rate_at_slo_per_s[0] <= calm.rate_at_slo_per_s[0] * 1.02
    assert bursty.saturated_per_s[0] == pytest.approx(calm.saturated_per_s[0], rel=1e-3)
    longer = replace(output, mean=output.mean * 1.5)
    assert (
        ask(table, rule, traffic(prompt, longer, 1.0)).saturated_per_s[0] <= calm.saturated_per_s[0] * 1.001
    )


def test_bursts_help_where_prompts_go_in_passes_of_their_own_and_the_simulation_says_so_too() -> None:
    """Short prompts of a burst share one pass of the weights; those that come alone stop every answer each time."""
    floor, slope, cache = 0.0234375, 1.42217e-4, 30_000
    fixed = ((floor**3 + (slope * TABLE) ** 3) ** (1 / 3)).tolist()
    cost, rule = (
        ReplicaCost(tuple(fixed), slope, 9.48e-8, 1e-10, 5e-6, cache),
        Batching(2048, 256, mixed=False),
    )
    for burst, rate in ((1.0, 35.5), (3.0, 42.8)):
        drawn = Stream(rate, *CROWDED, burstiness=burst).draw(20_000, np.random.default_rng(1))
        rows = records(simulate(drawn, Pool(1, cost, rule), log=False))
        met = (np.asarray(rows["ttft_s"]) <= SLO.ttft_s) & (np.asarray(rows["tpot_s"]) <= SLO.tpot_s)
        c = ask(fluid_cost(cost), rule, traffic(*CROWDED, burst), rate)
        assert c.slo_share[0] == pytest.approx(0.9, abs=0.02)
        assert np.mean(met[3_000:-1_000]) == pytest.approx(0.9, abs=0.03)


@settings(max_examples=6, deadline=None)
@given(costs, rules, lengths, outputs, st.floats(0.1, 0.9))
def test_the_decoding_batch_obeys_littles_law(cost, rule, prompt, output, load) -> None:
    """Mean batch = rate x decode steps x pace, and cached tokens = batch x context."""
    flow, table = traffic(prompt, output, 1.0), cost_of(*cost)
    rate = load * ask(table, rule, flow).saturated_per_s[0]
    c = ask(table, rule, flow, rate)
    steps = float((flow.outputs - 1.0) @ WEIGHTS)
    floor = float(table.at(table.fixed_s, np.array([[1.0]]))[0, 0])
    assert c.batch[0] >= rate * steps * floor * (1 - 1e-6)
    assert c.cache[0] * table.cache_tokens[0, 0] >= c.batch[0] * flow.context * (1 - 1e-9)
    assert c.tokens_per_s[0] == pytest.approx(rate * flow.tokens)


def test_doubling_the_replicas_and_the_rate_only_calms() -> None:
    flow, cost = traffic(Lengths(800), Lengths(200), 1.0), cost_of(0.015, 6e-5, 2e-8, 200_000)
    one, two = (ask(cost, Batching(2048, 256), flow, n=n) for n in (1.0, 2.0))
    assert two.saturated_per_s[0] == pytest.approx(2 * one.saturated_per_s[0], rel=0.02)
    assert two.rate_at_slo_per_s[0] >= 1.98 * one.rate_at_slo_per_s[0]


def test_cached_prompts_are_not_computed() -> None:
    cost, rule = cost_of(0.015, 6e-5, 2e-8, 200_000), Batching(2048, 256)
    stream = Stream(1.0, Lengths(2000), Lengths(200))
    cold, warm = (ask(cost, rule, traffic_of(stream, cached_share=h)) for h in (0.0, 0.6))
    assert warm.saturated_per_s[0] > 1.3 * cold.saturated_per_s[0]
    assert warm.cached_tokens_per_s[0] == pytest.approx(0.6 * 2000 * warm.rate_per_s[0], rel=0.01)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.tuples(costs, st.sampled_from([1, 2, 4, 8])), min_size=2, max_size=5),
    rules, lengths, outputs, bursts, st.integers(0, 2**20),
)  # fmt: skip
def test_what_is_left_out_of_a_search_is_not_the_best(several, rule, prompt, output, burst, seed) -> None:
    """The best fleet of every point is that of the crossings of all of them; each point's level is its own."""
    points, flow, rng = 6, traffic(prompt, output, burst), np.random.default_rng(seed)
    level = SloColumns(
        rng.uniform(0.5, 8.0, points), rng.uniform(0.02, 0.2, points), np.inf, rng.uniform(0.6, 0.98, points)
    )
    offered = []
    for cost, cards in several:
        own = stack_costs(
            [cost_of(*(value * rng.uniform(0.7, 1.4) for value in cost[:3]), cost[3]) for _ in range(points)]
        )
        fits = rng.random(points) < 0.9
        offered.append(Offered(Fleet(FluidPool(own, rule)), cards, level, fits))
    found = best_of(offered, flow)
    each = [
        crossing(solved_for(one.fleet, flow, level), level).rate_per_s / one.cards * one.fits
        for one in offered
    ]
    best = np.max(each, axis=0)
    assert np.array_equal(found.fleet >= 0, best > 0.0)
    for point in np.flatnonzero(best > 0.0):
        fleet = int(found.fleet[point])
        assert each[fleet][point] == best[point]
        equal = [one.cards for one, rate in zip(offered, each, strict=True) if rate[point] == best[point]]
        assert offered[fleet].cards == min(equal)
        rows, crossed = found.crossing(fleet)
        assert crossed.rate_per_s[rows.tolist().index(point)] == best[point] * offered[fleet].cards
