"""Serving against measurements: the shipped rows, DeepSeek's production day, an MLPerf server run, the KV limit."""

import csv
from pathlib import Path

import numpy as np
import pytest

from clustersim.assemble.parts import card_spec, network_spec
from clustersim.assemble.software import engine_efficiency
from clustersim.des.serving.arrivals import draw_lengths
from clustersim.des.serving.book import Requests
from clustersim.des.serving.build import build
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records, summarise
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import ClosedLoop, Pool
from clustersim.errors import InputError
from clustersim.market.demand import cards_for_tokens
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.schema.find_software import load_software
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import known_names
from clustersim.schema.model_engine import model_spec
from clustersim.schema.profiles import load_card, load_model
from clustersim.validation import serving, serving_domestic, serving_latency
from clustersim.validation.common import summarise as errors
from clustersim.validation.serving_rows import model_of

DATA = Path(serving.__file__).parent.parent / "data" / "validation"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def hopper():
    return errors("serving_latency", serving_latency.predict(rows("serving_silicon_hopper.csv")))


def test_latency_rows_that_no_constant_was_fitted_on() -> None:
    groups = errors("x", serving_latency.predict(rows("serving_latency.csv")))["by_group"]
    assert groups["tpot dense"]["n_predicted"] == 22
    assert groups["tpot dense"]["mape_pct"] <= 10
    assert groups["ttft dense"]["mape_pct"] <= 25


def test_hopper_rows_outside_the_calibration(hopper) -> None:
    groups = hopper["by_group"]
    assert groups["tpot dense"]["mape_pct"] <= 10
    assert groups["tpot latent"]["mape_pct"] <= 15
    assert groups["ttft dense"]["mape_pct"] <= 25
    assert groups["ttft latent"]["mape_pct"] <= 25
    # Five runs of gpt-oss with 512 users state the TPOT of a few users and a queue of minutes: the mean is theirs.
    assert groups["tpot moe"]["median_ape_pct"] <= 11
    assert groups["tpot dense"]["n_predicted"] > 250


def test_every_hopper_row_is_predicted_or_has_a_reason(hopper) -> None:
    given = rows("serving_silicon_hopper.csv")
    assert len(hopper["rows"]) == 2 * len(given)
    assert all(r["predicted"] is not None or r["reason"] for r in hopper["rows"])


def test_rows_that_constants_were_found_from_are_few_apart_and_named_by_the_profiles() -> None:
    marked = [r for r in rows("serving_silicon_hopper.csv") if r["tuned_on"]]
    wide = [r for r in rows("serving_silicon_blackwell.csv") if r["tuned_on"]]
    assert len(marked) < 0.15 * len(rows("serving_silicon_hopper.csv"))
    assert len(wide) < 0.1 * len(rows("serving_silicon_blackwell.csv"))
    assert not serving_latency.tuned_rows() & serving_latency.held_out()
    engines = [load_software(name) for name in known_names("hwprofiles/software")]
    named = {i for p in engines if p.serving for i in p.tuned_on}
    domestic = {r["id"] for r in rows("domestic_serving.csv") if r["tuned_on"]}
    assert {r["id"] for r in [*marked, *wide]} | domestic == named
    for profile in (p for p in engines if p.serving and p.serving.constants and p.evidence == "tuned"):
        assert profile.tuned_on, profile.name


def test_fair_throughput_rows() -> None:
    answer = errors("x", serving.predict(rows("serving.csv")))
    groups = answer["by_group"]
    # No share of engine and card is left in it; DeepSeek on H200 under 500 users and more is what it errs most on.
    assert groups["fair"]["n_predicted"] > 30
    assert groups["fair"]["mape_pct"] <= 27
    assert answer["by_card_class"]["NVIDIA Ampere"]["n_predicted"] > 10
    assert answer["regret"]["questions"] > 20


