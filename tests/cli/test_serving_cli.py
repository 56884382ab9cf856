"""The serve command through its entry: figures, records, verdict, exit codes and messages."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from clustersim.assemble.serving import deployment
from clustersim.cli.plan import serving as plan_command
from clustersim.cli.site import serve as command
from clustersim.des.serving.deployment import Deployment
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.serving import Serving
from clustersim.report.pages.serving_plans import Backwards
from clustersim.schema.load_inputs import load_inputs

SMALL = ["traffic.requests=400"]


def run(*args: str):
    """The whole of the few requests that a scenario draws; the steady state is asked in test_serving_steady_cli."""
    return CliRunner().invoke(command, [*args, "--whole"], catch_exceptions=True)


def serving(*sets: str, name: str = "serve-qwen3-32b") -> Serving:
    return Serving(load_inputs(name, sets, with_incumbent=False))


def deployed(*sets: str) -> Deployment:
    """The deployment by the stated plan."""
    asked = serving(*sets)
    return deployment(asked.inputs, asked.work, asked.work.plan)


def test_json_has_every_figure(tmp_path) -> None:
    result = run("serve-qwen3-32b", "--set", SMALL[0], "-f", "json", "-o", str(tmp_path))
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    first = answer["deployments"][0]
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


def test_the_card_hour_is_the_sites_own() -> None:
    from clustersim.pipeline.site import run_site

    inputs = load_inputs("serve-qwen3-32b", SMALL, with_incumbent=False)
    answer = json.loads(run("serve-qwen3-32b", "--set", SMALL[0], "-f", "json").stdout)
    full = run_site(inputs).tco.cny_per_card_hour
    # At this load the cards draw less than at capacity, which is all that differs.
    assert 0.98 * full < answer["cny_per_card_hour"] < full


def test_overload_is_said_and_has_no_cost() -> None:
    result = run("serve-qwen3-32b", "--set", SMALL[0], "--set", "traffic.rate=80 1/s", "-f", "json")
    first = json.loads(result.stdout)["deployments"][0]
    assert first["verdict"]["overloaded"] is True
    assert 5 < first["verdict"]["sustainable_per_s"] < 40
    assert first["cost_cny_per_mtoken"] is None
    assert "overloaded" in result.stderr


def test_video_table_and_a_card_without_channels() -> None:
    cards = {}
    for name in ("BR166M", "BR106M"):
        result = run("video-analytics-5g", "--set", f"cluster.card={name}", "-f", "json")
        cards[name] = json.loads(result.stdout)["cards"][0]
    assert cards["BR166M"]["streams_per_card"] == pytest.approx(
        2 * cards["BR106M"]["streams_per_card"], abs=1
    )
    assert cards["BR166M"]["binds"] == "decode"
    assert cards["BR166M"]["cny_per_stream_hour"] < cards["BR106M"]["cny_per_stream_hour"]
    with pytest.raises(InputError, match="no codec channels"):
        raise run("video-analytics-5g", "--set", "cluster.card=H20").exception


def test_disaggregated_deepseek_runs() -> None:
    plan = "serving.plan={tp: 8, dp: 4, ep: 32}"
    result = run("serve-deepseek-v3", "--set", "traffic.requests=200", "--set", plan, "-f", "json")
    first = json.loads(result.stdout)["deployments"][0]
    assert first["completed"] == 200
    assert first["cards"] == 64


@pytest.mark.parametrize(
    ("sets", "error", "words"),
    [
        (["serving.plan={tp: 1}", *SMALL], InfeasibleError, "smallest that fits is tp=2"),
        (["serving.precision.linear=fp8", *SMALL], InputError, "has no such peak"),
        (["traffic.rate=0 1/s"], InputError, "greater than 0"),
        (["serving.routr=x"], InputError, "did you mean 'demand.chat.router'"),
        (["cards.H100.peak.bf16=1 TFLOP/s"], InputError, "does not use cards.H100"),
        (["traffic.trace=missing.csv"], InputError, "no such"),
    ],
)
def test_wrong_input_ends_with_its_own_error(sets, error, words) -> None:
    args = [part for item in sets for part in ("--set", item)]
    result = run("serve-qwen3-32b", *args)
    assert isinstance(result.exception, error), result.output
    assert words in str(result.exception)
    assert result.exception.exit_code in {2, 3}


def test_a_site_that_serves_nothing_says_what_it_has() -> None:
    with pytest.raises(InputError, match=r"its demand is \w+ \(training\)"):
        raise run("br166-1024").exception


def test_own_trace_with_bad_lines(tmp_path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "arrival_s,prompt_tokens,output_tokens\n0,100,5\n1,-4,5\n2,100,5\n3,90,9\n", encoding="utf-8"
    )
    bad = run("serve-llama3-70b", "--trace", str(path), "-f", "json")
    assert isinstance(bad.exception, InputError)
    assert "mine.csv:3" in str(bad.exception)
    good = run("serve-llama3-70b", "--trace", str(path), "--skip", "1", "--set", "tco=null", "-f", "json")
    assert json.loads(good.stdout)["deployments"][0]["completed"] == 3
    assert "mine.csv:3" in good.stderr


def test_planning_answers_hang_together() -> None:
    asked = serving("traffic.requests=4000")
    best = asked.rate_at_slo()
    assert best.requests_per_s <= best.saturated_requests_per_s
    need = asked.cards_for(3 * best.requests_per_s)
    assert 2 <= need.replicas <= 5
    assert need.slo_share >= need.slo_share_lower >= 0.9
    assert need.one_fewer in {"fails", "not_refuted", "no_steady_state"}
    if need.one_fewer == "fails":
        assert need.one_fewer_share_upper < 0.9
    plans = asked.plans()
    assert plans[0].cny_per_mtoken == min(p.cny_per_mtoken for p in plans if p.cny_per_mtoken is not None)
    assert "smallest that fits" in next(p.reason for p in plans if p.tp == 1 and p.pp == 1)


def test_a_plan_does_not_depend_on_the_requests_of_the_file() -> None:
    level = ("slo.ttft=2 s", "slo.tpot=50 ms", "serving.plan={tp: 8}")
    few, many = (serving(f"traffic.requests={n}", *level).cards_for(60.0) for n in (200, 30_000))
    assert few == many
    forward = serving(
        "traffic.requests=8000", f"serving.replicas={few.replicas}", "traffic.rate=60 1/s", *level
    )
    said = forward.serve(error=0.02)
    assert said.verdict is not None and said.verdict.kind == "stable"
    assert said.summary.slo_share >= 0.9


def test_tokens_a_day_are_requests_of_the_mean_lengths() -> None:
    asked = serving()
    assert asked.requests_per_s(86400.0 * 1000 * 7) == pytest.approx(7.0, rel=0.01)  # 800 in, 200 out


def test_a_split_deployment_is_sized_in_pairs() -> None:
    split = "serving.disaggregated={decode_replicas: 1, decode_plan: {tp: 8}}"
    need = serving("serving.plan={tp: 4}", split).cards_for(40.0)
    assert need.replicas >= 1 and need.decode_replicas >= 1
    assert need.cards == 4 * need.replicas + 8 * need.decode_replicas
    assert need.slo_share_lower >= 0.9


def long(prompt: int, *sets: str) -> Serving:
    return serving(f"traffic.prompt={{mean: {prompt}, shape: constant}}", "traffic.requests=20", *sets)


def test_what_never_fits_names_the_fewest_cards_wherever_it_is_asked() -> None:
    stated, any_plan = long(1_200_000, "serving.plan={tp: 4}"), long(4_000_000)
    asks = [(ask, 16) for ask in (stated.serve, stated.rate_at_slo, lambda: stated.cards_for(1.0))]
    for ask, cards in [*asks, (any_plan.rate_at_slo, 64), (any_plan.serve, 64)]:
        with pytest.raises(
            InfeasibleError, match=f"every request is rejected.* that hold it: {cards}$"
        ) as error:
            ask()
        assert error.value.exit_code == 3


@pytest.mark.full
def test_the_cards_that_are_named_do_hold_it() -> None:
    """The saturated rate of prompts of over a million tokens takes most of a minute: every chunk is a step."""
    held = long(1_200_000, "serving.plan={tp: 8, pp: 2}", "slo.ttft=1000 h", "slo.tpot=1 h")
    assert held.serve(whole=True).summary.rejected == 0


def test_a_few_that_never_fit_are_said_beside_the_verdict(tmp_path) -> None:
    rows = "".join(f"{i},{900_000 if i == 30 else 500},20\n" for i in range(60))
    path = tmp_path / "mine.csv"
    path.write_text("arrival_s,prompt_tokens,output_tokens\n" + rows, encoding="utf-8")
    said = serving(f"traffic={{trace: {path}}}", "serving.plan={tp: 4}").serve()
    assert said.summary.rejected == 1
    assert said.verdict is not None and "1 of 60 requests are rejected" in said.verdict.text


def test_a_closed_loop_has_a_verdict_and_a_cost() -> None:
    said = serving("traffic.closed_loop={users: 20}", *SMALL).serve(whole=True)
    assert said.verdict is not None and said.verdict.kind == "closed_loop"
    assert said.cost is not None


def test_memory_is_the_engines_own_share_where_none_is_stated() -> None:
    def room(*sets: str) -> int:
        return deployed("serving.plan={tp: 8}", *sets).pool.cost.cache_tokens

    sglang = "serving.engine=sglang-0.5"
    assert (
        room(sglang) == room(sglang, "serving.memory_share=0.88") < room(sglang, "serving.memory_share=0.9")
    )
    assert room() == room("serving.memory_share=0.9")


def test_an_engine_without_its_release_is_said() -> None:
    assert "no release is stated" in run("serve-qwen3-32b", "--set", SMALL[0], "-f", "table").stdout
    assert not serving("serving.engine=vllm-0.9").notes


def test_every_plan_that_is_tried_divides_its_model() -> None:
    from clustersim.assemble.parts import model_spec
    from clustersim.assemble.serving_parts import layout_spec
    from clustersim.perf.serving_checks import layout_problems
    from clustersim.workloads.serving_plans import candidates

    for name in ("qwen3-32b", "deepseek-v3", "gpt-oss-120b", "qwen3-235b-a22b"):
        asked = serving(f"serving.model={name}")
        plans, model = candidates(asked.inputs, asked.work), model_spec(asked.inputs.model(asked.work))
        assert len(plans) == len(set(plans)) >= 4
        assert not [p for plan in plans for p in layout_problems(model, layout_spec(plan))]
        assert any(plan.ep > 1 for plan in plans) == bool(model.experts)


def test_what_the_closed_form_does_not_hold_for_is_simulated() -> None:
    plan = "serving.plan={tp: 8}"
    calm, bursty = (serving(plan, f"traffic.burstiness={cv}").detail().capacity for cv in (1.5, 4.5))
    assert (calm.fidelity, bursty.fidelity) == ("closed form", "simulation")
    assert bursty.why == "gaps vary more than four times their mean"
    assert bursty.requests_per_s < calm.requests_per_s
    assert bursty.saturated_requests_per_s == pytest.approx(calm.saturated_requests_per_s, rel=0.1)


def test_both_ways_load_the_cards_alike() -> None:
    """Power reads the use of tensor units, memory and links, whichever way it was found."""
    from clustersim.assemble.fluid import fluid_deployment
    from clustersim.assemble.serving import deployment
    from clustersim.assemble.traffic import stream_spec
    from clustersim.des.serving.closed_form import closed_form
    from clustersim.des.serving.deployment import of_run, steady
    from clustersim.des.serving.fluid_inputs import traffic_of
    from clustersim.des.serving.window import steady_window

    asked = serving("serving.plan={tp: 8}")
    plan, stream = asked.work.plan, stream_spec(asked.work, 1)
    fluid, still = (build(asked.inputs, asked.work, plan) for build in (fluid_deployment, deployment))
    for rate in (4.0, 8.0):
        form = closed_form(fluid.fleet, traffic_of(stream), rate_per_s=rate)
        drawn = stream.at(rate).draw(12_000, np.random.default_rng(1))
        run_ = steady(still).simulate(drawn)
        use = of_run(run_, still, steady_window(run_.book))
        tensor, memory, link = (float(s[0]) for s in form.use.shares(fluid.peak_flops, fluid.bandwidth))
        assert tensor * form.use.busy[0] == pytest.approx(use.compute, rel=0.03)
        assert memory * form.use.busy[0] == pytest.approx(use.memory_bandwidth, rel=0.08)
        assert link * form.use.busy[0] == pytest.approx(use.links, rel=0.04)


def test_slo_below_the_unloaded_latency_names_the_best_reachable() -> None:
    with pytest.raises(InfeasibleError, match="no load meets the SLO") as error:
        serving("traffic.requests=300", "slo.tpot=1 ms").rate_at_slo()
    assert error.value.exit_code == 3


def test_same_seed_same_answer_and_failures_are_counted() -> None:
    asked = serving("traffic.requests=400", "serving.replicas=2", "serving.failures={card_mttf: 400 s}",
                    "reliability.repair_time=20 s")  # fmt: skip
    one, two = asked.serve(whole=True), asked.serve(whole=True)
    assert one.plain() == two.plain()
    assert one.summary.failures > 0
    assert one.summary.completed + one.summary.failed + one.summary.rejected == 400


def test_serve_refuses_a_level_below_the_unloaded_latency() -> None:
    result = run("serve-qwen3-32b", "--set", SMALL[0], "--set", "slo.ttft=1 ms")
    assert isinstance(result.exception, InfeasibleError)
    assert "no load meets the SLO" in str(result.exception)


def test_plan_command_answers_each_question() -> None:
    def ask(*args: str):
        result = CliRunner().invoke(plan_command, ["serve-qwen3-32b", "--set", SMALL[0], "-f", "json", *args])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["answers"]

    rate = ask()[0]["requests_per_s"]
    assert ask("--demand", f"{2.5 * rate} 1/s")[0]["replicas"] in {2, 3, 4}
    plans = ask("--plans")
    assert plans[0]["cny_per_mtoken"] > 0
    assert len(plans) >= 4


def test_a_day_is_planned_for_its_peak_and_followed_by_the_hour() -> None:
    flat, day = serving("serving.plan={tp: 8}"), serving("serving.plan={tp: 8}")
    plan = day.cards_for(60.0, swing=0.5)
    assert plan.sized_for_per_s == pytest.approx(90.0)
    assert [hour.hour for hour in plan.hours] == list(range(24))
    cards = [plan.tp * hour.replicas for hour in plan.hours]
    assert max(cards) <= plan.cards and plan.mean_cards == pytest.approx(sum(cards) / 24)
    assert min(cards) < plan.mean_cards < max(cards)
    assert flat.cards_for(90.0).replicas == plan.replicas and flat.cards_for(90.0).hours == ()
    with pytest.raises(InputError, match="--diurnal shapes a demand"):
        Backwards(swing=0.5)


def test_cards_for_streams_admit_them_when_run_forward() -> None:
    inputs = load_inputs("video-analytics-5g", with_incumbent=False)
    (name,) = inputs.of_kind("video")
    mix = sum(kind.streams for kind in inputs.scenario.demand[name].streams)
    args = ["video-analytics-5g", "--streams", str(mix), "--admitted", "0.98", "-f", "json"]
    plan = json.loads(CliRunner().invoke(plan_command, args, catch_exceptions=False).stdout)["answers"][0]
    assert plan["admitted_share"] >= plan["admitted_share_lower"] >= 0.98

    def blocked(cards: int) -> float:
        said = run("video-analytics-5g", "--set", f"video.replicas={cards}", "-f", "json")
        counts = json.loads(said.stdout)["cards"][0]
        return counts["blocked_streams"] / counts["offered_streams"]

    assert blocked(plan["cards"]) <= 0.02 < blocked(plan["cards"] - 1)
    with pytest.raises(InputError, match="questions of their own"):
        raise CliRunner().invoke(plan_command, [*args, "--plans"]).exception  # type: ignore[misc]
    with pytest.raises(InputError, match="is of video; ask for its cards with --streams"):
        raise CliRunner().invoke(plan_command, ["video-analytics-5g"]).exception  # type: ignore[misc]


def test_a_plan_without_a_service_level_is_refused() -> None:
    args = ["serve-qwen3-32b", "--set", "slo={share: 90 %}"]
    with pytest.raises(InputError, match="needs a service level"):
        raise CliRunner().invoke(plan_command, args).exception  # type: ignore[misc]


def test_admission_control_does_not_hide_the_overload() -> None:
    sets = ["traffic.rate=80 1/s", "serving.batching={max_waiting: 5, max_tokens: 2048}", *SMALL]
    result = run("serve-qwen3-32b", "-f", "json", *[p for s in sets for p in ("--set", s)])
    first = json.loads(result.stdout)["deployments"][0]
    assert first["rejected"] > 0
    assert first["verdict"]["overloaded"] is True


def test_failures_come_from_the_sites_own_reliability() -> None:
    plan = "serving.plan={tp: 8}"
    table = deployed(plan, "serving.failures={max_retries: 3}")
    assert table.failures is not None
    # Llama 3's table: one interruption per card in about 5 years, so 8 cards stop once in 7 to 9 months.
    assert 150 * 86400 < table.failures.mttf_s < 300 * 86400
    worse = deployed(plan, "serving.failures={max_retries: 3}", "reliability.mttf_scale=0.5")
    assert worse.failures is not None
    assert worse.failures.mttf_s == pytest.approx(table.failures.mttf_s / 2)
