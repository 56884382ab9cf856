"""Files as people have them come in by one door: the right rows, or a refusal that names the format and the line.

Layouts are those of the tools; every figure is invented. Of each door at least five samples, three of them broken:
another locale, cut off, interleaved.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import clustersim as cs
from clustersim.errors import InputError
from clustersim.schema.imports.registry import IMPORTERS, Imported, ImportOptions, import_file
from clustersim.validation.domains import DOMAINS, read_rows

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(text: str | bytes | Mapping[str, Any], name: str = "a.txt", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        text = json.dumps(text) if isinstance(text, Mapping) else text
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def read(path: Path, kind: str = "", **options: Any) -> Imported:
    return import_file(path, kind, ImportOptions(**options))


def refused(path: Path, *words: str, kind: str = "", **options: Any) -> str:
    with pytest.raises(InputError) as error:
        read(path, kind, **options)
    for word in words:
        assert word in str(error.value), str(error.value)
    return str(error.value)


def predicted(domain: str, made: Imported, folder: Path) -> list[Any]:
    """The rows as the domain's validation reads them: from the file that the door writes."""
    path = folder / "rows.csv"
    path.write_text(made.text, encoding="utf-8")
    return list(importlib.import_module(DOMAINS[domain][0]).predict(list(read_rows(path).rows)))


# --- serving ---------------------------------------------------------------------------------------------------------

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
    assert (row["software"], row["gpu"], row["system"], row["batch_or_rate"]) == ("vLLM", "H100", "H100", "16")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (row["tier"], row["file"], row["sha256"], row["date"]) == ("measured", "run.json", digest, "2026-09-01")
    assert any("does not name n_gpus, precision" in text for text in made.said)


def test_sglang_lines_with_infinity(put: Put) -> None:
    second = {**SGLANG, "max_concurrency": 64, "mean_ttft_ms": 95.0}
    made = read(put(f"{json.dumps(SGLANG)}\n{json.dumps(second)}\n", "bench.jsonl"))
    assert [(r["concurrency"], r["ttft_ms"]) for r in made.rows] == [(32, 60.0), (64, 95.0)]
    assert {(r["model"], r["tp"], r["software"], r["isl"]) for r in made.rows} == {("Qwen/Qwen3-8B", 2, "SGLang", 512)}


def test_trtllm_bench_names_card_plan_and_format(put: Put) -> None:
    (row,) = read(put(TRTLLM)).rows
    assert (row["gpu"], row["n_gpus"], row["tp"], row["precision"], row["kv_cache_dtype"]) == ("H200", 2, 2, "FP8", "FP8")
    assert (row["batch_or_rate"], row["tokens_per_s"], row["ep"]) == ("1000 requests at once", 20000.0, 1)


def test_guidellm_tells_users_from_rates(put: Put) -> None:
    users, rate = read(put(GUIDELLM)).rows
    assert (users["concurrency"], users["batch_or_rate"], users["model"]) == (4, "4", "Qwen/Qwen3-8B")
    assert (rate["concurrency"], rate["request_rate"], rate["batch_or_rate"]) == (None, 2.0, "rate 2 requests/s")


