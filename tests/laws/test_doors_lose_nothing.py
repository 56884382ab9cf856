"""What a file says reaches its rows whatever form it has; what it cannot say is a refusal, never a traceback or a loss.

Layouts are those of the tools; every figure is invented.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from doors import Put, put, read, refused

import clustersim as cs
from clustersim.calibration.rows import read_data, rows_of
from clustersim.calibration.store import Store
from clustersim.errors import InputError
from clustersim.perf.serving_draft import tokens_per_step
from clustersim.schema.imports.registry import import_file
from clustersim.schema.profiles import load_card

__all__ = ["put"]  # a fixture

WATTS = [random.Random(26).randrange(300, 700) for _ in range(8)]
NAME = "NVIDIA H100 80GB HBM3"


def _answer(watts: list[int]) -> str:
    values = [[1761990000 + 15 * k, str(w)] for k, w in enumerate(watts)]
    metric = {"__name__": "DCGM_FI_DEV_POWER_USAGE", "gpu": "0", "modelName": NAME}
    return json.dumps({"status": "success", "data": {"resultType": "matrix",
                                                     "result": [{"metric": metric, "values": values}]}})  # fmt: skip


def _queried(watts: list[int]) -> str:
    log = (
        "==============NVSMI LOG==============\n\nTimestamp   : Sun Nov  1 12:00:{:02d} 2026\n\nGPU 00000000:1B:00.0\n"
        "    Product Name                      : {}\n    GPU Power Readings\n"
        "        Average Power Draw            : {}.00 W\n        Current Power Limit           : 700.00 W\n"
        "    Module Power Readings\n        Average Power Draw            : 999.00 W\n"
        "    Max Clocks\n        SM                            : 1980 MHz\n"
    )
    return "".join(log.format(k, NAME, w) for k, w in enumerate(watts))


FORMS: dict[str, Callable[[list[int]], str]] = {
    "smi": lambda w: "index, name, power.draw [W]\n" + "".join(f"0, {NAME}, {x}.00 W\n" for x in w),
    "kilowatts": lambda w: "index, power.draw\n" + "".join(f"0, {x / 1000} kW\n" for x in w),
    "dmon": lambda w: "# gpu   pwr\n# Idx     W\n" + "".join(f"    0   {x}\n" for x in w),
    "dmon -o T": lambda w: "#Time  gpu  pwr\n#HH:MM:SS Idx W\n" + "".join(f" 12:00:0{k} 0 {x}\n" for k, x in enumerate(w)),
    "dcgmi": lambda w: "#Entity   POWER\nID        W\n" + "".join(f"GPU 0     {x}.0\n" for x in w),
    "text": lambda w: "".join(f'DCGM_FI_DEV_POWER_USAGE{{gpu="0"}} {x}\n' for x in w),
    "answer": _answer,
    "queried": _queried,
    "npu": lambda w: "".join(
        "| npu-smi 24.1 |\n| NPU   Name    | Health  | Power(W)    Temp(C)   Hugepages-Usage(page)|\n"
        f"| 0     910B3   | OK      | {x}.0       50        0    / 0             |\n"
        "| 0             | 0000:C1:00.0  | 90          0    / 0          60000/ 65536   |\n" for x in w),
    "rocm": lambda w: "device,Average Graphics Package Power (W)\n" + "".join(f"card0,{x}.0\n" for x in w),
    "amd-smi": lambda w: "timestamp,gpu,power_usage\n" + "".join(f"{1761990000 + k},0,{x}\n" for k, x in enumerate(w)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_same_watts_in_every_form_are_the_same_row(put: Put, form: str) -> None:
    (row,) = read(put(FORMS[form](WATTS))).rows
    assert (row["samples"], row["power_max_w"], row["power_min_w"]) == (
        8,
        pytest.approx(max(WATTS)),
        min(WATTS),
    )
    assert row["power_mean_w"] == pytest.approx(sum(WATTS) / 8)


def test_an_answer_that_is_no_series_of_cards_is_refused(put: Put) -> None:
    whole = json.loads(_answer(WATTS))
    summed = json.loads(_answer(WATTS))
    summed["data"]["result"][0]["metric"] = {}
    torn = json.loads(_answer(WATTS))
    torn["data"]["result"][0]["values"][3] = 5
    refused(put({"status": "error", "errorType": "bad_data", "error": "parse"}), "answers an error: parse")
    refused(put(summed), "must not sum or average")
    refused(put(torn), "no pair of a time and a value")
    refused(put(whole | {"data": {"resultType": "matrix", "result": []}}), "no sample has a value")


NCCL = (
    "# nccl-tests version 2.17.1\n# Collective test starting: all_reduce_perf\n# nThread 1 nGpus 2 minBytes 8\n"
    + "".join(f"#  Rank  {i} Group  0 Pid 3{i} on  node01 device  {i} [0x0{i}] {NAME}\n" for i in range(2))
    + "#       size         count      type   redop    root     time   algbw   busbw #wrong     time   algbw   busbw #wrong\n"
    "     1048576        262144     float     sum      -1    10.00  104.86  104.86      0    10.00  104.86  104.86    N/A\n"
    "# Out of bounds values : 0 OK\n# Avg bus bandwidth    : 104.86\n"
)


@pytest.mark.parametrize("prefix", [
    "worker-0: ", "nccl-0  | ", "2026-11-01T12:00:00.123 ", "[2026-11-01 12:00:00] worker-0: ", "[1,0]<stdout>:", "0: ",
    "2026-11-01 12:00:00,123 [1,0]<stdout>:",
])  # fmt: skip
def test_what_collectors_write_before_a_line_changes_no_row(put: Put, prefix: str) -> None:
    bare, long = read(put(NCCL)), read(put("".join(prefix + line for line in NCCL.splitlines(keepends=True))))
    keys = ("gpu", "n_gpus", "collective", "size_bytes", "algbw_GBs", "busbw_GBs", "fabric")
    assert [[row[k] for k in keys] for row in bare.rows] == [[row[k] for k in keys] for row in long.rows]
    assert len(bare.rows) == 1


def test_wrong_results_alone_are_told_from_a_run_that_failed(put: Put) -> None:
    refused(put(NCCL.replace("104.86      0", "104.86     17")), "every line of figures has wrong results")


RUN = {"backend": "sglang", "model_id": "m", "request_rate": "inf", "max_concurrency": 2, "duration": 10.0,
       "completed": 10, "total_input_tokens": 100, "total_output_tokens": 100, "output_throughput": 10.0,
       "mean_ttft_ms": 5.0, "mean_tpot_ms": 2.0, "mean_itl_ms": 2.0}  # fmt: skip


@pytest.mark.parametrize("key", [key for key, value in RUN.items() if isinstance(value, float)])
@pytest.mark.parametrize("value", [float("inf"), -1.0, "2,5", "fast"])
def test_no_time_or_rate_of_a_run_goes_missing(put: Put, key: str, value: float | str) -> None:
    """A figure that is none is named; only a rate of arrivals and a number of users may be without bound."""
    refused(put(RUN | {key: value}, "run.json"), key)


@pytest.mark.parametrize("drafts", [1, 3, 7])
@pytest.mark.parametrize("chance", [0.3, 0.8])
def test_a_run_with_a_draft_model_is_none_of_plain_decoding(put: Put, drafts: int, chance: float) -> None:
    run = put(RUN | {"accept_length": float(tokens_per_step([chance] * drafts))}, "run.json")
    refused(run, "draft model")
    (row,) = read(run, given={"draft_tokens": str(drafts)}).rows
    assert row["acceptance"] == pytest.approx(chance, abs=1e-5)
    assert read(put(RUN | {"accept_length": 1.0}, "run.json")).rows[0]["acceptance"] in ("", None)


def test_an_exports_table_says_what_its_json_says(put: Put) -> None:
    means = {"time_to_first_token": (1100.5, "ms"), "request_latency": (4001.5, "ms"),
             "inter_token_latency": (15.3, "ms"), "output_sequence_length": (256.0, "tokens"),
             "input_sequence_length": (512.0, "tokens"), "output_token_throughput": (1512.25, "tokens/sec"),
             "request_throughput": (5.9, "requests/sec"), "request_count": (100.0, "count")}  # fmt: skip
    single = ("output_token_throughput", "request_throughput", "request_count")

    def lines(keys: list[str]) -> str:
        return "".join(f'{k.replace("_", " ").title()} ({means[k][1]}),"{means[k][0]:,.2f}"\n' for k in keys)

    table = f"Metric,avg\n{lines([k for k in means if k not in single])}\nMetric,Value\n{lines(list(single))}"
    data = {key: {"avg": value, "unit": unit} for key, (value, unit) in means.items()}
    (a,), (b,) = read(put(table, "x.csv")).rows, read(put(data | {"input_config": {}}, "x.json")).rows
    keys = ("isl", "osl", "ttft_ms", "tpot_ms", "tokens_per_s", "requests", "requests_per_s")
    assert [a[k] for k in keys] == pytest.approx([b[k] for k in keys])
    refused(put(table[: table.index("Metric,Value")], "x.csv"), "output_token_throughput", "is missing")


def test_a_rate_of_tokens_is_a_step_where_the_batch_is_known(put: Put) -> None:
    log = put("".join(
        f"[rank{r}]:[titan] 2026-11-01 12:00:{i:02d},897 - root - INFO - \x1b[31mstep: {i:2d}  \x1b[32mloss:  8.1661  "
        f"memory: 47.47GiB(59.12%)  tps: 7,0{i:02d}  tflops: 401.90  mfu: 40.63%\n" for i in range(1, 16) for r in (0, 1)
    ))  # fmt: skip
    refused(log, "torchtitan", "global_batch", "seq_len", "n_gpus")
    (row,) = read(log, given={"global_batch": "64", "seq_len": "8192", "n_gpus": "8"}).rows
    assert row["iteration_time_s"] == pytest.approx(64 * 8192 / 8 / 7009.5, rel=1e-3)
    assert (row["tflops_per_gpu"], row["peak_memory_gib"], row["steps"]) == (401.9, 47.47, 12)


def test_a_log_of_arguments_alone_says_what_it_lacks(put: Put) -> None:
    head = "------------------------ arguments ------------------------\n  hidden_size ...... 8192\n"
    refused(put(head), "no line gives an iteration's time")


def test_lines_of_a_library_benchmark_are_found_among_others(put: Put) -> None:
    columns = "transA,transB,batch_count,m,n,k,a_type,hipblaslt-Gflops,us"
    row = "T,N,1,8192,8192,8192,bf16_r,610839.,1800.0"
    log = f"hipBLASLt version: 1000\nDevice ID 0 : AMD Instinct MI300X gfx942\n[0]:{columns}\n    {row}\n[1]:{columns}\n  {row}\n"
    made = read(put(log))
    assert [(r["card"], r["dtype"], r["measured"]) for r in made.rows] == 2 * [("MI300X", "bf16", 610.839)]
    refused(put(log.replace("610839.", "310839.")), "contradicts")
    refused(put(log[: log.rindex(",610839")]), "cut off")


def test_a_log_that_begins_with_a_bracket_is_no_broken_json(put: Put) -> None:
    for first in ("[rank0]: hello", "[2026-11-01 12:00:00] hello", "{'loss': 2.1}"):
        assert "JSON" not in refused(put(first + "\n"), "of no kind")
    for first in ('{"a": 1', "[1, 2", '["a"', "[{"):
        refused(put(first + "\n"), "JSON")


def test_a_plain_trace_of_jobs_needs_no_names(put: Put) -> None:
    made = read(put("arrives_s,work_s,cards\n5,10,1\n0,10,2\n"))
    assert [(row["name"], row["cards"]) for row in made.rows] == [("1", 2), ("2", 1)]
    refused(put("JobID|State|Submit|Start|End\n1|COMPLETED|2026-11-01T12:00:00\n"), "fewer cells")


@pytest.mark.parametrize("seed", range(2))
def test_a_file_that_is_cut_or_garbled_is_rows_or_a_refusal(put: Put, seed: int) -> None:
    """At any byte: no other error than a refusal leaves a door."""
    chance = random.Random(seed)
    samples = [form(WATTS) for form in FORMS.values()] + [NCCL, json.dumps(RUN)]
    for text in samples:
        data = bytearray(text.encode())
        at = chance.randrange(len(data))
        garbled = (
            data[:at] + chance.choice([b"", b"nan", b"\xff", b'"', b"{", b",,", b"\n1e400 "]) + data[at + 3 :]
        )
        for broken in (data[:at], garbled):
            try:
                import_file(put(bytes(broken)))
            except InputError:
                continue


OPERATORS = (
    "id,card,n_cards,benchmark,dtype,shape_or_size,measured,unit,basis\n"
    "{}1,H100,1,gemm,bf16,M=8192 N=8192 K=8192,600,TFLOPS,per card\n"
    "{}2,H100,1,gemm,bf16,M=8192 N=8192 K=8192,601,TFLOPS,per card\n"
)


def test_a_measurement_that_is_given_twice_counts_once(put: Put) -> None:
    first, again = put(OPERATORS.replace("{}", "a"), "a.csv"), put(OPERATORS.replace("{}", "b"), "b.csv")
    once, twice = (rows_of(load_card("H100"), read_data(files)) for files in ([first], [first, again, first]))
    assert [row.log_time for row in once.rows] == [row.log_time for row in twice.rows] and len(once.rows) == 2
    assert len(twice.aside) == 4 and all("copy" in why for _, why in twice.aside)


def test_a_result_that_is_no_table_yet_says_how_it_becomes_one(put: Put) -> None:
    for path in (put(RUN, "run.json"), put(NCCL, "nccl.log")):
        with pytest.raises(InputError, match=r"clustersim import .* makes rows of it"):
            read_data([path])


def test_an_interrupted_calibration_says_how_it_goes_on(
    put: Put, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    rows, folder = put(OPERATORS.replace("{}", "a"), "a.csv"), tmp_path / "profiles"
    with caplog.at_level("WARNING", "clustersim"), pytest.raises(KeyboardInterrupt):
        cs.calibrate("H100", [rows], output=folder, tell=stop)
    assert "the same command takes it up" in caplog.text
    assert len((folder / ".H100.calibrating.jsonl").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize("text", [
    b"\xff\xfe\x00rubbish", b'{"key": "k", "times": 5}\n', b'{"key": "k", "times": {"ttft": "x"}}\n', b"5\n",
    b'{"key": "k", "times": {"ttft": -1}}\n', b'{"key": "k"',
])  # fmt: skip
def test_what_an_interrupted_calibration_left_is_taken_up_only_where_it_is_whole(
    tmp_path: Path, text: bytes
) -> None:
    file = tmp_path / ".X.calibrating.jsonl"
    file.write_bytes(text)
    assert not Store(file)._known
