"""Serving searched: the cheapest is no dearer than the scenario's own way, the frontier bends, limits are met."""

import json
from itertools import pairwise

import pytest
from click.testing import CliRunner

from clustersim.cli.plan import serving as plan_command
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.candidates import Limits
from clustersim.planner.serving import Serving
from clustersim.planner.serving_search import LEAST_SHARE, _takes, frontier_rows, largest_fleet, options
from clustersim.schema.load_inputs import load_inputs


def serving(*sets: str, name: str = "serve-qwen3-32b") -> Serving:
    return Serving(load_inputs(name, sets, with_incumbent=False))


def test_the_cheapest_way_is_no_dearer_than_the_scenarios_own() -> None:
    asked = serving("serving.plan={tp: 8}", "slo.tpot=80 ms")
    found = options(asked)
    own = asked.rate_at_slo()
    assert own.fidelity == "closed form"
    same = next(o for o in found if (o.max_sequences, o.max_tokens) == (256, 2048))
    assert same.requests_per_s == pytest.approx(own.requests_per_s, rel=1e-9)
    costs = [o.cny_per_mtoken for o in found]
    assert costs == sorted(costs) and costs[0] <= own.cny_per_mtoken
    assert len({(o.max_sequences, o.max_tokens) for o in found}) > 10
    # Every one meets the level by its own forward question.
    best = next(o for o in found if o.holds)
    again = serving(
        "serving.plan={tp: 8}", "slo.tpot=80 ms", f"demand.chat.batching.max_sequences={best.max_sequences}",
        f"demand.chat.batching.max_tokens={best.max_tokens}",
    )  # fmt: skip
    assert again.rate_at_slo().requests_per_s == pytest.approx(best.requests_per_s, rel=1e-9)


def test_formats_are_searched_where_they_are_asked_for(monkeypatch) -> None:
    monkeypatch.setattr("clustersim.planner.serving_search.SEQUENCES", (128,))
    asked = serving("serving.plan={tp: 8}", "slo.tpot=80 ms")
    kinds = {(o.weights, o.cache) for o in options(asked, formats=True)}
    assert ("8bit", "8bit") in kinds and ("16bit", "16bit") in kinds
    assert {(o.weights, o.cache) for o in options(asked)} == {("8bit", "bf16")}


def test_the_frontier_trades_a_cards_tokens_for_a_users() -> None:
    rows = frontier_rows(serving())
    assert len({(r.tp, r.pp) for r in rows}) > 1
    good = [r for r in rows if r.meets]
    for one, two in pairwise(good):
        assert two.tokens_per_s_per_card < one.tokens_per_s_per_card
        assert two.tokens_per_s_per_user > one.tokens_per_s_per_user
        assert two.cny_per_mtoken > one.cny_per_mtoken
    # What meets the level comes first; what misses it follows by how much it serves, and nothing that serves nobody.
    assert rows[: len(good)] == good and all(r.slo_share >= 0.9 for r in good)
    missed = [r.slo_share for r in rows[len(good) :]]
    assert missed == sorted(missed, reverse=True) and LEAST_SHARE <= missed[-1] < missed[0] < 0.9
    assert all(r.slo_share is None for r in frontier_rows(serving("slo=null")))


@pytest.mark.parametrize(
    "limits", [{"budget_cny": 60e6}, {"power_w": 300e3}, {"racks": 9.0}, {"budget_cny": 90e6, "racks": 14.0}]
)
def test_the_largest_fleet_is_within_its_limits_and_the_next_server_is_not(limits) -> None:
    asked = serving("serving.plan={tp: 8}")
    found = largest_fleet(asked, Limits(**limits))
    for name, most in limits.items():
        assert getattr(found, name) <= most
    larger = _takes(asked.inputs, found.cards + 8)
    assert any(larger[name] > most for name, most in limits.items()) and found.binds
    assert found.replicas == found.cards // 8
    assert found.rate.requests_per_s > found.replicas * 0.9 * asked.rate_at_slo().requests_per_s


def test_limits_that_hold_no_replica_and_questions_that_do_not_go_together() -> None:
    with pytest.raises(InfeasibleError, match="which one deployment needs: they break the budget"):
        largest_fleet(serving("serving.plan={tp: 8}"), Limits(budget_cny=1e6))
    asked = CliRunner().invoke(plan_command, ["serve-qwen3-32b", "--search", "--frontier"])
    assert isinstance(asked.exception, InputError)
    alone = CliRunner().invoke(plan_command, ["serve-qwen3-32b", "--formats"])
    assert isinstance(alone.exception, InputError) and "--search" in str(alone.exception)
    said = CliRunner().invoke(plan_command, ["serve-qwen3-32b", "--power", "300 kW", "-f", "json"])
    (row,) = json.loads(said.stdout)["answers"]
    assert row["power_w"] <= 300e3 and row["binds"] == "the power" and row["fidelity"]


def test_a_split_deployment_grows_in_its_ratio() -> None:
    found = largest_fleet(serving(name="serve-deepseek-v3"), Limits(budget_cny=400e6))
    assert found.decode_replicas >= 1 and found.replicas >= 1