def test_aiperf_converts_units(put: Put) -> None:
    (row,) = read(put(AIPERF)).rows
    assert (row["ttft_ms"], row["tpot_ms"], row["isl"], row["osl"], row["date"]) == (250.0, 6.5, 550, 100, "2026-10-17")
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
    assert [(r.reason, r.measured, r.unit) for r in predicted("serving", made, tmp_path)] == [("", 200.0, "tok/s")]
    ttft, tpot = predicted("serving_latency", made, tmp_path)
    assert (ttft.measured, tpot.measured, ttft.reason) == (120.5, 8.25, "") and ttft.predicted and tpot.predicted
    rate = read(put({**VLLM, "request_rate": 4.0}), given={"gpu": "H100", "tp": "1", "precision": "bf16"})
    assert [r.reason for r in predicted("serving", rate, tmp_path)] == ["the load is not stated"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({**VLLM, "output_throughput": "200,0"}, ("decimal comma", "output_throughput")),
        (json.dumps(VLLM)[:300], ("not valid JSON",)),
        (json.dumps(SGLANG) + json.dumps(SGLANG) + "\n", ("not valid JSON",)),
        ({k: v for k, v in VLLM.items() if k != "total_output_tokens"}, ("vllm bench serve", "total_output_tokens")),
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


# --- collectives -----------------------------------------------------------------------------------------------------

NCCL_HEADER = """#
#                                                              out-of-place                       in-place
#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong
#        (B)    (elements)                               (us)  (GB/s)  (GB/s)            (us)  (GB/s)  (GB/s)
"""


def nccl(hosts: int = 1, cards: int = 8, card: str = "NVIDIA H100 80GB HBM3", head: str = "") -> str:
    ranks = "".join(
        f"#  Rank {i:2d} Group  0 Pid {1000 + i} on node-{i * hosts // cards} device {i % 8:2d} [0x1b] {card}\n"
        for i in range(cards)
    )
    return f"{head}# nThread 1 nGpus 1 minBytes 1 maxBytes 8 step: 2(factor) graph: 0\n#\n# Using devices\n{ranks}"


LINES = """  1073741824     268435456     float     sum      -1   5391.2  199.17  348.55      0   5387.0  199.32  348.81      0
  8589934592    2147483648     float     sum      -1  32015.0  268.31  469.54      0  32001.0  268.43  469.75      0
"""
END = "# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 409.163\n"
NCCL = nccl() + NCCL_HEADER + LINES + END
RCCL = nccl(card="AMD Instinct MI300X", head="# Collective test starting: all_gather_perf\n") + NCCL_HEADER + (
    " 8388608  2097152  float  none  -1  100.0  83.89  73.40  0  101.0  83.06  72.67  N/A\n") + END  # fmt: skip
HCCL = """mpirun -n 8 ./bin/all_reduce_test -b 8K -e 2G -f 2 -d fp32 -o sum -p 8
data_size(Bytes):  | aveg_time(us):  | alg_bandwidth(GB/s):  | check_result:
1048576            | 50.00           | 20.97152              | success
2097152            | 60.00           | 34.95253              | success
"""


def test_nccl_tests_become_two_sizes(put: Put, tmp_path: Path) -> None:
    made = read(put(NCCL, "x.log"))
    assert [(r["size_bytes"], r["busbw_GBs"]) for r in made.rows] == [(2.0**30, 348.55), (2.0**33, 469.54)]
    assert {(r["gpu"], r["n_gpus"], r["collective"], r["fabric"]) for r in made.rows} == {("H100", 8, "all_reduce", "1 node")}
    rows = predicted("collectives", made, tmp_path)
    assert [round(r.measured, 1) for r in rows] == [5391.2, 32015.0] and all(r.predicted for r in rows)


def test_rccl_names_its_collective_and_card(put: Put) -> None:
    (row,) = read(put(RCCL)).rows
    assert (row["collective"], row["gpu"], row["busbw_GBs"]) == ("all_gather", "MI300X", 73.40)


def test_two_runs_on_two_nodes_behind_a_launchers_prefix(put: Put) -> None:
    both = (nccl(2, 16) + NCCL_HEADER).replace("\n", "\n[1,0]<stdout>:") + (
        " 1048576 262144 float sum -1 100.0 10.49 19.66 0 99.0 10.59 19.86 0\n" + END) + RCCL  # fmt: skip
    first, second = read(put(both)).rows
    assert (first["n_gpus"], first["fabric"], first["collective"]) == (16, "2 nodes", "all_reduce")
    assert (second["n_gpus"], second["collective"]) == (8, "all_gather")


def test_a_log_cut_after_whole_lines_says_so(put: Put) -> None:
    made = read(put(nccl() + NCCL_HEADER + LINES))
    assert len(made.rows) == 2 and any("cut off before its summary" in text for text in made.said)


def test_hccl_test_takes_ranks_from_its_command(put: Put, tmp_path: Path) -> None:
    made = read(put(HCCL), given={"gpu": "Ascend 910B"})
    assert [(r["n_gpus"], r["collective"], round(r["busbw_GBs"], 2)) for r in made.rows] == [
        (8, "all_reduce", 36.7), (8, "all_reduce", 61.17)]  # fmt: skip
    assert all(r.predicted for r in predicted("collectives", made, tmp_path))


def test_wrong_results_are_left_out_and_told(put: Put) -> None:
    made = read(put(NCCL.replace("348.55      0", "348.55     12")))
    assert len(made.rows) == 1 and any("12 wrong results" in text for text in made.said)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NCCL.replace("199.17  348.55", "199,17  348,55"), ("decimal comma",)),
        (NCCL[: NCCL.index("32015.0")], ("cut off", "cells under")),
        (NCCL.replace("      0   5387.0", "      0   5387.0 1073741824 268435456 float", 1), ("two ranks wrote",)),
        (nccl() + nccl().partition("# Using devices\n")[2] + NCCL_HEADER + LINES, ("rank 0 stands twice",)),
        (NCCL.replace("#  Rank  3", "#  Rumk  3"), ("rank(s) 3 of 8",)),
        (NCCL.replace("348.55", "697.10"), ("bus factor",)),
        (NCCL.replace("199.17", "150.00"), ("not the size over the time",)),
        (NCCL_HEADER + LINES, ("Using devices", "n_gpus")),
        (nccl() + NCCL_HEADER, ("no line of figures",)),
        (RCCL.replace("# Collective test starting: all_gather_perf\n", ""), ("collective", "--given")),
        (HCCL.replace("34.95253", "34,95253"), ("decimal comma", "hccl_test")),
        (HCCL.replace("-n 8 ", ""), ("number of ranks",)),
        (HCCL.replace("| 34.95253              | success", ""), ("cut off",)),
    ],
)
def test_broken_collectives_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