def test_a_setting_in_a_column_goes_before_the_command() -> None:
    row = {**rows("serving.csv")[0], "max_sequences": "32", "client_concurrency": "16", "memory_share": "0.8"}
    run = serving.record(row)
    assert (run.settings.max_sequences, run.settings.client_concurrency, run.settings.memory_share) == (
        32,
        16,
        0.8,
    )
    few, all_at_once = (serving.predict([r])[0].predicted for r in (row, {**row, "client_concurrency": ""}))
    assert few is not None and all_at_once is not None and few < all_at_once
    bad = serving.predict([{**row, "memory_share": "1.7"}])[0]
    assert bad.predicted is None and "memory_share" in bad.reason
    # The model's file says how much of its prediction layer's drafts is kept.
    guess = serving.predict([{**row, "draft_tokens": "3"}])[0].predicted
    assert guess is not None and guess > few
    quicker = serving.predict([{**row, "draft_tokens": "3", "acceptance": "0.8"}])[0].predicted
    assert quicker is not None and quicker > few


def test_names_of_cards_models_and_software_are_exact() -> None:
    row = rows("serving.csv")[0]

    def reason(**changed: str) -> str:
        found = serving.predict([{**row, **changed}])[0]
        assert found.predicted is None
        return found.reason

    assert "no profile of the card 'H200 with a fan'" in reason(gpu="H200 with a fan")
    assert "no software 'vllmx'" in reason(software="vllmx", engine_version="")
    assert "no profile of the model 'DeepSeek-R1-mini'" in reason(serve="vllm serve DeepSeek-R1-mini -tp 8")
    assert "number format 'banana'" in reason(
        serve="vllm serve deepseek-ai/DeepSeek-R1 --quantization banana"
    )
    assert serving.record({**row, "gpu": "GB200"}).card == "GB200"
    assert model_of("DeepSeek-R1-Distill-Llama-70B")[0] == "llama3.1-70b"


def test_rows_of_blackwell() -> None:
    answer = errors("x", serving_latency.predict(rows("serving_latency_b200.csv")))
    assert answer["n_predicted"] >= 250 and answer["held_out"]["mape_pct"] <= 18
    tables = errors("x", serving.predict(rows("serving_published_2026.csv")))
    assert tables["mape_pct"] <= 18 and tables["n_predicted"] == 53


def test_domestic_cards() -> None:
    """Output and TPOT of rows that no constant was found from: what a ported engine loses is additive.

    Not met, and so not held here: Ascend-910B (median 98 % on six rows: two ran without recorded graphs, which the
    constants assume, and one counts the compiler's first run).
    """
    found = [r for r in serving_domestic.predict(rows("domestic_serving.csv")) if not r.tuned]
    for card in ("MetaX-C550", "BW1000"):
        off = [
            abs(r.error_pct) for r in found if r.card == card and r.error_pct and not r.id.endswith("ttft")
        ]
        assert len(off) >= 5 and np.median(off) <= 45, card


def test_rows_with_workers_of_two_kinds() -> None:
    given = [r for r in rows("serving_silicon_blackwell.csv") if r["mode"] == "disagg"]
    stated = [r for r in given if r["prefill_num_workers"]][:12]
    found = serving_latency.predict(stated)
    tpot = [abs(r.error_pct) for r in found if r.error_pct is not None and r.id.endswith("tpot")]
    assert len(tpot) >= 5 and np.median(tpot) <= 30
    unsaid = [r for r in given if not r["prefill_num_workers"]]
    # A worker of 36 cards is the sum of several: the configuration of that time is not there.
    older = serving_latency.predict([r for r in unsaid if r["prefill_tp_size"] == "36"][:3])
    assert all("workers are not stated" in r.reason for r in older)
    known = next(r for r in unsaid if "silicon_concurrency=450;" in r["silicon_data_source"])
    run, client = serving_latency.record(serving_latency.normalise([known])[0])
    assert (client.workers, client.decode_workers, run.layout.dp, run.decode.tp) == (1, 6, 4, 8)
    assert run.settings.decode_max_sequences == 64 and run.settings.draft_tokens == 0


def test_times_that_no_card_could_keep_are_set_aside() -> None:
    row = {**rows("serving_latency.csv")[0], "concurrency": "5000"}
    assert all("more operations than its cards have" in r.reason for r in serving_latency.predict([row]))


def test_an_empty_measurement_is_said_to_be_one() -> None:
    row = {**rows("serving_latency.csv")[0], "ttft_ms": ""}
    ttft, tpot = serving_latency.predict([row])
    assert ttft.predicted is None and ttft.reason == "no measured value"
    assert tpot.predicted is not None


