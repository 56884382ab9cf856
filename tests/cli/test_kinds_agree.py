"""A shipped scenario of every kind goes through every command, and they agree to the last digit on what they share."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli

KINDS = {
    "nanjing-1024": "training and serving", "serve-qwen3-32b": "serving", "video-analytics-5g": "video",
    "shared-1024": "jobs",
}  # fmt: skip


def answer(*words: str) -> Any:
    outcome = CliRunner().invoke(cli, [*words, "-f", "json"])
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


@pytest.mark.parametrize("name", KINDS)
def test_commands_agree_on_what_they_share(name: str, tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["check", name]).exit_code == 0
    run, tco = answer("run", name), answer("tco", name, "--draws", "0")
    hour, pue = run["tco"]["cny_per_card_hour"], 1.25
    assert tco["cny_per_card_hour"] == hour
    priced = {work["name"]: work for work in tco["workloads"]}
    for work in run["workloads"]:
        key = f"cny_per_{work['unit']}"
        assert priced[work["name"]][key] == work[key]
    terms = {row["term"]: row for row in answer("explain", name, "--set", "tco.pue=1.3")}
    assert terms["cny_per_card_hour"]["before"] == hour
    plain = answer("run", name, "--set", f"tco.pue={pue}")["tco"]["cny_per_card_hour"]
    points = answer("sweep", name, "--vary", f"tco.pue={pue},1.3")
    assert [p["cny_per_card_hour"] for p in points if float(p["tco.pue"]) == pue] == [plain]
    assert terms["cny_per_card_hour"]["after"] == max(p["cny_per_card_hour"] for p in points)


@pytest.mark.parametrize(
    ("first", "second"),
    [("br166-1024", "h20-1024"), ("serve-qwen3-32b", "h20-1024"), ("video-analytics-5g", "br166-1024"),
     ("shared-1024", "nanjing-1024")],
)  # fmt: skip
def test_a_comparison_prints_the_cost_that_the_run_prints(first: str, second: str) -> None:
    sides = answer("compare", first, second, "--demand", first, "--draws", "0")
    alone = answer("run", first)
    side = next(row for row in sides["sides"] if row["side"] == first)
    assert side["cny_per_card_hour"] == alone["tco"]["cny_per_card_hour"]