# --- operators -------------------------------------------------------------------------------------------------------

GEMM = "m,n,k,dtype,time_us,tflops,device\n4096,4096,4096,bf16,200.0,687.2,NVIDIA H100 80GB HBM3\n8192,8192,8192,bf16,1500.0,733.0,NVIDIA H100 80GB HBM3\n"
ATTENTION = "batch,nheads,seqlen,headdim,causal,mode,time_ms\n2,32,4096,128,False,fwd,1.0\n2,32,4096,128,True,bwd,2.0\n"
STREAM = "function,num_times,n_elements,sizeof,max_mbytes_per_sec,min_runtime\nCopy,100,33554432,8,2800000.0,0.000191739\nTriad,100,33554432,8,2900000.0,0.000277694\n"
TABLE = "id,vendor,card,n_cards,benchmark,dtype,shape_or_size,measured,unit,source_path\na,X,H100,8,computation-BF16,BF16,M=8192 N=8192 K=8192,600.5,TFLOPS,readme\nb,X,H100,8,computation-FP16,FP16,,,,readme\n"


def test_products_with_a_rate_that_agrees(put: Put) -> None:
    first, _ = read(put(GEMM)).rows
    assert (first["card"], first["measured"], first["unit"], first["shape_or_size"]) == (
        "H100", 687.2, "TFLOPS", "M=4096 N=4096 K=4096")  # fmt: skip


def test_attention_rates_follow_from_times(put: Put) -> None:
    forward, backward = read(put(ATTENTION)).rows
    work = 4 * 2 * 32 * 4096 * 4096 * 128 / 1e12
    assert forward["measured"] == pytest.approx(work / 1e-3)
    assert backward["measured"] == pytest.approx(work * 0.5 * 2.5 / 2e-3)


def test_streams_in_their_own_units(put: Put) -> None:
    copy, triad = read(put(STREAM)).rows
    assert (copy["measured"], triad["measured"], copy["unit"]) == (2800.0, 2900.0, "GB/s")
    size = read(put("op,size_bytes,time_us\ncopy,1000000000,1000\n")).rows[0]
    assert size["measured"] == pytest.approx(2000.0)


def test_rows_of_operators_pass_unchanged(put: Put) -> None:
    made = read(put(TABLE))
    assert [(r["id"], r["measured"], r["source"]) for r in made.rows] == [("a", 600.5, "readme")]
    assert any("1 rows without a value" in text for text in made.said)
    assert len(made.rows) == 1 and read(put(made.text)).rows[0]["measured"] == 600.5


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (GEMM.replace(",", ";").replace("200.0", "200,0"), "operators", ("semicolons",)),
        (GEMM.replace("200.0", '"200,0"'), "", ("decimal comma",)),
        (GEMM[: GEMM.index("1500.0")], "", ("fewer cells",)),
        (GEMM.replace("bf16,1500.0", "bf16,8192,8192,bf16,1500.0"), "", ("more cells",)),
        (GEMM.replace("687.2", "1374.4"), "", ("contradicts",)),
        (GEMM.replace(",687.2", ",-1"), "", ("tflops",)),
        ("m,n,k\n1,2,3\n", "operators", ("no sweep of operators",)),
        ("op,size_bytes,time_us\nshuffle,1000,10\n", "", ("a time alone",)),
    ],
)
def test_broken_sweeps_are_refused(put: Put, text: str, kind: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words, kind=kind)


# --- training --------------------------------------------------------------------------------------------------------

ARGUMENTS = """using world size: 16, data-parallel size: 2, context-parallel size: 1, tensor-model-parallel size: 4, pipeline-model-parallel size: 2
------------------------ arguments ------------------------
  bf16 ............................................ True
  ffn_hidden_size ................................. 11008
  fp8 ............................................. None
  global_batch_size ............................... 64
  group_query_attention ........................... False
  hidden_size ..................................... 4096
  micro_batch_size ................................ 1
  num_attention_heads ............................. 32
  num_experts ..................................... None
  num_layers ...................................... 32
  num_query_groups ................................ 1
  padded_vocab_size ............................... 32000
  pipeline_model_parallel_size .................... 2
  recompute_granularity ........................... selective
  seq_length ...................................... 4096
  sequence_parallel ............................... True
  tensor_model_parallel_size ...................... 4
  use_distributed_optimizer ....................... True
  world_size ...................................... 16
-------------------- end of arguments ---------------------
"""


