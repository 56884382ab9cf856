"""The serve command on a stationary stream: the window and its errors are printed, traces are whole, ends are clear."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.site import serve as command
from clustersim.planner.serving import Serving
from clustersim.schema.load_inputs import load_inputs

QUICK = ("--error", "0.05", "--set", "serving.plan={tp: 8}", "--set", "traffic.rate=3 1/s")


def run(*args: str):
    return CliRunner().invoke(command, ["serve-qwen3-32b", *args], catch_exceptions=False)


def first(*args: str) -> dict:
    return json.loads(run(*QUICK, *args, "-f", "json").stdout)["deployments"][0]


def test_figures_are_those_of_a_steady_window_and_its_errors_are_printed() -> None:
    found = first()
    steady = found["steady_state"]
    assert steady["reached"] and steady["largest_error"] <= 0.05
    assert 0 < steady["window_start_s"] < steady["window_end_s"]
    for name in ("slo_share", "ttft_s", "e2e_s", "completed_per_s", "tokens_per_s", "busy_s"):
        assert 0 <= steady["standard_error"][name] <= 0.05, name
    assert found["requests"] < steady["served_requests"]
    assert found["completed_per_s"] == pytest.approx(3.0, rel=4 * 0.05)
    words = run(*QUICK, "-f", "table").stdout
    assert "steady state:" in words and "standard errors: slo_share" in words and "residence times" in words


def test_the_number_of_requests_in_the_file_plays_no_part() -> None:
    few, many = (first("--set", f"traffic.requests={n}") for n in (300, 20_000))
    assert few == many


def test_a_trace_a_wave_and_an_overload_are_whole_and_say_so() -> None:
    wave = first(
        "--set", "traffic.process=diurnal", "--set", "traffic.swing=0.5", "--set", "traffic.requests=400"
    )
    assert wave["steady_state"] is None and "daily wave" in wave["why_whole"] and wave["completed"] == 400
    heavy = ("--set", "serving.plan={tp: 8}", "--set", "traffic.rate=80 1/s", "--set", "traffic.requests=400")
    over = json.loads(run(*heavy, "-f", "json").stdout)["deployments"][0]
    assert over["verdict"]["kind"] == "overloaded" and "overloaded stream" in over["why_whole"]
    inputs = load_inputs(
        "serve-llama3-70b", ["traffic.requests=300", "serving.plan={tp: 8}"], with_incumbent=False
    )
    assert "a trace is served whole" in Serving(inputs).serve().why_whole


def test_a_level_that_nobody_stated_is_not_met() -> None:
    found = first("--set", "slo=null")
    assert found["slo_share"] is None and found["slo_goodput_requests_per_s"] is None
    assert "none stated" in run(*QUICK, "--set", "slo=null", "-f", "table").stdout


def test_traffic_that_is_all_turned_away_is_named_and_has_no_cost() -> None:
    found = first("--set", "demand.chat.batching.max_waiting=0")
    assert found["verdict"]["kind"] == "rejects_all"
    assert "every request is turned away (max_waiting=0)" in found["verdict"]["text"]
    assert found["cost_cny_per_mtoken"] is None and found["steady_state"] is None
    some = first("--set", "demand.chat.batching.timeout=120 ms")
    assert (
        some["verdict"]["kind"] == "stable" and "of the requests are turned away" in some["verdict"]["text"]
    )


def test_users_and_failures_have_a_steady_state_too() -> None:
    loop = first("--set", "traffic.closed_loop={users: 40}")
    assert loop["steady_state"] is not None and loop["verdict"]["kind"] == "closed_loop"
    both = first(
        "--set", "serving.failures={card_mttf: 40 h}", "--set", "reliability.repair_time=60 s",
        "--set", "serving.autoscale={minimum: 1, maximum: 3, target_load: 20, period: 5 s, start_up: 20 s}",
    )  # fmt: skip
    assert both["steady_state"] is not None and both["in_flight"] == 0
