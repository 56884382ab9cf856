"""Plans asked backwards, and run forward: the limit is met, and the next size breaks it."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.plan import command as plan
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.search import PlanSpace
from clustersim.pipeline import purchase, run_cluster
from clustersim.planner.break_even import break_even
from clustersim.planner.cluster import Limits, plan_cluster
from clustersim.planner.training import LEAN, best_plans, cards_for_deadline, goodput, resized, sizes
from clustersim.schema.inputs import load_inputs

NANJING = load_inputs("nanjing-1024", (), with_incumbent=False)
TEMPLATES = {"nanjing": NANJING, "br166": load_inputs("br166-1024", (), with_incumbent=False)}
SITE = NANJING.scenario.tco


def taken(inputs) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """What a cluster takes of each limit, from its purchase."""
    bought = purchase(inputs, SITE)
    weeks = bought.bill.lead_time_weeks + inputs.prices.integration_time.value
    return {
        "budget_cny": bought.bill.total_cny, "power_w": bought.provisioned_it_w * SITE.pue.value,
        "racks": bought.racks.total, "weeks": weeks,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "most"), [("budget_cny", 150e6), ("budget_cny", 60e6), ("power_w", 1.1e6), ("racks", 40)]
)
@pytest.mark.parametrize("objective", ["goodput", "cny_per_mtoken"])
def test_a_plan_meets_its_limit_when_it_is_run_and_the_next_size_does_not(
    name: str, most: float, objective: str
) -> None:
    limits = Limits(**{name: most})
    answer = plan_cluster(TEMPLATES, limits, objective=objective, site=SITE)
    for found in answer.best:
        forward = run_cluster(found.candidate.inputs, SITE)
        assert forward.goodput_tokens_per_s == pytest.approx(found.run.goodput_tokens_per_s, rel=1e-12)
        assert forward.step.step_time_s == pytest.approx(found.plan.step_time_s, rel=1e-9)
        assert taken(found.candidate.inputs)[name] <= most
        base = TEMPLATES[found.candidate.template]
        after = next((n for n in sizes(base) if n > found.candidate.cards), None)
        assert found.margin.cards == after
        if found.margin.breaks == name:
            assert taken(resized(base, after))[name] > most
    if objective == "goodput":
        best = answer.best[0]
        assert best.margin.breaks == name, "more money, power or room must buy more tokens"


def test_the_best_is_the_best_of_every_candidate_run_one_by_one() -> None:
    limits = Limits(budget_cny=60e6)
    answer = plan_cluster({"nanjing": NANJING}, limits)
    rates = []
    for cards in sizes(NANJING, 1024):
        inputs = resized(NANJING, cards)
        if purchase(inputs, SITE).bill.total_cny > 60e6:
            continue
        try:
            found = best_plans(inputs, top=1).best[0]
        except InfeasibleError:
            continue
        rates.append(run_cluster(resized(inputs, cards, found), SITE).goodput_tokens_per_s)
    assert answer.best[0].run.goodput_tokens_per_s == pytest.approx(max(rates), rel=1e-12)
    assert answer.within == len(rates)


def test_no_cheaper_cluster_keeps_more_tokens_than_the_front() -> None:
    answer = plan_cluster(TEMPLATES, Limits(power_w=1e6), site=SITE, top=1000)
    rows = [(f.run.bill.total_cny, f.run.goodput_tokens_per_s) for f in answer.best]
    front = [(f.run.bill.total_cny, f.run.goodput_tokens_per_s) for f in answer.front]
    assert len(rows) == answer.within
    for cost, rate in rows:
        beaten = any(c <= cost and r >= rate and (c, r) != (cost, rate) for c, r in rows)
        assert beaten == ((cost, rate) not in front)


def test_a_delivery_date_is_the_longest_lead_time_and_the_assembly() -> None:
    answer = plan_cluster({"nanjing": NANJING}, Limits(weeks=16, budget_cny=60e6))
    assert taken(answer.best[0].candidate.inputs)["weeks"] == 16
    with pytest.raises(InfeasibleError, match="weeks at most 15"):
        plan_cluster({"nanjing": NANJING}, Limits(weeks=15, budget_cny=60e6))
    h100 = load_inputs("h100-1024", (), with_incumbent=False)
    with pytest.raises(InputError, match="no lead time is known for H100"):
        plan_cluster({"h100": h100}, Limits(weeks=20))


def test_an_impossible_demand_names_the_nearest() -> None:
    outcome = CliRunner().invoke(plan, ["cluster", "nanjing-1024", "--budget", "5 MCNY"])
    assert isinstance(outcome.exception, InfeasibleError)
    assert outcome.exception.exit_code == 3
    assert "the nearest is 64 cards" in str(outcome.exception)


@pytest.mark.parametrize("bad", [{"budget_cny": -1.0}, {"power_w": 0.0}, {"racks": float("nan")}])
def test_a_limit_must_be_above_zero(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must be above zero"):
        Limits(**bad)


@pytest.mark.parametrize("scenario", ["nanjing-1024", "br166-1024", "br20x-4096"])
@pytest.mark.parametrize("cards", [128, 320, 1024])
def test_the_lean_space_loses_no_plan(scenario: str, cards: int) -> None:
    inputs = load_inputs(scenario, (), with_incumbent=False)
    full, lean = (best_plans(inputs, cards=cards, top=1, space=s).best[0] for s in (PlanSpace(), LEAN))
    assert lean.step_time_s == pytest.approx(full.step_time_s, rel=1e-12)


def test_a_deadline_is_met_by_the_size_and_by_no_smaller_one() -> None:
    tokens, seconds = 3e11, 30 * 86400.0
    answer = cards_for_deadline(NANJING, tokens=tokens, seconds=seconds)
    assert tokens / goodput(NANJING, answer.plan, answer.cards) <= seconds
    planned = resized(NANJING, answer.cards, answer.plan)
    assert tokens / run_cluster(planned, SITE).goodput_tokens_per_s <= seconds * (1 + 1e-9)
    for cards in sizes(NANJING, answer.cards - 1):
        try:
            found = best_plans(NANJING, cards=cards, top=1).best[0]
        except InfeasibleError:
            continue
        assert tokens / goodput(NANJING, found, cards) > seconds


@pytest.mark.parametrize("unknown", ["price", "sold_share"])
def test_a_break_even_closes_when_it_is_run_forward(unknown: str) -> None:
    found = break_even("nanjing-1024", {}, unknown=unknown, against="incumbent")
    key = {"price": "cards.BR106M.price", "sold_share": "tco.sold_share"}[unknown]
    text = f"{found.value!r} CNY" if unknown == "price" else f"{found.value!r}"
    inputs = load_inputs("nanjing-1024", [f"{key}={text}"], with_incumbent=False)
    held = run_cluster(load_inputs("h20-1024", (), with_incumbent=False), SITE).cny_per_mtoken
    assert run_cluster(inputs, inputs.scenario.tco).cny_per_mtoken == pytest.approx(held, rel=1e-9)


def test_a_break_even_tariff_moves_both_clusters() -> None:
    found = break_even("nanjing-1024", {}, unknown="tariff", against="rent", mark=6.0)
    inputs = load_inputs("nanjing-1024", [f"tco.tariff={found.value!r} CNY/kWh"], with_incumbent=False)
    assert run_cluster(inputs, inputs.scenario.tco).tco.cny_per_card_hour == pytest.approx(6.0, rel=1e-9)
    with pytest.raises(InfeasibleError, match="no tariff between"):
        break_even("nanjing-1024", {}, unknown="tariff", against="incumbent")


def test_a_rent_below_a_free_card_has_no_break_even_price() -> None:
    with pytest.raises(InfeasibleError, match="no price between"):
        break_even("nanjing-1024", {}, unknown="price", against="rent")


def test_commands_answer_in_json() -> None:
    run = CliRunner().invoke(
        plan, ["cluster", "nanjing-1024", "--racks", "40", "-f", "json"], catch_exceptions=False
    )
    answer = json.loads(run.stdout)
    assert answer["limits"] == {"racks": 40.0}
    assert answer["best"][0]["racks"] <= 40
    run = CliRunner().invoke(
        plan,
        ["break-even", "nanjing-1024", "--against", "rent", "--mark", "5", "-f", "json"],
        catch_exceptions=False,
    )
    assert json.loads(run.stdout)["cost_there"] == pytest.approx(5.0, rel=1e-9)