def megatron(times: list[float], prefix: str = "", first: int = 1) -> str:
    return "".join(
        f"{prefix} [2026-09-01 10:00:{i:02d}] iteration {i + first:8d}/     100 | consumed samples: {64 * i:12d} |"
        f" elapsed time per iteration (ms): {1e3 * t:.1f} | throughput per GPU (TFLOP/s/GPU): {800 / t:.1f} | learning rate:"
        f" 1.0E-05 | global batch size:    64 | lm loss: 1.0E+01 | number of nan iterations:   0 |\n"
        for i, t in enumerate(times)
    )  # fmt: skip


TIMES = [9.0, 3.0, 2.0, 2.0, 2.02, 1.98, 5.0, 2.0, 2.01, 1.99]
NEMO = "".join(
    f"retraining/0 [default0]:Training epoch 0, iteration {i}/99 | lr: 1e-06 | global_batch_size: 128 | global_step: {i} |"
    f" reduced_train_loss: 11.9 | train_step_timing in s: {t} | consumed_samples: {128 * i}\n"
    for i, t in enumerate([30.0, 12.5, 12.4, 12.4, 12.4, 12.3])
)  # fmt: skip
DEEPSPEED = "deepspeed --num_gpus 8 train.py --seq-length 2048 --hidden-size 4096\n" + "".join(
    f"[2026-05-31 12:00:{i:02d},123] [INFO] [timer.py:264:stop] epoch=0/micro_step={i}/global_step={i},"
    f" RunningAvgSamplesPerSec=16.0, CurrSamplesPerSec={r}, MemAllocated=10.0GB, MaxMemAllocated=30.0GB\n"
    for i, r in ((10, 8.0), (20, 16.0), (30, 16.0), (40, 16.0), (50, 15.0))
)  # fmt: skip
DS_CONFIG = "[INFO] [config.py:1000:print]   train_batch_size ............. 64\n[INFO] [config.py:1000:print]   zero_optimization_stage ...... 3\n"


def test_megatron_median_after_warm_up_with_outliers_named(put: Put, tmp_path: Path) -> None:
    made = read(put(ARGUMENTS + megatron(TIMES)), given={"gpu": "A100-80G", "model": "own 7B"})
    (row,) = made.rows
    assert row["iteration_time_s"] == pytest.approx(2.0) and row["outliers"] == "iteration 7: 5 s"
    wanted = {"layers": 32, "hidden": 4096, "heads": 32, "kv_heads": None, "vocab": 32000, "seq_len": 4096, "tp": 4,
              "pp": 2, "dp": 2, "cp": 1, "n_gpus": 16, "global_batch": 64, "micro_batch": 1, "seq_parallel": "yes",
              "recompute": "selective", "zero_stage": 1, "dtype": "bf16", "date": "2026-09-01"}  # fmt: skip
    assert {key: row[key] for key in wanted} == wanted
    assert row["tokens_per_s_per_gpu"] == pytest.approx(64 * 4096 / 2.0 / 16)
    (found,) = predicted("training", made, tmp_path)
    assert found.reason == "" and found.measured == pytest.approx(2.0) and found.predicted


def test_the_case_of_one_line(put: Put) -> None:
    (row,) = read(put(megatron([5.3214], first=10))).rows
    assert (row["iteration_time_s"], row["global_batch"], row["notes"]) == (
        5.3214, 64, "median of 1 printed steps, iterations 10-10")  # fmt: skip


def test_nemo_and_its_prefixes(put: Put) -> None:
    (row,) = read(put(NEMO)).rows
    assert (row["iteration_time_s"], row["global_batch"], row["software"]) == (12.4, 128, "NeMo")


def test_deepspeed_samples_per_second_with_its_batch(put: Put) -> None:
    (row,) = read(put(DS_CONFIG + DEEPSPEED)).rows
    assert row["iteration_time_s"] == pytest.approx(4.0) and row["zero_stage"] == 3 and row["global_batch"] == 64
    assert (row["seq_len"], row["hidden"]) == (2048, 4096)
    pipe = "".join(f"steps: {i} loss: 11.3 iter time (s): {t} samples/sec: 51.8\n" for i, t in ((1, 9.0), (2, 1.25), (3, 1.25), (4, 1.25)))
    assert read(put(pipe)).rows[0]["iteration_time_s"] == 1.25


