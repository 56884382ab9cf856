"""Plans asked backwards, and run forward: the limit is met, and the next size breaks it."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from clustersim.assemble.purchase import purchase
from clustersim.cli.plan import command as plan
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.search import PlanSpace
from clustersim.perf.shortlist import LEAN
from clustersim.perf.step import train_step
from clustersim.pipeline.site import run_site
from clustersim.pipeline.value import value_of_card
from clustersim.planner.break_even import Held, break_even
from clustersim.planner.cluster import Goal, Limits, plan_cluster
from clustersim.planner.ranking import TIE
from clustersim.planner.training import Question, batches, best_plans, days_for, goodput, sizes
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.sides import load_sides
from clustersim.workloads.work import StageCache

SMALL = ("demand.chat.traffic.requests=300",)
CACHE = StageCache()


def asked(scenario: str, *sets: str) -> Question:
    inputs = load_inputs(scenario, sets, with_incumbent=False)
    return Question(inputs, "pretrain").on(inputs.cards)


BR166 = asked("br166-1024")
H20 = Question(load_sides(["br166-1024", "h20-1024"])[1], "pretrain")
TEMPLATES = {"br166": BR166, "h20": H20}


def taken(question: Question) -> dict[str, float]:
    """What a cluster takes of each limit, from its purchase."""
    bought, inputs = purchase(question.inputs), question.inputs
    assert inputs.prices.integration_time is not None
    return {
        "budget_cny": bought.bill.total_cny, "power_w": bought.provisioned_it_w * inputs.tco.pue.value,
        "racks": bought.racks.total,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "most"), [("budget_cny", 60e6), ("power_w", 0.5e6), ("racks", 20)])
@pytest.mark.parametrize("objective", ["goodput", "cny_per_mtoken"])
def test_a_plan_meets_its_limit_when_it_is_run_and_the_next_size_does_not(
    name: str, most: float, objective: str
) -> None:
    answer = plan_cluster(TEMPLATES, Limits(**{name: most}), Goal(objective=objective))
    for found in answer.best:
        of = found.planned.candidate
        forward = run_site(of.asked.inputs, CACHE)
        assert forward.cny_per_unit(forward.main) == found.planned.cny_per_mtoken
        assert goodput(of.asked, CACHE) == found.planned.goodput_tokens_per_s
        assert taken(of.asked)[name] <= most
        base = TEMPLATES[of.template]
        after = next((n for n in sizes(base) if n > of.cards), None)
        assert found.margin.cards == after
        if found.margin.breaks == name:
            assert after is not None and taken(base.on(after))[name] > most
    if objective == "goodput":
        assert answer.best[0].margin.breaks == name, "more money, power or room must buy more tokens"


def test_the_best_is_the_best_of_every_candidate_run_one_by_one() -> None:
    answer = plan_cluster({"br166": BR166}, Limits(budget_cny=60e6))
    rates = []
    for cards in sizes(BR166, 1024):
        question = BR166.on(cards)
        if purchase(question.inputs).bill.total_cny > 60e6:
            continue
        try:
            rates.append(goodput(question, CACHE))
        except InfeasibleError:
            continue
    assert answer.within == len(rates)
    best = answer.best[0].planned
    assert best.goodput_tokens_per_s >= max(rates) * (1 - TIE)


def test_no_cheaper_cluster_keeps_more_tokens_than_the_front() -> None:
    answer = plan_cluster(TEMPLATES, Limits(power_w=0.6e6), Goal(top=1000))
    rows = [(f.planned.run.bill.total_cny, f.planned.goodput_tokens_per_s) for f in answer.best]
    front = [(f.planned.run.bill.total_cny, f.planned.goodput_tokens_per_s) for f in answer.front]
    assert len(rows) == answer.within
    for cost, rate in rows:
        truly = any(c <= cost and r * (1 - TIE) > rate for c, r in rows)
        assert not (truly and (cost, rate) in front)
        assert any(c <= cost * (1 + 2 * TIE) and r >= rate * (1 - 2 * TIE) for c, r in front)


def test_a_delivery_date_is_the_longest_lead_time_and_the_assembly() -> None:
    nanjing = {"nanjing": asked("nanjing-1024", *SMALL)}
    answer = plan_cluster(nanjing, Limits(weeks=16, budget_cny=50e6))
    assert answer.best[0].planned.candidate.takes["weeks"] == 16
    with pytest.raises(InfeasibleError, match="delivery of 15 weeks"):
        plan_cluster(nanjing, Limits(weeks=15, budget_cny=30e6))
    with pytest.raises(InputError, match="no lead time is known for H100"):
        plan_cluster({"h100": asked("h100-1024")}, Limits(weeks=20))


def test_the_date_of_the_last_token_holds_delivery_and_days() -> None:
    nanjing = {"nanjing": asked("nanjing-1024", *SMALL)}
    tokens = 1e11
    answer = plan_cluster(
        nanjing, Limits(finish_days=16 * 7 + 60), Goal(objective="capex_cny", tokens=tokens)
    )
    takes = answer.best[0].planned.candidate.takes
    assert takes["finish_days"] == takes["weeks"] * 7 + takes["days"] <= 16 * 7 + 60
    assert answer.best[0].margin.days is not None and answer.best[0].margin.days > 60
    with pytest.raises(InputError, match="give --tokens"):
        plan_cluster(nanjing, Limits(days=60))


@pytest.mark.parametrize(
    "bad", [{"budget_cny": -1.0}, {"power_w": 0.0}, {"racks": float("nan")}, {"days": 0.0}]
)
def test_a_limit_must_be_above_zero(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must be above zero"):
        Limits(**bad)


@pytest.mark.parametrize("scenario", ["br166-1024", "br20x-4096"])
@pytest.mark.parametrize("cards", [128, 320, 1024])
def test_the_lean_space_loses_no_plan(scenario: str, cards: int) -> None:
    question = asked(scenario)
    full, lean = (best_plans(question, cards=cards, top=1, space=s).best[0] for s in (PlanSpace(), LEAN))
    assert lean.step_time_s == pytest.approx(full.step_time_s, rel=1e-12)


def test_a_deadline_is_met_by_the_size_and_by_no_smaller_one() -> None:
    tokens = 1e12
    answer = plan_cluster({"br166": BR166}, Limits(days=30), Goal(objective="capex_cny", tokens=tokens))
    best = answer.best[0].planned
    assert best.candidate.takes["days"] <= 30
    assert best.candidate.takes["days"] == days_for(tokens, goodput(best.candidate.asked, CACHE), 1.0)
    for cards in sizes(BR166, best.candidate.cards - 1):
        try:
            rate = goodput(BR166.on(cards), CACHE)
        except InfeasibleError:
            continue
        assert days_for(tokens, rate, 1.0) > 30


def test_a_batch_that_is_sized_stays_within_a_tenth_and_lets_more_sizes_train() -> None:
    kept, sized = sizes(BR166, 1024), sizes(BR166, 1024, batch="auto")
    assert set(kept) < set(sized) and 768 in set(sized) - set(kept)
    for cards in (96, 768, 1000, 1024):
        assert all(abs(b - 1024) <= 102.4 for b in batches(BR166, cards))
    assert batches(BR166, 1024)[0] == 1024
    auto = plan_cluster({"br166": BR166}, Limits(budget_cny=30e6), Goal(batch="auto", top=1)).best[0].planned
    keep = plan_cluster({"br166": BR166}, Limits(budget_cny=30e6), Goal(top=1)).best[0].planned
    assert auto.goodput_tokens_per_s >= keep.goodput_tokens_per_s * (1 - TIE)


def test_what_is_found_can_be_run() -> None:
    for found in best_plans(BR166, top=5).best:
        step = train_step(BR166.job.with_plan(found.plan))
        assert step.step_time_s == pytest.approx(found.step_time_s, rel=1e-12)
        assert step.memory.total == pytest.approx(found.memory_bytes, rel=1e-12)


def test_the_front_of_a_kind_is_ordered() -> None:
    for result in best_plans(BR166).results:
        times = [f.step_time_s for f in result.front]
        memory = [f.memory_bytes for f in result.front]
        assert times == sorted(times) and memory == sorted(memory, reverse=True)


UNKNOWN = {"price": ("cards.BR166M.price", " CNY"), "sold_share": ("tco.sold_share", "")}


@pytest.mark.parametrize("unknown", ["price", "sold_share"])
def test_a_break_even_closes_when_it_is_run_forward(unknown: str) -> None:
    found = break_even(Held(name="br166-1024", sets={}), unknown)
    key, unit = UNKNOWN[unknown]
    site = run_site(load_inputs("br166-1024", [f"{key}={found.value!r}{unit}"], with_incumbent=False), CACHE)
    inputs = load_inputs("br166-1024")
    assert inputs.incumbent is not None
    held = run_site(inputs.incumbent, CACHE)
    assert found.workload == "pretrain"
    assert site.cny_per_unit(site.main) == pytest.approx(held.cny_per_unit(held.main), rel=1e-9)


def test_over_a_whole_demand_the_price_is_the_value_of_the_card_without_a_discount() -> None:
    held = Held(name="nanjing-1024", sets={"demand.chat.traffic.requests": 300})
    found = break_even(held, "price")
    inputs = load_inputs("nanjing-1024", SMALL)
    assert inputs.incumbent is not None
    value = value_of_card(inputs, run_site(inputs), run_site(inputs.incumbent), 0.0)
    assert found.workload == "" and found.value == pytest.approx(value.price_cny, rel=1e-9)


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("serve-qwen3-32b", {"against": "api", "mark": 3.0, "sets": {"demand.chat.traffic.requests": 300}}),
    ("serve-llama3-70b", {"incumbent": "h20-1024", "sets": {"demand.chat.traffic.requests": 300}}),
    ("video-analytics-5g", {"against": "rent", "mark": 9.0}),
    ("video-analytics-5g", {"mark": 0.01}),
    ("shared-1024", {"mark": 12.0}),
    ("br166-1024", {"against": "rent", "mark": 9.0}),
]


@pytest.mark.parametrize(("scenario", "words"), KINDS)
def test_every_kind_of_workload_breaks_even(scenario: str, words: dict[str, Any]) -> None:
    held = Held(**{"name": scenario, "sets": {}, **words})
    found = break_even(held, "price")
    assert found.cost_there == pytest.approx(found.mark, rel=1e-9)
    # A dearer card costs more: the root lies on the side of the gap.
    assert (found.value > found.now) == (found.mark > found.cost_now)


def test_a_break_even_tariff_moves_both_clusters() -> None:
    found = break_even(Held(name="br166-1024", sets={}, against="rent", mark=8.5), "tariff")
    site = run_site(
        load_inputs("br166-1024", [f"tco.tariff={found.value!r} CNY/kWh"], with_incumbent=False), CACHE
    )
    assert site.tco.cny_per_card_hour == pytest.approx(8.5, rel=1e-9)
    dear = {"cards.H100.price": "400000 CNY"}  # more capital and less power a token than ours
    both = break_even(Held(name="br166-1024", sets=dear, incumbent="h100-1024"), "tariff")
    sides = load_sides(["br166-1024", "h100-1024"], {**dear, "tco.tariff": f"{both.value!r} CNY/kWh"})
    mine, theirs = (run_site(side, CACHE) for side in sides)
    assert mine.cny_per_unit(mine.main) == pytest.approx(theirs.cny_per_unit(theirs.main), rel=1e-9)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "nanjing-1024", "against": "rent"}, "price", "no price between"),
    ({"name": "serve-qwen3-32b", "incumbent": "h20-1024"}, "price", "no price between"),
    ({"name": "shared-1024", "incumbent": "h20-1024"}, "price", "a comparison is of equal work"),
    ({"name": "h20-1024"}, "price", "names no incumbent"),
    ({"name": "br166-1024", "against": "api", "mark": 2.0}, "price", "has no serving workload"),
    ({"name": "serve-qwen3-32b", "against": "api"}, "price", "give it with --mark"),
    ({"name": "nanjing-1024", "mark": 3.0}, "price", "choose it with --workload"),
    ({"name": "br166-1024"}, "weight", "cannot be solved for"),
    (
        {"name": "br166-1024", "sets": {"training.plan": {"tp": 8, "pp": 1, "dp": 128}}},
        "price",
        "plan is stated",
    ),
]


@pytest.mark.parametrize(("words", "unknown", "message"), REFUSED)
def test_what_cannot_break_even_is_told(words: dict[str, Any], unknown: str, message: str) -> None:
    sets = {"demand.chat.traffic.requests": 300} if words["name"] == "nanjing-1024" else {}
    with pytest.raises((InputError, InfeasibleError), match=message):
        break_even(Held(**{"sets": sets, **words}), unknown)


def test_the_price_of_the_incumbents_card_is_accepted() -> None:
    cheap = break_even(Held(name="br166-1024", sets={"cards.H20.price": "50000 CNY"}), "price")
    plain = break_even(Held(name="br166-1024", sets={}), "price")
    assert cheap.value < plain.value


def test_commands_answer_in_json_and_unequal_demands_are_refused() -> None:
    words = ["cluster", "br166-1024", "--racks", "20", "--budget", "60 MCNY", "-f", "json"]
    answer = json.loads(CliRunner().invoke(plan, words, catch_exceptions=False).stdout)
    assert answer["limits"] == {"budget_cny": 60e6, "racks": 20.0}
    assert answer["best"][0]["racks"] <= 20 and answer["best"][0]["global_batch"] == 1024
    outcome = CliRunner().invoke(plan, ["cluster", "nanjing-1024", "br166-1024", "--budget", "60 MCNY"])
    assert isinstance(outcome.exception, InputError) and "--demand" in str(outcome.exception)
    outcome = CliRunner().invoke(plan, ["cluster", "br166-1024", "--budget", "5 MCNY"])
    assert isinstance(outcome.exception, InfeasibleError)
    assert "the nearest is" in str(outcome.exception)
    words = ["break-even", "br166-1024", "--against", "rent", "--mark", "9", "-f", "json"]
    found = json.loads(CliRunner().invoke(plan, words, catch_exceptions=False).stdout)
    assert found["cost_there"] == pytest.approx(9.0, rel=1e-9)
