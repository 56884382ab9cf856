"""Runs of vLLM without a client: their files name no lengths, so that a row is made with the user's or not at all.

Layouts are those of the tool; every figure is invented. At least five samples of each, three of them broken.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from doors import Put, predicted, put, read, refused

__all__ = ["put"]  # a fixture

#: ``vllm bench throughput --input-len 512 --output-len 128 --num-prompts 1000 --output-json``
THROUGHPUT: dict[str, Any] = {"elapsed_time": 40.0, "num_requests": 1000, "total_num_tokens": 640000,
                              "requests_per_second": 25.0, "tokens_per_second": 16000.0}  # fmt: skip
#: ``vllm bench latency --batch-size 8 --input-len 32 --output-len 128 --output-json``
LATENCY: dict[str, Any] = {"avg_latency": 1.6, "latencies": [1.59, 1.6, 1.61],
                           "percentiles": {"10": 1.59, "50": 1.6, "99": 1.61}}  # fmt: skip
LENGTHS = {"isl": "512", "osl": "128"}
WHO = {
    "model": "llama3.1-8b",
    "gpu": "H100",
    "n_gpus": "1",
    "tp": "1",
    "precision": "fp8",
    "software": "vLLM",
}


def test_a_throughput_is_the_answers_over_the_time(put: Put) -> None:
    (row,) = read(put(THROUGHPUT), given=LENGTHS).rows
    assert float(row["tokens_per_s"]) == 1000 * 128 / 40 and row["batch_or_rate"] == "1000 requests at once"
    assert (row["isl"], row["in_len"], row["osl"], row["out_len"]) == ("512", "512", "128", "128")
    assert row["ttft_ms"] is None and row["tpot_ms"] is None


def test_a_batch_is_its_answers_over_its_time(put: Put, tmp_path: Path) -> None:
    made = read(put(LATENCY), given={"isl": "32", "osl": "128", "concurrency": "8"} | WHO)
    (row,) = made.rows
    assert float(row["tokens_per_s"]) == 8 * 128 / 1.6 and "a static batch" in row["notes"]
    (seen,) = predicted("serving", made, tmp_path)
    assert seen.measured == pytest.approx(640.0) and seen.predicted


def test_several_results_a_line_each_are_several_rows(put: Put) -> None:
    both = f"{json.dumps(THROUGHPUT)}\n{json.dumps(THROUGHPUT | {'elapsed_time': 80.0, 'requests_per_second': 12.5, 'tokens_per_second': 8000.0})}\n"  # noqa: E501
    assert [float(r["tokens_per_s"]) for r in read(put(both), given=LENGTHS).rows] == [3200.0, 1600.0]


@pytest.mark.parametrize(
    ("data", "given", "words"),
    [
        (THROUGHPUT, {}, ("vllm bench throughput", "isl", "--input-len", "osl", "--output-len")),
        (THROUGHPUT, {"isl": "512", "osl": "256"}, ("640000 tokens contradict", "768000")),
        (THROUGHPUT, {"isl": "512", "osl": "many"}, ("osl", "--output-len")),
        (THROUGHPUT | {"elapsed_time": 80.0}, LENGTHS, ("requests_per_second", "contradicts")),
        (THROUGHPUT | {"elapsed_time": 0}, LENGTHS, ("elapsed_time",)),
        (THROUGHPUT | {"total_num_tokens": None}, LENGTHS, ("total_num_tokens", "is missing")),
        (THROUGHPUT | {"elapsed_time": "40,5"}, LENGTHS, ("decimal comma",)),
        (LATENCY, LENGTHS, ("vllm bench latency", "concurrency", "--batch-size")),
        (LATENCY, {}, ("isl", "osl", "concurrency")),
        (LATENCY | {"latencies": []}, LENGTHS | {"concurrency": "8"}, ("latencies", "holds no run")),
        (LATENCY | {"latencies": [1.6, "x"]}, LENGTHS | {"concurrency": "8"}, ("latencies", "is no number")),
        (
            LATENCY | {"avg_latency": 3.2},
            LENGTHS | {"concurrency": "8"},
            ("avg_latency", "contradicts the mean"),
        ),
        (LATENCY | {"avg_latency": None}, LENGTHS | {"concurrency": "8"}, ("avg_latency", "is missing")),
    ],
)
def test_a_broken_or_bare_result_is_refused(
    put: Put, data: dict[str, Any], given: dict[str, str], words: tuple[str, ...]
) -> None:
    refused(put(data), *words, given=given)


def test_a_result_that_is_cut_off_is_refused(put: Put) -> None:
    refused(put(json.dumps(THROUGHPUT)[:60]), "a.txt", given=LENGTHS)
