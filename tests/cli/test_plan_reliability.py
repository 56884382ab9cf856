"""``plan reliability``: its answers are those of the forward run, and mistakes are named."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli
from clustersim.pipeline.chain import run_chain
from clustersim.schema.load_inputs import load_inputs

SITE = ("--set", "demand.chat=null", "--set", "demand.pretrain.share=100 %")
SETS = ("demand.chat=null", "demand.pretrain.share=100 %")


def answer(*words: str) -> dict:  # type: ignore[type-arg]
    found = CliRunner().invoke(
        cli, ["plan", "reliability", "nanjing-1024", *SITE, *words, "-f", "json"], catch_exceptions=False
    )
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def plain() -> dict:  # type: ignore[type-arg]
    return answer("--per-restore", "10 kCNY", "--loading", "0.25")


def test_the_spread_of_fleets_is_the_forward_run_at_their_rates(plain) -> None:  # type: ignore[no-untyped-def]
    worst, middle, best = plain["fleets"]
    assert worst["ettr"] < middle["ettr"] < best["ettr"]
    assert worst["cny_per_mtoken"] > middle["cny_per_mtoken"] > best["cny_per_mtoken"]
    assert worst["target_price"] < middle["target_price"] < best["target_price"]
    at = worst["card_hours_per_failure"] / middle["card_hours_per_failure"]
    sets = (*SETS, "reliability.fleet=between", f"reliability.mttf_scale={at}")
    forward = run_chain(load_inputs("nanjing-1024", sets), replications=0)
    assert worst["cny_per_mtoken"] == pytest.approx(forward.own.cny_per_mtoken, rel=1e-12)
    assert forward.valuation is not None
    assert worst["target_price"] == pytest.approx(float(forward.valuation.target_price), rel=1e-12)


def test_spares_and_intervals_are_the_best_of_their_neighbours(plain) -> None:  # type: ignore[no-untyped-def]
    best, costs = plain["spares"]["cheapest_hot"], dict(plain["spares"]["cny_per_mtoken"])
    assert costs[best] == min(costs.values()) and 0 < best < max(costs)
    forward = run_chain(
        load_inputs("nanjing-1024", (*SETS, f"reliability.spares.hot={best}")), replications=0
    )
    assert costs[best] == pytest.approx(forward.own.cny_per_mtoken, rel=1e-12)
    assert plain["ettr_at_best"] > plain["ettr"]
    sets = [f"checkpoint.{i['level']}.interval={i['best_s']} s" for i in plain["intervals"]]
    tuned = run_chain(load_inputs("nanjing-1024", (*SETS, *sets)), replications=0)
    assert tuned.own.training.expected.ettr == pytest.approx(plain["ettr_at_best"], rel=1e-9)


def test_a_premium_is_what_is_breached_at_its_penalty(plain) -> None:  # type: ignore[no-untyped-def]
    late, floor, clean = plain["promises"]
    assert late["premium_cny"] == pytest.approx(1.25 * 10_000 * late["mean_breaches"])
    assert plain["premium_cny"] == late["premium_cny"] and floor["premium_cny"] == clean["premium_cny"] == 0
    assert clean["p_breach"] == pytest.approx(0.0997, abs=0.002)  # 1 - e^(-0.007 x 15.03)
    assert floor["p_breach"] < 0.01 < late["p_breach"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--restore", "5"), "unit"),
        (("--restore", "0 s"), "above zero"),
        (("--per-restore", "-1 CNY"), "at least 0"),
        (("--workload", "nothing"), "no such workload"),
        (("--wait-below", "1"), "range"),
    ],
)
def test_mistakes_are_named(words: tuple[str, ...], message: str) -> None:
    found = CliRunner().invoke(cli, ["plan", "reliability", "nanjing-1024", *words])
    assert found.exit_code == 2 or getattr(found.exception, "exit_code", None) == 2
    assert message in found.output + str(found.exception)


def test_a_site_without_prices_is_answered_without_money() -> None:
    found = answer("--set", "tco=null", "--set", "market=null", "--set", "company=null")
    assert found["spares"]["cheapest_hot"] is None
    assert found["fleets"][0]["ettr"] < found["fleets"][2]["ettr"]
    assert found["fleets"][0]["cny_per_mtoken"] is None