def test_a_restart_and_two_ranks(put: Put) -> None:
    text = megatron([9.0, 2.0, 2.0], "[default7]:") + megatron([4.0] * 3, "[default7]:", 2) + megatron([7.0], "[default0]:")
    made = read(put(text))
    assert made.rows[0]["iteration_time_s"] == 4.0
    assert any("2 ranks print" in s for s in made.said) and any("a restart" in s for s in made.said)


def test_a_few_torn_lines_are_left_out_and_named(put: Put) -> None:
    lines = megatron(TIMES).splitlines(keepends=True)
    lines[4] = lines[4][:60] + lines[5]
    made = read(put("".join(lines[:-1]) + lines[-1][:70]))
    assert made.rows[0]["steps"] == 6 and any("torn lines of iterations, left out: 5" in s for s in made.said)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (megatron([2.0] * 4).replace("2000.0", "2000,0"), "", ("Megatron-LM", "decimal comma")),
        (megatron([2.0])[:110], "training", ("no training log",)),
        ("".join(a[:80] + b for a, b in zip(*(megatron([2.0] * 4, p).splitlines(keepends=True) for p in ("", " ")), strict=True)),
         "", ("Megatron-LM", "torn", "rank")),
        (DEEPSPEED, "", ("DeepSpeed", "train_batch_size")),
        (ARGUMENTS, "training", ("no training log",)),
        (ARGUMENTS.replace("num_experts ..................................... None", "num_experts ... 8") + megatron(TIMES), "",
         ("experts", "--given model")),
    ],
)  # fmt: skip
def test_broken_training_logs_are_refused(put: Put, text: str, kind: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words, kind=kind)


# --- power -----------------------------------------------------------------------------------------------------------

SMI = """timestamp, index, name, power.draw [W], power.limit [W], clocks.current.sm [MHz], utilization.gpu [%], temperature.gpu
2026/06/18 00:00:00.000, 0, NVIDIA H100 80GB HBM3, 100.00 W, 700.00 W, 345 MHz, 0 %, 30
2026/06/18 00:00:05.000, 0, NVIDIA H100 80GB HBM3, 600.00 W, 700.00 W, 1755 MHz, 100 %, 60
2026/06/18 00:00:10.000, 0, NVIDIA H100 80GB HBM3, 620.00 W, 700.00 W, 1725 MHz, 100 %, 62
2026/06/18 00:00:10.000, 1, NVIDIA H100 80GB HBM3, [N/A], 700.00 W, 345 MHz, 0 %, 30
2026/06/18 00:00:15.000, 1, NVIDIA H100 80GB HBM3, 80.00 W, 700.00 W, 345 MHz, 0 %, 30
"""
PROMETHEUS = """# HELP DCGM_FI_DEV_POWER_USAGE Power draw (in W).
# TYPE DCGM_FI_DEV_POWER_USAGE gauge
DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",device="nvidia0",modelName="NVIDIA H200",Hostname="node-a"} 512.5 1781740800000
DCGM_FI_DEV_POWER_USAGE{gpu="1",UUID="GPU-b",device="nvidia1",modelName="NVIDIA H200",Hostname="node-a"} 98.25 1781740800000
DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="GPU-a",device="nvidia0",modelName="NVIDIA H200",Hostname="node-a"} 1980 1781740800000
"""
DMON = """#Entity   POWER   SMCLK
ID        W       MHz
GPU 0     400.1   1410
GPU 1     398.2   1410
GPU 0     402.3   1410
"""
SMI_DMON = "# gpu   pwr  gtemp  mtemp    sm   mem   enc   dec  mclk  pclk\n# Idx     W      C      C     %     %     %     %   MHz   MHz\n    0   310     60     65    99    50     0     0  1593  1410\n"


def test_nvidia_smi_gives_one_row_a_card(put: Put) -> None:
    made = read(put(SMI))
    first, second = made.rows
    assert (first["gpu"], first["samples"], first["power_busy_w"], first["power_max_w"]) == ("H100", 3, 610.0, 620.0)
    assert (first["power_mean_w"], first["power_limit_w"], first["sm_clock_busy_hz"]) == (440.0, 700.0, 1.74e9)
    assert (first["duration_s"], first["utilisation_mean"], first["date"]) == (10.0, pytest.approx(2 / 3), "2026-06-18")
    assert (second["samples"], second["power_mean_w"]) == (1, 80.0) and any("1 samples without" in s for s in made.said)


def test_without_units_and_with_a_repeated_header(put: Put) -> None:
    bare = SMI.replace(" W,", ",").replace(" MHz", "").replace(" %,", ",")
    head, _, rest = bare.partition("\n")
    assert read(put(f"{head}\n{rest}{head}\n{rest}")).rows[0]["samples"] == 6


