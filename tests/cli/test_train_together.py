"""``clustersim train --with``: one model on unlike clusters."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from clustersim.cli.site import train as command
from clustersim.errors import InputError
from clustersim.perf.together import few_together


def run(*words: str) -> dict[str, Any]:
    outcome = CliRunner().invoke(command, [*words, "-f", "json"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


FAST = ("--fidelity", "closed")


def test_the_faster_way_is_taken() -> None:
    pair = ("br166-1024", "--with", "nanjing-1024", *FAST, "--share")
    ways = {share: run(*pair, share) for share in ("batch", "layers", "best")}
    rates = {share: way["tokens_per_s"] for share, way in ways.items()}
    assert rates["best"] >= max(rates["batch"], rates["layers"]) * (1 - 1e-12)
    assert ways["batch"]["share"] == "batch" and ways["layers"]["share"] == "layers"
    groups = ways["layers"]["groups"]
    assert sum(sum(g["layers_per_stage"]) for g in groups) == 80
    alone = [g["alone_tokens_per_s"] for g in groups]
    assert alone == [g["alone_tokens_per_s"] for g in ways["batch"]["groups"]]
    assert ways["layers"]["gain_over_best_group"] == pytest.approx(rates["layers"] / max(alone) - 1)
    # The month has both clusters' failures.
    one = run("br166-1024", *FAST)
    assert ways["batch"]["mttf_h"] < one["mttf_h"] and ways["batch"]["ettr"]["mean"] < one["ettr"]["mean"]


@pytest.mark.full
def test_three_clusters() -> None:
    answer = run("h100-1024", "--with", "br166-1024", "--with", "nanjing-1024", "--link", "400 Gb/s", *FAST)
    alone = [group["alone_tokens_per_s"] for group in answer["groups"]]
    assert len(alone) == 3 and answer["gain_over_best_group"] > 0
    assert answer["tokens_per_s"] < sum(alone)


def test_what_binds_is_said() -> None:
    answer = run("nanjing-1024", "--fidelity", "closed")
    shares = answer["time_shares"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert answer["binds"] == max(shares, key=lambda name: shares[name])


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'layers'"):
        few_together([], link_bandwidth=1e10, share="layer")


def test_the_plan_of_the_corridor_is_run_and_said() -> None:
    """What `train` gives is what `run` and `compare` give of the same workload."""
    from clustersim.schema.load_inputs import load_inputs
    from clustersim.workloads import run_workload
    from clustersim.workloads.work import StageCache

    inputs = load_inputs("nanjing-1024", [], with_incumbent=False)
    work = run_workload(inputs, "pretrain", StageCache())
    answer = run("nanjing-1024", "--fidelity", "closed")
    assert answer["workload"] == "pretrain" and answer["plan"] == work.layout["plan"]
    assert answer["plan_stated"] is False
    for name in ("step_time_s", "mfu", "training_goodput_tokens_per_s"):
        assert answer[name] == work.rates[name]
    stated = run(
        "nanjing-1024",
        "--fidelity",
        "closed",
        "--set",
        "training.plan={tp: 8, pp: 8, dp: 16, micro_batch: 1}",
    )
    assert stated["plan_stated"] is True and stated["step_time_s"] > answer["step_time_s"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["serve-qwen3-32b"], "has no training workload"),
        (["nanjing-1024", "--workload", "chat"], "is of kind serving"),
        (["nanjing-1024", "--workload", "chatt"], "did you mean 'chat'"),
        (["serve-qwen3-32b", "--set", "cluster.fabric=null"], "has no training workload"),
    ],
)
def test_a_question_about_another_kind_is_refused(words: list[str], message: str) -> None:
    outcome = CliRunner().invoke(command, words)
    assert isinstance(outcome.exception, InputError) and message in str(outcome.exception)


def test_jobs_are_queued_and_their_hours_priced() -> None:
    from clustersim.cli.site import jobs
    from clustersim.pipeline.site import run_site
    from clustersim.schema.load_inputs import load_inputs

    outcome = CliRunner().invoke(jobs, ["shared-1024", "-f", "json"], catch_exceptions=False)
    answer = json.loads(outcome.stdout)
    site = run_site(load_inputs("shared-1024", [], with_incumbent=False))
    assert answer["cny_per_useful_card_hour"] == site.cny_per_unit(site.main)
    assert answer["cny_per_useful_card_hour"] > site.tco.cny_per_card_hour
    assert {job["name"] for job in answer["jobs"]} == {"pretrain", "finetune", "evaluate", "urgent"}
    unpriced = CliRunner().invoke(
        jobs, ["shared-1024", "-f", "json", "--set", "tco=null"], catch_exceptions=False
    )
    assert json.loads(unpriced.stdout)["cny_per_useful_card_hour"] is None


def test_claims_are_held_to_the_training_workload() -> None:
    from clustersim.cli.site import claims

    outcome = CliRunner().invoke(claims, ["nanjing-1024", "-f", "json"], catch_exceptions=False)
    answer = json.loads(outcome.stdout)
    assert answer["workload"] == "pretrain" and answer["linear_scaling"]["plan"]
    assert answer["card_hours_per_failure"] == pytest.approx(answer["mtbf_h"] * 1024)
    nothing = CliRunner().invoke(claims, ["video-analytics-5g", "-f", "json"], catch_exceptions=False)
    assert json.loads(nothing.stdout)["trains"] is False
