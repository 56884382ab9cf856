"""The serve command through its entry: figures, records, verdict, exit codes and messages."""

import csv
import json

import pytest
from click.testing import CliRunner
from clustersim.planner.serving_deploy import serve
from clustersim.planner.serving_traffic import requests_of

from clustersim.cli.serve import command, plan_command
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.serving import cards_for_demand, cheapest_plan, rate_at_slo
from clustersim.schema.serving import load_serving

SMALL = ["traffic.requests=400"]


def run(*args: str):
    return CliRunner().invoke(command, list(args), catch_exceptions=True)


def test_json_has_every_figure(tmp_path) -> None:
    result = run("serve-qwen3-32b", "--set", SMALL[0], "-f", "json", "-o", str(tmp_path))
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    first = answer["deployments"][0]
    assert len(answer["deployments"]) == 3
    for key in ("ttft_s", "tpot_s", "itl_s", "e2e_s"):
        assert set(first[key]) == {"mean", "p50", "p90", "p99"}
        assert first[key]["p50"] <= first[key]["p90"] <= first[key]["p99"]
    assert first["completed"] == 400
    assert first["slo_goodput_requests_per_s"] > 0
    assert first["use"]["busy"] <= 1
    assert first["cost_cny_per_mtoken"]["output_cny"] > first["cost_cny_per_mtoken"]["input_cny"] > 0
    assert first["verdict"]["overloaded"] is False
    with (tmp_path / "records.csv").open(encoding="utf-8") as handle:
        records = list(csv.DictReader(handle))
    assert len(records) == 400
    assert {"arrival_s", "ttft_s", "tpot_s", "e2e_s", "replica", "status"} <= set(records[0])
    for name in ("frontier.png", "load-latency.png", "queue.png", "answer.json"):
        assert (tmp_path / name).stat().st_size > 1000


def test_overload_is_said(tmp_path) -> None:
    result = run("serve-qwen3-32b", "--only", "--set", SMALL[0], "--set", "traffic.rate=80 1/s", "-f", "json")
    said = json.loads(result.stdout)["deployments"][0]["verdict"]
    assert said["overloaded"] is True
    assert 5 < said["sustainable_per_s"] < 40
    assert "overloaded" in result.stderr


def test_video_table_and_a_card_without_channels() -> None:
    result = run("video-analytics-5g", "-f", "json")
    cards = {c["card"]: c for c in json.loads(result.stdout)["cards"]}
    assert cards["BR166M"]["streams_per_card"] == pytest.approx(
        2 * cards["BR106M"]["streams_per_card"], abs=1
    )
    assert cards["BR166M"]["binds"] == "decode"
    with pytest.raises(InputError, match="no codec channels"):
        raise run("video-analytics-5g", "--set", "cluster.card=H20").exception


def test_disaggregated_deepseek_runs() -> None:
    result = run("serve-deepseek-v3", "--set", "traffic.requests=200", "-f", "json")
    first = json.loads(result.stdout)["deployments"][0]
    assert first["completed"] == 200
    assert first["cards"] == 64


@pytest.mark.parametrize(
    ("sets", "error", "words"),
    [
        (["serving.plan.tp=1", *SMALL], InfeasibleError, "smallest that fits is tp=2"),
        (["serving.precision.linear=fp8", *SMALL], InputError, "no fp8 peak"),
        (["traffic.rate=0 1/s"], InputError, "greater than 0"),
        (["serving.routr=x"], InputError, "did you mean 'router'"),
        (["cards.H100.peak.bf16=1 TFLOP/s"], InputError, "does not use cards.H100"),
        (["traffic.trace=missing.csv"], InputError, "no such trace"),
    ],
)
def test_wrong_input_ends_with_its_own_error(sets, error, words) -> None:
    args = [part for item in sets for part in ("--set", item)]
    result = run("serve-qwen3-32b", "--only", *args)
    assert isinstance(result.exception, error), result.output
    assert words in str(result.exception)
    assert result.exception.exit_code in {2, 3}


def test_training_scenario_is_pointed_elsewhere() -> None:
    with pytest.raises(InputError, match="clustersim run"):
        load_serving("br166-1024")