def test_published_tables_on_cards_and_loads_that_nothing_was_fitted_on() -> None:
    groups = errors("x", serving.predict(rows("serving_published.csv")))["by_group"]
    assert groups["published H200"]["mape_pct"] <= 10
    assert groups["published H100"]["mape_pct"] <= 25
    assert groups["published B200"]["mape_pct"] <= 25
    assert groups["published A100-80G"]["mape_pct"] <= 25
    # Reported, not good: no engine was measured on these cards before the fit.
    assert {"published H20", "published Ascend-910B"} <= set(groups)


def test_the_cache_limit_is_seen_where_a_peer_missed_it() -> None:
    """Llama 70B on two H100, 64 users with 8,192-token prompts: measured 59 s to the first token."""
    row = {
        "model": "meta-llama/Llama-3.1-70B", "system": "h100_sxm", "backend": "vllm", "isl": "8192", "osl": "1024",
        "concurrency": "64", "tp": "2", "ttft_ms": "59175.4", "tpot_ms": "52.41",
    }  # fmt: skip
    ttft, tpot = serving_latency.predict([row])
    assert abs(ttft.error_pct) < 25
    assert abs(tpot.error_pct) < 25


def test_deepseek_production_day() -> None:
    """608 and 168 billion tokens a day: 226.75 nodes on average, USD 87,072 at USD 2 per card-hour."""
    nodes = sum(
        cards_for_tokens(tokens_per_day=tokens, peak_to_mean=1.0, tokens_per_s_per_card=rate, utilisation=1.0)
        for tokens, rate in ((608e9, 73.7e3), (168e9, 14.8e3))
    )
    assert nodes == pytest.approx(226.75, rel=0.005)
    assert nodes * 8 * 2.0 * 24 == pytest.approx(87_072, rel=0.005)


def test_mlperf_llama2_70b_server_on_eight_h100() -> None:
    """75.1 requests/s, TTFT 276 ms, TPOT 155 ms (MLPerf inference v4.1).

    By Little's law 75.1 x 45 s = 3,380 requests were in the system; with as many users the simulation must give
    the rate and both times. Prompts of 294 tokens on average are assumed, as long as the answers.
    """
    profile = load_card("H100")
    card, model = card_spec(profile), model_spec(load_model("llama2-70b"))
    network = network_spec(load_inputs("h100-1024", with_incumbent=False))
    efficiency = engine_efficiency(load_software("trtllm-1.0"), card, "dense")
    rules = Batching(max_tokens=8192, max_sequences=2048)
    cost, _ = build(
        model,
        Layout(tp=2),
        card,
        network,
        efficiency,
        Precision("fp8", "fp8", "bf16", "fp8"),
        rules,
    )
    rng, n = np.random.default_rng(1), 16_000
    lengths = [
        np.minimum(draw_lengths(n, mean=294, rng=rng, shape="lognormal", spread=s), 1024) for s in (0.9, 0.8)
    ]
    run = simulate(
        Requests(np.zeros(n), *lengths),
        Pool(4, cost, rules),
        router="least_loaded",
        closed_loop=ClosedLoop(3380),
        log=False,
    )
    done, middle = records(run), slice(4000, 12_000)
    ends = np.sort(done["finish_s"])
    assert 8000 / (ends[12_000] - ends[4000]) == pytest.approx(75.1, rel=0.2)
    assert np.nanmean(done["ttft_s"][middle]) + efficiency.request_s == pytest.approx(0.276, rel=0.2)
    assert np.nanmean(done["tpot_s"][middle]) == pytest.approx(0.155, rel=0.2)
    assert summarise(run).in_flight == 0


def test_foreign_csvs_are_read_or_refused_with_the_column() -> None:
    with pytest.raises(InputError, match="'concurrency' is missing"):
        serving_latency.predict(
            [dict.fromkeys(("model", "system", "backend", "isl", "osl", "tp", "ttft_ms", "tpot_ms"), "1")]
        )
    with pytest.raises(InputError, match="serve"):
        serving.predict([{"model": "x", "gpu": "h100"}])
    odd = {**rows("serving_latency.csv")[0], "model": "nobody/unknown-9b", "tp": "", "concurrency": "x"}
    assert all(
        r.predicted is None and "no profile of the model" in r.reason for r in serving_latency.predict([odd])
    )
    big = {**rows("serving_latency.csv")[12], "tp": "1"}
    assert all(
        "does not fit" in r.reason for r in serving_latency.predict([{**big, "model": "Llama-3.1-405B"}])
    )