def test_prometheus_text_of_two_cards(put: Put) -> None:
    first, second = read(put(PROMETHEUS)).rows
    assert (first["host"], first["device"], first["gpu"], first["power_max_w"]) == ("node-a", "0", "H200", 512.5)
    assert (first["sm_clock_busy_hz"], second["power_max_w"], first["date"]) == (1.98e9, 98.25, "2026-06-18")


def test_dmon_of_both_makers(put: Put) -> None:
    assert [(r["device"], r["samples"]) for r in read(put(DMON)).rows] == [("0", 2), ("1", 1)]
    (row,) = read(put(SMI_DMON)).rows
    assert (row["power_max_w"], row["sm_clock_busy_hz"], row["utilisation_mean"]) == (310.0, 1.41e9, 0.99)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SMI.replace(", ", ";").replace("100.00 W", "100,00 W"), ("semicolons",)),
        (SMI.replace("600.00 W", '"600,00 W"'), ("nvidia-smi", "decimal comma")),
        (SMI[: SMI.index(" 620.00 W")], ("fewer cells",)),
        (SMI.replace("620.00 W, 700.00 W", "620.00 W, 2026/06/18 00:00:10.000, 1, NVIDIA H100 80GB HBM3, 700.00 W"), ("more cells",)),
        (PROMETHEUS.replace('Hostname="node-a"} 98.25', 'Hostname="no'), ("Prometheus", "cut off")),
        (PROMETHEUS.replace("512.5", "512,5"), ("decimal comma",)),
        (DMON.replace("398.2   1410", "398.2"), ("cells under",)),
        (SMI.replace("620.00 W", "620000.00 W"), ("no card's power",)),
    ],
)
def test_broken_samples_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


# --- prices ----------------------------------------------------------------------------------------------------------

PRICES = "part,unit price,currency,lead time,supplier\nnic-400g,\"1,650.00\",USD,10 weeks,ACME\nswitch-64x400g,¥ 280000,CNY,,ACME\n"


def workbook(rows: list[list[str]]) -> bytes:
    """A workbook as spreadsheets write it: texts shared, numbers in place."""
    import io

    texts = [cell for row in rows for cell in row if not cell.replace(".", "").isdigit()]
    cells = "".join(
        f'<row r="{r}">' + "".join(
            f'<c r="{"ABCDEFG"[c]}{r}" t="s"><v>{texts.index(cell)}</v></c>' if cell in texts
            else f'<c r="{"ABCDEFG"[c]}{r}"><v>{cell}</v></c>' for c, cell in enumerate(row)) + "</row>"
        for r, row in enumerate(rows, 1))  # fmt: skip
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>")
        archive.writestr("xl/sharedStrings.xml", f"<sst {space}>" + "".join(f"<si><t>{t}</t></si>" for t in texts) + "</sst>")
    return out.getvalue()


def test_a_list_of_prices_lies_over_the_shipped_book(put: Put) -> None:
    made = read(put(PRICES, "offer.csv"), given={"date": "2026-09"})
    parts = made.content.parts
    assert parts["nic-400g"].price.value == pytest.approx(1650 * 7.1) and parts["switch-64x400g"].price.value == 280000
    assert parts["nic-400g"].lead_time.value == 10 and "7.1 CNY/USD" in parts["nic-400g"].price.source
    assert (made.content.base, made.content.date, made.kind) == ("cn-2026", "2026-09", "prices")


def test_the_overlay_is_a_price_book_of_a_scenario(put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine" / "hwprofiles" / "prices"
    folder.mkdir(parents=True)
    (folder / "offer.yaml").write_text(read(put(PRICES, "offer.csv"), given={"date": "2026-06"}).text, encoding="utf-8")
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path / "mine"))

    def bill(book: str) -> dict[str, Any]:
        lines = cs.load("nanjing-1024").set({"tco.price_book": book}).tco(draws=0).to_dict()
        return {str(key): value for key, value in lines.items()}

    base, over = bill("cn-2026"), bill("offer")
    assert json.dumps(base, default=str) != json.dumps(over, default=str)


def test_a_workbook_in_chinese_with_vat_in_ten_thousands(put: Put) -> None:
    data = workbook([["名称", "单价(万元,含税)", "交期"], ["nic-400g", "1.13", "8"], ["rack-air", "2.26", "6"]])
    parts = read(put(data, "报价.xlsx")).content.parts if False else read(
        put(data, "报价.xlsx"), given={"currency": "CNY"}).content.parts  # fmt: skip
    assert parts["nic-400g"].price.value == pytest.approx(10_000) and parts["rack-air"].lead_time.value == 6