def test_own_trace_with_bad_lines(tmp_path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "arrival_s,prompt_tokens,output_tokens\n0,100,5\n1,-4,5\n2,100,5\n3,90,9\n", encoding="utf-8"
    )
    bad = run("serve-llama3-70b", "--only", "--trace", str(path), "-f", "json")
    assert isinstance(bad.exception, InputError)
    assert "mine.csv:3" in str(bad.exception)
    good = run("serve-llama3-70b", "--only", "--trace", str(path), "--skip", "1", "-f", "json")
    assert json.loads(good.stdout)["deployments"][0]["completed"] == 3
    assert "mine.csv:3" in good.stderr


def test_planning_answers_hang_together() -> None:
    loaded = load_serving("serve-qwen3-32b", ["traffic.requests=600"])
    requests, _ = requests_of(loaded)
    best = rate_at_slo(loaded, requests=requests)
    assert best.requests_per_s <= best.saturated_requests_per_s
    need = cards_for_demand(loaded, 3 * best.requests_per_s, requests=requests)
    assert 2 <= need.replicas <= 4
    assert need.slo_share >= 0.9
    # Run forward, the planned replicas hold the service level, and one fewer does not.
    wanted = requests.faster(3 * best.requests_per_s / requests.rate)
    for replicas, holds in ((need.replicas, True), (need.replicas - 1, False)):
        forward = serve(load_serving("serve-qwen3-32b", [f"serving.replicas={replicas}"]), wanted)
        assert forward.verdict is not None
        assert (forward.summary.slo_share >= 0.9 and not forward.verdict.overloaded) == holds
    plans = cheapest_plan(loaded, degrees=(1, 2, 8), requests=requests)
    assert plans[0].cny_per_mtoken == min(p.cny_per_mtoken for p in plans if p.cny_per_mtoken is not None)
    assert "smallest that fits" in next(p.reason for p in plans if p.tp == 1)


def test_slo_below_the_unloaded_latency_names_the_best_reachable() -> None:
    loaded = load_serving("serve-qwen3-32b", ["traffic.requests=300", "slo.tpot=1 ms"])
    with pytest.raises(InfeasibleError, match="best reachable") as error:
        rate_at_slo(loaded)
    assert error.value.exit_code == 3


def test_same_seed_same_answer_and_failures_are_counted() -> None:
    loaded = load_serving(
        "serve-qwen3-32b",
        ["traffic.requests=400", "serving.replicas=2", "serving.failures={card_mttf: 400 s, repair: 20 s}"],
    )
    requests, _ = requests_of(loaded)
    one, two = serve(loaded, requests), serve(loaded, requests)
    assert one.plain() == two.plain()
    assert one.summary.failures > 0
    assert one.summary.completed + one.summary.failed + one.summary.rejected == 400


def test_serve_refuses_a_level_below_the_unloaded_latency() -> None:
    result = run("serve-qwen3-32b", "--only", "--set", SMALL[0], "--set", "slo.ttft=1 ms")
    assert isinstance(result.exception, InfeasibleError)
    assert "best reachable" in str(result.exception)


def test_plan_command_answers_each_question() -> None:
    def ask(*args: str):
        result = CliRunner().invoke(plan_command, ["serve-qwen3-32b", "--set", SMALL[0], "-f", "json", *args])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["answers"]

    rate = ask()[0]["requests_per_s"]
    assert ask("--demand", str(2.5 * rate))[0]["replicas"] in {2, 3}
    plans = ask("--plans")
    assert plans[0]["cny_per_mtoken"] > 0
    assert len(plans) == 4


def test_admission_control_does_not_hide_the_overload() -> None:
    sets = ["traffic.rate=80 1/s", "serving.batching={max_waiting: 5, max_tokens: 2048}", *SMALL]
    result = run("serve-qwen3-32b", "--only", "-f", "json", *[p for s in sets for p in ("--set", s)])
    first = json.loads(result.stdout)["deployments"][0]
    assert first["rejected"] > 0
    assert first["verdict"]["overloaded"] is True


def test_failures_come_from_the_reliability_model_by_default() -> None:
    from clustersim.planner.serving_deploy import deploy

    table = deploy(load_serving("serve-qwen3-32b", ["serving.failures={repair: 10 min}"]))
    assert table.failures is not None
    # Llama 3's table: one interruption per card in about 5 years, so 8 cards stop once in 7 to 9 months.
    assert 150 * 86400 < table.failures.mttf_s < 300 * 86400
    worse = deploy(load_serving("serve-qwen3-32b", ["serving.failures={repair: 10 min, mttf_scale: 0.5}"]))
    assert worse.failures is not None
    assert worse.failures.mttf_s == pytest.approx(table.failures.mttf_s / 2)
