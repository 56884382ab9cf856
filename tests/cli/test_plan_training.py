"""``clustersim plan training``: ranked, priced and explained."""

import csv
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from clustersim.cli.plan_training import command
from clustersim.pipeline import run_cluster
from clustersim.planner.training import best_plans, cost_per_mtoken, priced_front, resized
from clustersim.schema.inputs import load_inputs


def run(*words: str) -> list[dict[str, object]]:
    outcome = CliRunner().invoke(command, [*words, "-f", "json"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    rows: list[dict[str, object]] = json.loads(outcome.stdout)
    return rows


def test_plans_come_fastest_first_with_their_cost() -> None:
    rows = run("nanjing-1024", "--top", "5")
    assert len(rows) == 5
    assert [r["step_time_s"] for r in rows] == sorted(r["step_time_s"] for r in rows)  # type: ignore[type-var]
    inputs = load_inputs("nanjing-1024", [], with_incumbent=False)
    best = best_plans(inputs, top=1).best[0]
    sized = resized(inputs, 1024, best)
    assert rows[0]["cny_per_mtoken"] == pytest.approx(run_cluster(sized, sized.scenario.tco).cny_per_mtoken)


def test_why_the_winner_wins() -> None:
    rows = run("br166-1024", "--why")
    assert {"tp", "pp", "micro_batch", "recompute", "zero"} <= {str(r["choice"]) for r in rows}
    *choices, memory = rows
    for row in choices:
        assert row["best"] != row["otherwise"] and row["slower_pct"] >= 0  # type: ignore[operator]
        assert row["because_more"]
    assert memory["choice"] == "memory_gib" and memory["slower_pct"] <= 0  # type: ignore[operator]


def test_the_front_holds_no_plan_that_another_beats() -> None:
    inputs = load_inputs("nanjing-1024", [], with_incumbent=False)
    found = [p for n in (512, 1024) for p in best_plans(inputs, cards=n, top=5).front]
    front = priced_front(found, lambda plan: cost_per_mtoken(inputs, plan))
    points = [(p.step_time_s, p.memory_bytes, cost) for p, cost in front]
    for mine in points:
        assert not any(all(a <= b for a, b in zip(o, mine, strict=True)) and o != mine for o in points)
    unpriced = priced_front(found, lambda plan: float("nan"))
    assert [p.step_time_s for p, _ in unpriced] == [p[0] for p in points]  # time and memory decide here, too
    shown = run("nanjing-1024", "--front", "--cards", "512,1024")
    assert [r["step_time_s"] for r in shown] == pytest.approx([p[0] for p in points])


def test_every_row_has_the_same_columns() -> None:
    """With offload some plans use it and some do not; a CSV needs a column for both."""
    outcome = CliRunner().invoke(
        command, ["br166-1024", "--offload", "--top", "40", "-f", "csv"], catch_exceptions=False
    )
    assert outcome.exit_code == 0
    rows = list(csv.DictReader(outcome.stdout.splitlines()))
    assert len({row["offload_optimizer"] for row in rows}) == 2
    assert "offload_optimizer" not in run("br166-1024", "--top", "1")[0]


def refused(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "clustersim", "plan", "training", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "" and "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("text", ["0", "512,"])
def test_counts_are_whole_numbers(text: str) -> None:
    code, said = refused("nanjing-1024", "--cards", text)
    assert code == 2 and "whole numbers above zero" in said


def test_a_size_that_cannot_be_laid_out_says_so() -> None:
    code, said = refused("nanjing-1024", "--cards", "7")
    assert code == 3 and "no plan" in said