def test_gbk_and_an_unknown_part(put: Put) -> None:
    made = read(put("部件,单价(元)\nnic-400g,9000\n新光模块,500\n", "p.csv", "gb18030"))
    assert made.content.parts["新光模块"].price.value == 500 and any("新光模块: is no part" in s for s in made.said)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PRICES.replace('"1,650.00"', '"1650,00"'), ("a list of prices", "decimal comma")),
        (PRICES[: PRICES.index(",USD")], ("fewer cells",)),
        (PRICES.replace("¥ 280000,CNY,,ACME", "¥ 280000,CNY,nic-400g,12,USD"), ("weeks",)),
        (PRICES.replace("currency", "colour").replace("USD", "x").replace("¥ ", ""), ("no stated currency",)),
        (PRICES.replace(",USD", ",XAU"), ("XAU",)),
        (PRICES + "nic-400g,1700,USD,,\n", ("stands twice",)),
        (PRICES.replace("¥ 280000", "on request"), ("no amount",)),
        (workbook([["a", "b"], ["1", "2"]]), ("it lacks the column(s) of part",)),
        (workbook([["part", "price"]])[:-40], ("is no XLSX or ZIP file",)),
        (b"PK\x03\x04" + b"x" * 60, ("is no XLSX or ZIP file",)),
    ],
)
def test_broken_lists_of_prices_are_refused(put: Put, text: Any, words: tuple[str, ...]) -> None:
    refused(put(text, "p.csv"), *words)


def test_a_workbook_with_entities_is_refused(put: Put, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", '<!DOCTYPE a [<!ENTITY b "bb">]><worksheet>&b;</worksheet>')
    refused(path, "entities")


# --- requests, jobs, failures ----------------------------------------------------------------------------------------

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,374,44\n2023-11-16 18:17:04.0319600,396,109\n"
MOONCAKE = '{"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [1, 2]}\n{"timestamp": 3000, "input_length": 700, "output_length": 9, "hash_ids": [1, 3]}\n'
BURST = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,0,1087,API log\n"


def test_requests_of_every_layout_are_read_back(put: Put) -> None:
    for text, name, prompts in ((AZURE, "a.csv", [374, 396]), (BURST, "b.csv", [472, 1087]), (MOONCAKE, "m.jsonl", [600, 700]),
                                (MOONCAKE, "m.json", [600, 700]),
                                (f"[{MOONCAKE.strip().replace(chr(10), ',')}]", "list.json", [600, 700])):  # fmt: skip
        made = read(put(text, name))
        again = read(put(made.text, f"again.{made.ending}"))
        assert made.kind == again.kind == "requests"
        assert list(made.content.prompt) == list(again.content.prompt) == prompts
        assert list(made.content.arrival) == pytest.approx(list(again.content.arrival))
    assert again.content.blocks == ((1, 2), (1, 3))


def test_any_csv_with_columns_gzip_and_skipped_lines(put: Put) -> None:
    text = "t,in,out\n0,10,5\n1,x,5\n2,30,5\n"
    path = put(gzip.compress(text.encode()), "log.csv.gz")
    made = read(path, columns=("t", "in", "out"), skip=1)
    assert list(made.content.prompt) == [10, 30] and any("skipped" in s and ":3:" in s for s in made.said)
    refused(path, "1 bad line(s), 0 may be skipped", columns=("t", "in", "out"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AZURE.replace(",374,", ',"374,5",'), ("not a number",)),
        (AZURE[:-5].replace(",396", ""), ("is missing",)),
        (MOONCAKE[:-20] + "\n", ("not valid JSON",)),
        (AZURE + AZURE.partition("\n")[2], ("earlier than the line before",)),
        (MOONCAKE.replace("700", '"many"'), ("prompt length",)),
    ],
)
def test_broken_logs_of_requests_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words, kind="requests")


SACCT = """JobID|User|Account|State|Submit|Start|End|AllocTRES
1001|ann|nlp|COMPLETED|2026-03-01T08:00:00|2026-03-01T08:00:30|2026-03-01T10:00:30|gres/gpu=8
1002|bob|vision|PENDING|2026-03-01T08:07:00|Unknown|Unknown|
"""
PHILLY = '[{"status": "Pass", "vc": "v", "jobid": "a", "submitted_time": "2017-10-09 07:00:00", "attempts": [{"start_time": "2017-10-09 07:02:00", "end_time": "2017-10-09 08:02:00", "detail": [{"ip": "m", "gpus": ["g0", "g1"]}]}]}]'
HELIOS = "job_id,user,vc,gpu_num,state,submit_time,start_time,end_time\n7,u,v,8,COMPLETED,2020-04-01 00:00:00,2020-04-01 00:00:10,2020-04-01 01:00:10\n"
PAI = "name,num_gpu,gpu_milli,pod_phase,creation_time,deletion_time,scheduled_time\np0,1,500,Running,100,500,110\n"


