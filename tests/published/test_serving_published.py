"""Serving against measurements: the shipped rows, DeepSeek's production day, an MLPerf server run, the KV limit."""

import csv
from pathlib import Path

import numpy as np
import pytest
from clustersim.perf.serving_calibrated import CALIBRATED

from clustersim.des.serving.arrivals import draw_lengths
from clustersim.des.serving.book import Requests
from clustersim.des.serving.build import build
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fleet import fleet_day
from clustersim.des.serving.metrics import records, summarise
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import ClosedLoop, Pool
from clustersim.errors import InputError
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.validation import serving, serving_latency
from clustersim.validation.common import summarise as errors
from clustersim.validation.serving_setup import find_card, find_model

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
    assert groups["tpot deepseek"]["mape_pct"] <= 20
    assert groups["ttft dense"]["mape_pct"] <= 30
    assert groups["ttft deepseek"]["mape_pct"] <= 30
    assert groups["tpot moe"]["mape_pct"] <= 15
    assert groups["tpot dense"]["n_predicted"] > 250


def test_every_hopper_row_is_predicted_or_has_a_reason(hopper) -> None:
    given = rows("serving_silicon_hopper.csv")
    assert hopper["n_rows"] == 2 * len(given)
    assert all(r["predicted"] is not None or r["reason"] for r in hopper["rows"])


def test_calibration_rows_are_few_and_apart() -> None:
    marked = rows("serving_calibration.csv")
    held = serving_latency.held_out()
    assert len(marked) < 150
    assert not {r["identity"] for r in marked} & held
    assert {(r["engine"], r["card"], r["kind"]) for r in marked} >= set(CALIBRATED) - {
        ("vllm", "H200", "mla")
    }


def test_fair_throughput_rows() -> None:
    groups = errors("x", serving.predict(rows("serving.csv")))["by_group"]
    assert groups["fair"]["n_predicted"] > 50
    assert groups["fair"]["mape_pct"] <= 25
    assert groups["ascend"]["n_predicted"] > 0


def test_published_tables_on_cards_and_loads_that_nothing_was_fitted_on() -> None:
    groups = errors("x", serving.predict(rows("serving_published.csv")))["by_group"]
    assert groups["published H200"]["mape_pct"] <= 10
    assert groups["published H100"]["mape_pct"] <= 25
    assert groups["published B200"]["mape_pct"] <= 25
    assert groups["published A100"]["mape_pct"] <= 25
    # Reported, not good: no engine was measured on these cards before the fit.
    assert {"published H20", "published Ascend 910B", "published Hygon DCU"} <= set(groups)


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
    day = fleet_day(
        input_tokens=608e9, output_tokens=168e9, prefill_tokens_per_s=73.7e3, decode_tokens_per_s=14.8e3
    )
    assert day.nodes == pytest.approx(226.75, rel=0.005)
    assert day.cost(cards_per_node=8, per_card_hour=2.0) == pytest.approx(87_072, rel=0.005)


def test_mlperf_llama2_70b_server_on_eight_h100() -> None:
    """75.1 requests/s, TTFT 276 ms, TPOT 155 ms (MLPerf inference v4.1).

    By Little's law 75.1 x 45 s = 3,380 requests were in the system; with as many users the simulation must give
    the rate and both times. Prompts of 294 tokens on average are assumed, as long as the answers.
    """
    card, model = find_card("h100_sxm"), find_model("llama-2-70b").model
    assert card.card is not None and card.network is not None and model is not None
    efficiency = CALIBRATED["trtllm", "H100", "dense"]
    rules = Batching(max_tokens=8192, max_sequences=2048)
    cost, _ = build(
        model,
        Layout(tp=2),
        card.card,
        card.network,
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
    assert all(r.predicted is None and "not known" in r.reason for r in serving_latency.predict([odd]))
    big = {**rows("serving_latency.csv")[12], "tp": "1"}
    assert all(
        "does not fit" in r.reason for r in serving_latency.predict([{**big, "model": "Llama-3.1-405B"}])
    )
