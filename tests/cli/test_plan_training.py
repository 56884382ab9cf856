"""``clustersim plan training``: ranked, priced and explained."""

import csv
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from clustersim.cli.plan import training as command
from clustersim.errors import InputError
from clustersim.pipeline.site import run_site
from clustersim.planner.plans import rank_plans, run_planned
from clustersim.planner.ranking import TIE
from clustersim.planner.training import Question, best_plans
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.training import plan_words


def asked(scenario: str, *sets: str) -> Question:
    return Question(load_inputs(scenario, sets, with_incumbent=False), "pretrain")


def run(*words: str) -> list[dict[str, object]]:
    outcome = CliRunner().invoke(command, [*words, "-f", "json"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    rows: list[dict[str, object]] = json.loads(outcome.stdout)
    return rows


def test_plans_come_in_fair_order_with_the_cost_of_their_forward_run() -> None:
    rows = run("br166-1024", "--top", "5")
    assert len(rows) == 5
    times = [float(r["corrected_step_time_s"]) for r in rows]  # type: ignore[arg-type]
    assert all(after >= before * (1 - TIE) for before, after in pairwise(times))
    question = asked("br166-1024")
    for row, plan in zip(rows, rank_plans({"": question}, [None], top=5).plans, strict=True):
        site = run_planned(question, plan.found)
        assert row["cny_per_mtoken"] == site.cny_per_unit(site.main)
        assert row["step_time_s"] == pytest.approx(site.main.rates["step_time_s"], rel=1e-12)
        assert row["tie"] == "" or row is not rows[0]


@pytest.mark.parametrize("scenario", ["br166-1024", "h20-1024", "h100-1024", "br20x-4096"])
def test_the_best_by_corrected_time_is_the_plan_of_the_corridor(scenario: str) -> None:
    question = asked(scenario)
    own = run_site(question.inputs).main.layout["plan"]
    assert plan_words(best_plans(question, top=1).best[0].plan) == own


def test_a_nic_that_gains_nothing_is_a_tie_and_the_cheaper_comes_first() -> None:
    """The dear NIC is a little faster here, by less than a tie."""
    fast = ("--set", "nics.roce-400g.rate=201 Gb/s", "--set", "nics.roce-400g.latency=3 us")
    rows = run("br166-1024", "--nic", "roce-400g", "--top", "2", *fast)
    first, second = rows
    assert second["cluster"] == "br166-1024 roce-400g" and second["tie"] == "within 0.5%"
    assert first["cluster"] == "br166-1024"
    assert float(first["cny_per_mtoken"]) < float(second["cny_per_mtoken"])  # type: ignore[arg-type]


def test_several_cards_and_nics_at_once() -> None:
    rows = run("br166-1024", "--card", "BR166M,BR106M", "--nic", "roce-100g", "--top", "4")
    assert {r["cluster"] for r in rows} == {
        "br166-1024", "br166-1024 roce-100g", "br166-1024 BR106M", "br166-1024 BR106M roce-100g",
    }  # fmt: skip


def test_days_and_their_spread_are_told_at_the_share_of_the_hours() -> None:
    row = run("nanjing-1024", "--tokens", "300G", "--top", "1")[0]
    low, days, high = (float(row[k]) for k in ("days_p10", "days", "days_p90"))  # type: ignore[arg-type]
    assert low < days < high
    work = run_site(asked("nanjing-1024").inputs).works[0]
    rate = work.rates["training_goodput_tokens_per_s"]
    assert days == pytest.approx(300e9 / (rate * 0.7) / 86400, rel=5e-3)
    assert row["finish_date"] == "2026-07-10" or str(row["finish_date"]) > "2026-06-01"


def test_a_deadline_is_met_by_the_cheapest_cluster_and_missed_by_the_next_smaller() -> None:
    outcome = CliRunner().invoke(
        command,
        ["br166-1024", "--tokens", "1T", "--days", "30 d", "--nic", "roce-400g", "-f", "json"],
        catch_exceptions=False,
    )
    answer = json.loads(outcome.stdout)
    best = answer["best"][0]
    assert answer["objective"] == "capex_cny" and answer["batch"] == "keep"
    assert best["days"] <= 30 < best["next_days"] and best["next_breaks"] == "days"
    assert best["days_p10"] <= best["days_p50"] <= best["days_p90"]
    assert best["finish_date"] > "2026-06-01" and best["cluster"] == "br166-1024"


def test_what_is_written_runs_as_it_stands_and_gives_what_was_promised(tmp_path: Path) -> None:
    path = tmp_path / "planned.yaml"
    words = ["nanjing-1024", "--card", "BR166M", "--tokens", "300G", "--days", "60 d", "--budget", "300 MCNY"]
    words += ["--power", "1.2 MW", "--racks", "60", "--date", "2027-01-01", "--set", "tco.tariff=0.6 CNY/kWh"]
    words += ["--set", "demand.chat.traffic.requests=400", "--write", str(path), "-f", "json"]
    outcome = CliRunner().invoke(command, words, catch_exceptions=False)
    best = json.loads(outcome.stdout)["best"][0]
    inputs = load_inputs(str(path), with_incumbent=False)
    site = run_site(inputs)
    assert site.works[0].rates["training_goodput_tokens_per_s"] == best["training_goodput_tokens_per_s"]
    assert site.cny_per_unit(site.works[0]) == best["cny_per_mtoken"]
    assert site.bill.total_cny == best["budget_cny"] and inputs.parts.card.name == best["card"] == "BR166M"
    assert inputs.tco.tariff.value == 0.6
    from clustersim.pipeline.chain import run_chain

    assert run_chain(load_inputs(str(path)), replications=0).value is not None


def test_a_plan_that_the_corridor_does_not_find_is_written_as_stated(tmp_path: Path) -> None:
    path = tmp_path / "away.yaml"
    small = ("--set", "cards.BR166M.memory.capacity=24 GiB")
    refused = CliRunner().invoke(command, ["br166-1024", *small, "--offload", "--write", str(path)])
    assert isinstance(refused.exception, InputError) and "changes another file" in str(refused.exception)
    assert not path.exists()
    rows = run("br166-1024", "--cards", "64", "--offload", "--top", "1", "--write", str(path))
    site = run_site(load_inputs(str(path), with_incumbent=False))
    assert site.cards == 64
    assert site.cny_per_unit(site.main) == rows[0]["cny_per_mtoken"]


def test_why_the_winner_wins() -> None:
    rows = run("br166-1024", "--why")
    assert {"tp", "pp", "micro_batch", "recompute", "zero"} <= {str(r["choice"]) for r in rows}
    *choices, memory = rows
    for row in choices:
        assert row["best"] != row["otherwise"] and row["slower_pct"] >= 0  # type: ignore[operator]
        assert row["because_more"]
    assert memory["choice"] == "memory_gib" and memory["slower_pct"] <= 0  # type: ignore[operator]


def test_the_front_holds_no_plan_that_another_beats() -> None:
    ranking = rank_plans({"": asked("br166-1024")}, [512, 1024], top=5, front=True)
    points = [(p.corrected_cny_per_mtoken, p.corrected_s, p.found.memory_bytes) for p in ranking.plans]
    for mine in points:
        for other in points:
            leads = [(m - o) / max(m, o) for m, o in zip(mine, other, strict=True)]
            assert not (min(leads) > -TIE and max(leads) >= TIE)
    shown = run("br166-1024", "--front", "--cards", "512,1024", "--top", "5")
    assert [r["step_time_s"] for r in shown] == pytest.approx([p.found.step_time_s for p in ranking.plans])


def test_every_row_has_the_same_columns() -> None:
    """With offload some plans use it and some do not; a CSV needs a column for both."""
    outcome = CliRunner().invoke(
        command, ["br166-1024", "--offload", "--top", "40", "-f", "csv"], catch_exceptions=False
    )
    assert outcome.exit_code == 0
    rows = list(csv.DictReader(outcome.stdout.splitlines()))
    assert len({row["offload_optimizer"] for row in rows}) == 2
    assert "offload_optimizer" not in run("br166-1024", "--top", "1")[0]


BAD = [
    (["nanjing-1024", "--cards", "0"], 2, "whole numbers above zero"),
    (["nanjing-1024", "--cards", "512,"], 2, "whole numbers above zero"),
    (["nanjing-1024", "--cards", "7"], 3, "no plan"),
    (["nanjing-1024", "--days", "60 d"], 2, "--days needs the tokens"),
    (["nanjing-1024", "--tokens", "2 TB", "--days", "60 d"], 2, "but token is needed"),
    (["nanjing-1024", "--tokens", "300B", "--days", "60 d"], 2, "write a billion tokens as '300G'"),
    (["nanjing-1024", "--tokens", "0T", "--days", "60 d"], 2, "must be above zero"),
    (["nanjing-1024", "--tokens", "2T", "--days", "60 GB"], 2, "--days"),
    (["nanjing-1024", "--budget", "300"], 2, "has no unit"),
    (["nanjing-1024", "--power", "1 MCNY"], 2, "--power"),
    (["nanjing-1024", "--date", "soon"], 2, "neither a day (2026-12-01) nor a time"),
    (["nanjing-1024", "--date", "2026-13-01"], 2, "--date 2026-13-01"),
    (["nanjing-1024", "--date", "2020-01-01"], 2, "is not after the order of 2026-06-01"),
    (["nanjing-1024", "--card", "BR999"], 2, "BR999"),
    (["nanjing-1024", "--racks", "0"], 2, "must be above zero"),
    (["serve-qwen3-32b", "--tokens", "2T"], 2, "has no training workload"),
    (["nanjing-1024", "--workload", "chat"], 2, "is of kind serving"),
    (["nanjing-1024", "--write", "plan.txt"], 2, "ends in .yaml"),
]


@pytest.mark.parametrize(("words", "code", "message"), BAD)
def test_bad_words_get_one_clear_message(words: list[str], code: int, message: str) -> None:
    outcome = CliRunner().invoke(command, words)
    assert getattr(outcome.exception, "exit_code", None) == code, outcome.exception
    assert message in str(outcome.exception) and outcome.stdout == ""


def test_an_impossible_deadline_names_the_nearest_and_what_helps() -> None:
    outcome = CliRunner().invoke(command, ["br166-1024", "--tokens", "20T", "--days", "5 d", "--most", "256"])
    assert getattr(outcome.exception, "exit_code", None) == 3
    assert "the nearest is 256 cards" in str(outcome.exception) and "--batch auto" in str(outcome.exception)


def test_a_mistake_ends_in_one_line_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clustersim", "plan", "training", "nanjing-1024", "--cards", "7"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3 and done.stdout == "" and "Traceback" not in done.stderr
