"""Results of serving benchmarks come in as rows that both validations read, or are refused by format and field.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest
from doors import Put, predicted, put, read, refused

__all__ = ["put"]  # a fixture


VLLM: dict[str, Any] = {
    "date": "20260901-101010", "backend": "vllm", "model_id": "meta-llama/Llama-3.1-8B-Instruct", "num_prompts": 100,
    "request_rate": "inf", "burstiness": 1.0, "max_concurrency": 16, "duration": 64.0, "completed": 100,
    "total_input_tokens": 102400, "total_output_tokens": 12800, "request_throughput": 1.5625, "output_throughput": 200.0,
    "mean_ttft_ms": 120.5, "median_ttft_ms": 110.0, "p99_ttft_ms": 300.0, "mean_tpot_ms": 8.25, "mean_itl_ms": 8.5,
}  # fmt: skip
SGLANG = {
    "backend": "sglang", "dataset_name": "random", "request_rate": math.inf, "max_concurrency": 32,
    "random_input_len": 512, "random_output_len": 64, "duration": 16.0, "completed": 320, "total_input_tokens": 163840,
    "total_output_tokens": 20480, "output_throughput": 1280.0, "mean_ttft_ms": 60.0, "mean_tpot_ms": 20.0,
    "server_info": {"model_path": "Qwen/Qwen3-8B", "tp_size": 2, "dp_size": 1, "version": "0.5.3",
                    "kv_cache_dtype": "auto"},
}  # fmt: skip
TRTLLM = {
    "engine": {"model": "meta-llama/Llama-3.1-8B", "version": "1.2.0", "backend": "Pytorch", "dtype": "bfloat16",
               "kv_cache_dtype": "FP8", "quantization": "FP8"},
    "machine": {"name": "NVIDIA H200", "memory.total": 139.8, "clocks.mem": 3.2},
    "world_info": {"tp_size": 2, "pp_size": 1, "ep_size": -1, "world_size": 2, "max_batch_size": 1024,
                   "max_num_tokens": 8192},
    "request_info": {"num_requests": 1000, "avg_num_concurrent_requests": 900.0, "avg_input_length": 128.0,
                     "avg_output_length": 128.0},
    "performance": {"total_latency_ms": 6400.0, "request_throughput_req_s": 156.25,
                    "system_output_throughput_tok_s": 20000.0},
    "streaming_metrics": {"avg_ttft_ms": 900.0, "avg_tpot_ms": 18.0},
}  # fmt: skip


def _mean(value: float) -> dict[str, Any]:
    return {"successful": {"mean": value, "median": value}, "total": {"mean": value}}


GUIDELLM = {
    "args": {"model": "Qwen/Qwen3-8B"},
    "benchmarks": [
        {"config": {"strategy": {"type_": kind, key: level}}, "metrics": {
            "request_totals": {"successful": 50}, "requests_per_second": _mean(2.0), "prompt_token_count": _mean(256.0),
            "output_token_count": _mean(128.0), "output_tokens_per_second": _mean(256.0),
            "time_to_first_token_ms": _mean(40.0), "inter_token_latency_ms": _mean(10.0)}}
        for kind, key, level in (("concurrent", "streams", 4), ("constant", "rate", 2.0))
    ],
}  # fmt: skip
AIPERF = {
    "request_throughput": {"unit": "requests/sec", "avg": 10.0}, "request_latency": {"unit": "ms", "avg": 900.0},
    "time_to_first_token": {"unit": "us", "avg": 250000.0}, "inter_token_latency": {"unit": "ms", "avg": 6.5},
    "output_token_throughput": {"unit": "tokens/sec", "avg": 1000.0}, "output_sequence_length": {"avg": 100.0},
    "input_sequence_length": {"avg": 550.0}, "request_count": {"avg": 200.0}, "benchmark_duration": {"avg": 20.0},
    "was_cancelled": False, "start_time": "2026-10-17T20:22:08.939332",
    "input_config": {"endpoint": {"model_names": ["Qwen/Qwen3-8B"]}, "loadgen": {"concurrency": 10}},
}  # fmt: skip
PRINTED = """Namespace(backend='vllm', model='Qwen/Qwen3-8B', num_prompts=100)
Traffic request rate: inf
Maximum request concurrency: 16
============ Serving Benchmark Result ============
Successful requests:                     100
Benchmark duration (s):                  64.00
Total input tokens:                      102400
Total generated tokens:                  12800
Request throughput (req/s):              1.56
Output token throughput (tok/s):         200.00
---------------Time to First Token----------------
Mean TTFT (ms):                          120.50
-----Time per Output Token (excl. 1st token)------
Mean TPOT (ms):                          8.25
==================================================
"""


def test_vllm_becomes_a_row_with_its_provenance(put: Put) -> None:
    path = put(VLLM, "run.json")
    made = read(path, given={"gpu": "H100", "tp": "1"})
    (row,) = made.rows
    assert made.kind == "serving" and (row["isl"], row["osl"], row["concurrency"]) == (1024, 128, 16)
    assert (row["ttft_ms"], row["tpot_ms"], row["itl_ms"], row["tokens_per_s"]) == (120.5, 8.25, 8.5, 200.0)
    assert (row["software"], row["gpu"], row["system"], row["batch_or_rate"]) == (
        "vLLM",
        "H100",
        "H100",
        "16",
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (row["tier"], row["file"], row["sha256"], row["date"]) == (
        "measured",
        "run.json",
        digest,
        "2026-09-01",
    )
    assert any("does not name n_gpus, precision" in text for text in made.said)


def test_sglang_lines_with_infinity(put: Put) -> None:
    second = {**SGLANG, "max_concurrency": 64, "mean_ttft_ms": 95.0}
    made = read(put(f"{json.dumps(SGLANG)}\n{json.dumps(second)}\n", "bench.jsonl"))
    assert [(r["concurrency"], r["ttft_ms"]) for r in made.rows] == [(32, 60.0), (64, 95.0)]
    assert {(r["model"], r["tp"], r["software"], r["isl"]) for r in made.rows} == {
        ("Qwen/Qwen3-8B", 2, "SGLang", 512)
    }


def test_sglang_says_how_its_lengths_were_drawn(put: Put) -> None:
    # From a share r of what was asked up to all of it: half-width over mean (1 - r) / (1 + r).
    for least, said in ((0.0, ("uniform", 1.0)), (0.5, ("uniform", 0.333333)), (1.0, ("constant", None))):
        (row,) = read(put({**SGLANG, "random_range_ratio": least})).rows
        assert (row["length_shape"], row["length_spread"]) == said
    (row,) = read(put(SGLANG)).rows
    assert (row["length_shape"], row["length_spread"]) == ("", None)


def test_trtllm_bench_names_card_plan_and_format(put: Put) -> None:
    (row,) = read(put(TRTLLM)).rows
    assert (row["gpu"], row["n_gpus"], row["tp"], row["precision"], row["kv_cache_dtype"]) == (
        "H200",
        2,
        2,
        "FP8",
        "FP8",
    )
    assert (row["batch_or_rate"], row["tokens_per_s"], row["ep"]) == ("1000 requests at once", 20000.0, 1)


def test_guidellm_tells_users_from_rates(put: Put) -> None:
    users, rate = read(put(GUIDELLM)).rows
    assert (users["concurrency"], users["batch_or_rate"], users["model"]) == (4, "4", "Qwen/Qwen3-8B")
    assert (rate["concurrency"], rate["request_rate"], rate["batch_or_rate"]) == (
        None,
        2.0,
        "rate 2 requests/s",
    )


def test_aiperf_converts_units(put: Put) -> None:
    (row,) = read(put(AIPERF)).rows
    assert (row["ttft_ms"], row["tpot_ms"], row["isl"], row["osl"], row["date"]) == (
        250.0, pytest.approx(6.5), 550, 100, "2026-10-17")  # fmt: skip
    old = {k: v for k, v in AIPERF.items() if k != "input_config"}
    old["input_config"] = {"model": ["m"], "concurrency": 1, "synthetic_input_tokens_mean": 200}
    del old["input_sequence_length"]
    (row,) = read(put(old)).rows
    assert (row["model"], row["concurrency"], row["isl"]) == ("m", 1, 200)


def test_the_printed_result_is_read_as_well(put: Put) -> None:
    (row,) = read(put("INFO started\r\n" + PRINTED.replace("\n", "\r\n"), "slurm-7.out")).rows
    assert (row["isl"], row["osl"], row["concurrency"], row["ttft_ms"], row["model"]) == (
        1024, 128, 16, 120.5, "Qwen/Qwen3-8B")  # fmt: skip


def test_serving_rows_are_read_by_both_validations(put: Put, tmp_path: Path) -> None:
    made = read(put(VLLM), given={"gpu": "H100", "tp": "1", "n_gpus": "1", "precision": "bf16"})
    assert [(r.reason, r.measured, r.unit) for r in predicted("serving", made, tmp_path)] == [
        ("", 200.0, "tok/s")
    ]
    ttft, tpot = predicted("serving_latency", made, tmp_path)
    assert (
        (ttft.measured, tpot.measured, ttft.reason) == (120.5, 8.25, "") and ttft.predicted and tpot.predicted
    )
    rate = read(put({**VLLM, "request_rate": 4.0}), given={"gpu": "H100", "tp": "1", "precision": "bf16"})
    assert [r.reason for r in predicted("serving", rate, tmp_path)] == ["the load is not stated"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({**VLLM, "output_throughput": "200,0"}, ("decimal comma", "output_throughput")),
        (json.dumps(VLLM)[:300], ("not valid JSON",)),
        (json.dumps(SGLANG) + json.dumps(SGLANG) + "\n", ("not valid JSON",)),
        (
            {k: v for k, v in VLLM.items() if k != "total_output_tokens"},
            ("vllm bench serve", "total_output_tokens"),
        ),
        ({**VLLM, "completed": 0}, ("vllm bench serve", "completed")),
        ({**VLLM, "output_throughput": 400.0}, ("contradicts",)),
        (PRINTED.replace("=" * 50, ""), ("cut off",)),
        (PRINTED.replace("64.00", "64,00"), ("decimal comma",)),
        (PRINTED.partition("-----Time per")[0] + PRINTED, ("does not end",)),
        ({**AIPERF, "time_to_first_token": {"unit": "fortnight", "avg": 1.0}}, ("fortnight",)),
        ({**TRTLLM, "performance": {}}, ("trtllm-bench", "system_output_throughput_tok_s")),
        ({"benchmarks": [{"metrics": {}}]}, ("guidellm", "prompt_token_count")),
    ],
)
def test_broken_serving_results_are_refused(put: Put, text: Any, words: tuple[str, ...]) -> None:
    refused(put(text), *words)
