"""Rows that say how their lengths were drawn, and pools of states: what they must do to a prediction."""

from __future__ import annotations

import pytest

from clustersim.validation import serving_domestic, serving_latency, serving_published
from clustersim.validation.serving_latency_rows import load_of, record
from clustersim.validation.serving_rows import lengths_of
from clustersim.validation.sites import Unpredictable

ROW = {
    "id": "one", "source": "", "card": "H100", "n_cards": "1", "engine": "vllm", "engine_version": "",
    "model": "qwen3-8b",
    "precision_weights": "bf16", "precision_cache": "", "tp": "1", "dp": "1", "ep": "1", "pp": "1", "isl": "1000",
    "osl": "100", "concurrency": "16", "request_rate": "", "output_tok_s": "1", "total_tok_s": "", "ttft_ms": "1",
    "tpot_ms": "1", "metric_basis": "mean", "disaggregated": "no", "notes": "",
}  # fmt: skip
DRAWN = {"length_shape": "uniform", "length_spread": "1"}


def found(**change: str) -> dict[str, float]:
    rows = serving_domestic.predict([{**ROW, **change}])
    return {row.id.split()[-1]: float(row.predicted) for row in rows if row.predicted is not None}


def test_users_with_drawn_lengths_do_not_all_ask_at_once() -> None:
    fixed, drawn = found(), found(**DRAWN)
    assert drawn["ttft"] < 0.7 * fixed["ttft"]


def test_the_other_layouts_read_the_same_columns() -> None:
    latency = {"model": "qwen3-8b", "system": "H100", "backend": "vllm", "weights": "bf16", "concurrency": "16",
               "isl": "1000", "osl": "100", "tp": "1", "ttft_ms": "900", "tpot_ms": "90", **DRAWN}  # fmt: skip
    asked = load_of(record(latency)[1])
    assert (asked.prompt, asked.output) == tuple(lengths_of(DRAWN, (1000.0, 100.0)))
    table = {"model": "qwen3-8b", "gpu": "H100", "n_gpus": "1", "tp": "1", "precision": "bf16", "in_len": "1000",
             "out_len": "100", "batch_or_rate": "16", "tokens_per_s": "1", "notes": "vLLM; metric=out"}  # fmt: skip
    (fixed,) = serving_published.stated_published([table])
    (drawn,) = serving_published.stated_published([{**table, **DRAWN}])
    assert fixed.load is not None and drawn.load is not None
    assert (fixed.load.prompt.shape, drawn.load.prompt.shape, drawn.load.output.spread) == (
        "constant",
        "uniform",
        1.0,
    )


@pytest.mark.parametrize(
    "cells",
    [
        {"length_shape": "triangle"},
        {"length_shape": "uniform"},
        {"length_spread": "0.5"},
        {"length_shape": "uniform", "length_spread": "1.5"},
        {"length_shape": "lognormal", "length_spread": "-1"},
    ],
)
def test_cells_that_say_nothing_are_refused(cells: dict[str, str]) -> None:
    with pytest.raises(Unpredictable):
        lengths_of(cells, [100.0])


def test_sequences_whose_prompts_are_kept_need_more_states_and_fewer_run_at_once() -> None:
    # One H200 holds more sequences of a linear model than SGLang has states for, where it keeps prompts.
    hybrid = {"card": "H200", "engine": "sglang", "model": "qwen3.6-27b", "isl": "2000", "concurrency": "256"}
    alone, kept = found(**hybrid), found(**hybrid, prefix_hit_share="0.001")
    assert kept["tpot"] < 0.8 * alone["tpot"] and kept["ttft"] > alone["ttft"]
    plain = {"card": "H200", "engine": "sglang", "concurrency": "64"}
    assert found(**plain, prefix_hit_share="0.001")["tpot"] == pytest.approx(found(**plain)["tpot"], rel=0.02)


def test_a_tensor_group_over_two_servers_is_predicted_where_its_cards_are_stated() -> None:
    row = {"model": "llama3.1-405b", "system": "H100", "backend": "vllm", "weights": "bf16", "concurrency": "4",
           "isl": "500", "osl": "50", "tp": "16", "ttft_ms": "900", "tpot_ms": "90"}  # fmt: skip
    assert all(r.predicted is None for r in serving_latency.predict([row]))
    assert all(r.predicted is not None for r in serving_latency.predict([{**row, "n_gpus": "16"}]))