@pytest.mark.parametrize(("text", "cards"), [(SACCT, 8), (PHILLY, 2), (HELIOS, 8), (PAI, 0.5)])
def test_job_traces_come_in_the_plain_layout(put: Put, text: str, cards: float) -> None:
    made = read(put(text))
    assert made.kind == "jobs" and made.rows[0]["cards"] == cards
    again = read(put(made.text, "again.csv"))
    assert again.content.jobs == made.content.jobs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SACCT.replace("2026-03-01T08:00:30", "01.03.2026 08:00"), ("neither seconds nor a date",)),
        (PHILLY[:-40], ("not valid JSON",)),
        (HELIOS.replace("7,u,v,8", "7,u,v,8,COMP7,u"), ("more cells",)),
        (PAI.replace("500,110", "50,110"), ("times run backwards",)),
    ],
)
def test_broken_job_traces_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


DMESG = "[Tue Sep  1 10:00:00 2026] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.\n[Tue Sep  1 14:00:00 2026] NVRM: Xid (PCI:0000:5e:00): 48, pid=2, DBE\n"


@pytest.mark.parametrize(
    "text",
    [
        "time_h,component,domain,end_h\n10,gpu,node,34\n20,gpu,node,21\n",
        "timestamp,host,xid\n2026-09-01T10:00:00,n1,79\n2026-09-01T14:00:00,n2,48\n",
        DMESG,
        "发生时间,故障类型,维修时长\n2026-09-01 10:00:00,显卡,2 h\n2026-09-01 14:00:00,网卡,1 h\n",
    ],
)
def test_failures_become_seconds_and_components(put: Put, text: str) -> None:
    made = read(put(text))
    assert made.kind == "failures" and len(made.rows) == 2 and made.rows[1]["time_s"] > made.rows[0]["time_s"]
    again = read(put(made.text, "again.csv"))
    assert [e.component for e in again.content.events] == [e.component for e in made.content.events]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_h,component\n\"10,5\",gpu\n", ("10,5",)),
        ("time_h,component\n10,gpu\n12", ("component", "is missing")),
        ("time_h,component\n10,gpu 12,nic\nx,y\n", ("problem(s)",)),
    ],
)
def test_broken_failure_logs_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


# --- the door itself -------------------------------------------------------------------------------------------------


def test_content_of_no_kind_names_what_is_known(put: Put) -> None:
    said = refused(put("hello\n"), "no kind that can be imported")
    assert all(importer.what in said for importer in IMPORTERS.values())
    refused(put(""), "is empty")
    refused(put(VLLM), "no importer of kind 'servng'", "did you mean 'serving'", kind="servng")


@pytest.mark.parametrize("kind", sorted(IMPORTERS))
def test_a_wrong_kind_is_refused_by_its_reader(put: Put, kind: str) -> None:
    refused(put("hello\n"), kind=kind)
    refused(put("[1, 2]"), kind=kind)


def test_the_users_columns(put: Put) -> None:
    refused(put(VLLM), "no such column", given={"colour": "red"})
    (row,) = read(put(NCCL), given={"fabric": "PCIe Gen5"}).rows[:1]
    assert row["fabric"] == "PCIe Gen5"


def test_the_doctor_says_what_each_file_is(put: Put, tmp_path: Path) -> None:
    for name, text in (("a.json", VLLM), ("b.log", NCCL), ("c.log", megatron(TIMES)), ("d.csv", SMI), ("e.txt", "hello\n"),
                       ("f.log", NCCL[: NCCL.index("32015.0")]), ("g.yaml", yaml.safe_dump({"name": "x", "cluster": {}}))):  # fmt: skip
        put(text, name)
    rows = {row["file"]: row for row in cs.doctor(tmp_path).table}
    assert {name: row["kind"] for name, row in rows.items()} == {
        "a.json": "serving", "b.log": "collectives", "c.log": "training", "d.csv": "power", "e.txt": "",
        "f.log": "collectives", "g.yaml": "own scenario"}  # fmt: skip
    assert rows["b.log"]["rows"] == 2 and "validate collectives" in rows["b.log"]["good_for"]
    assert "cannot be read" in rows["f.log"]["said"] and not rows["f.log"]["good_for"]
    with pytest.raises(InputError, match="is no folder"):
        cs.doctor(tmp_path / "none")


def test_the_api_and_the_file_agree(put: Put, tmp_path: Path) -> None:
    answer = cs.import_file(put(NCCL, "n.log"), name="hall-1")
    (path,) = answer.write(tmp_path / "out")
    assert path.name == "hall-1.csv" and path.read_text(encoding="utf-8") == answer.raw
    assert [row["id"] for row in answer.table] == ["hall-1-1", "hall-1-2"]
