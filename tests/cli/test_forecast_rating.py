"""A forecast whose checks fail is not rated, and says so where its target price stands."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli


@pytest.mark.parametrize(
    ("days", "said", "rating"), [("100", "strong buy", "strong buy"), ("150", "CHECKS FAIL", "not rated")]
)
def test_a_rating_is_withheld_where_a_check_fails(days: str, said: str, rating: str) -> None:
    words = [
        "forecast",
        "show",
        "nanjing-1024",
        "--set",
        f"company.drivers.receivable_days.2028E={days}",
        "-f",
    ]
    head = CliRunner().invoke(cli, [*words, "table"]).stdout.split("\n")[0]
    data = json.loads(CliRunner().invoke(cli, [*words, "json"]).stdout)
    assert said in head and data["rating"] == rating
    assert data["all_checks_ok"] is (rating != "not rated")
