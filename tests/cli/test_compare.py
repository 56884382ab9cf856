"""``compare`` and ``tco`` from the command line: parts sum, break-even closes, and mistakes are named."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.compare import command as compare
from clustersim.cli.tco import command as tco
from clustersim.errors import InputError

PAIR = ["nanjing-1024", "h100-1024"]


def result_of(command, *arguments):
    outcome = CliRunner().invoke(command, [*arguments, "-f", "json"], catch_exceptions=False)
    return json.loads(outcome.stdout)


def test_terms_sum_to_the_cost_per_token():
    result = result_of(compare, *PAIR)
    for row in result["clusters"]:
        terms = result["cny_per_mtoken_terms"][row["cluster"]]
        assert sum(terms.values()) == pytest.approx(row["cny_per_mtoken"], rel=1e-12)


def test_break_even_price_closes_the_gap():
    even = result_of(compare, *PAIR)["break_even_card_price_cny"]["h100-1024"]
    from clustersim.pipeline import run_cluster
    from clustersim.schema.inputs import load_inputs

    first = load_inputs("nanjing-1024", (), with_incumbent=False)
    other = load_inputs("h100-1024", (f"cards.H100.price={even} CNY",), with_incumbent=False)
    site = first.scenario.tco
    ours, theirs = run_cluster(first, site), run_cluster(other, site)
    assert theirs.cny_per_mtoken == pytest.approx(ours.cny_per_mtoken, rel=1e-9)


def test_one_scenario_is_refused():
    with pytest.raises(InputError, match="at least two"):
        CliRunner().invoke(compare, ["nanjing-1024"], catch_exceptions=False)


def test_tco_lines_sum_to_the_bill():
    result = result_of(tco, "nanjing-1024")
    assert sum(line["total_cny"] for line in result["lines"]) == pytest.approx(
        result["hardware_cny"], abs=0.005
    )
    parts = result["hardware_cny"] + result["integration_cny"] + result["vat_cny"]
    assert parts == pytest.approx(result["capex_cny"], abs=0.005)
