"""Logs of collectives tests come in as rows whose two rates obey the conventions, or are refused by line.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doors import Put, predicted, put, read, refused

__all__ = ["put"]  # a fixture


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
    assert {(r["gpu"], r["n_gpus"], r["collective"], r["fabric"]) for r in made.rows} == {
        ("H100", 8, "all_reduce", "1 node")
    }
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
        (
            NCCL.replace("      0   5387.0", "      0   5387.0 1073741824 268435456 float", 1),
            ("two ranks wrote",),
        ),
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


def nccl_json(processes: int = 2, each: int = 8, program: str = "all_reduce_perf") -> dict[str, Any]:
    """The file of ``-J`` as version 3 writes it: of every process the first device alone, all in one line."""
    ranks = processes * each
    factor = 2 * (ranks - 1) / ranks

    def rates(size: int, time: float) -> dict[str, Any]:
        return {"time": time, "alg_bw": round(size / time / 1e3, 6), "bus_bw": round(size / time / 1e3 * factor, 6),
                "nwrong": 0.0}  # fmt: skip

    return {
        "version": 3, "start_time": "2026-09-01 10:10:10", "args": [f"/opt/nccl-tests/build/{program}", "-J", "a.json"],
        "env": ["TOKEN=not read"], "nccl_version": 22705,
        "config": {
            "nthreads": 1, "ngpus": each, "minimum_bytes": 1048576, "maximum_bytes": 1073741824, "step_factor": 2,
            "warmup_iters": 1, "iterations": 20, "validation": 1, "graph": 0, "blocking_collectives": "false",
            "devices": [{"rank": p * each, "group": 0, "pid": 7, "hostname": f"node-{p}", "device": 0,
                         "device_hex": "0000:1b:00", "device_info": "NVIDIA H100 80GB HBM3"} for p in range(processes)],
        },
        "results": [
            {"size": size, "count": size // 4, "type": "float", "redop": "sum", "root": "    -1",
             "out_of_place": rates(size, time), "in_place": rates(size, time + 1), "actual_iterations": 20,
             "experiment_name": ""} for size, time in ((1048576, 64.5), (1073741824, 6100.25))
        ],
        "out_of_bounds": {"count": 0, "okay": "true"},
        "average_bus_bandwidth": {"bandwidth": 300.0, "okay": "unchecked"}, "errors": [], "end_time": "2026-09-01",
    }  # fmt: skip


def rccl_records(ranks: int = 8, **more: Any) -> list[dict[str, Any]]:
    out = []
    for size, time in ((1048576, 60.0), (1073741824, 5300.0)):
        for inside in (0, 1):
            alg = round(size / time / 1e3, 6)
            out.append({"numCycle": 0, "name": "AllReduce", "nodes": 1, "ranks": ranks, "ranksPerNode": ranks,
                        "gpusPerRank": 1, "size": size, "type": "float", "redop": "sum", "inPlace": inside, "time": time,
                        "algBw": alg, "busBw": round(alg * 2 * (ranks - 1) / ranks, 6), "wrong": "0"} | more)  # fmt: skip
    return out


def test_the_json_of_nccl_tests_has_every_process_devices(put: Put, tmp_path: Path) -> None:
    """The file lists one device of each process; ranks are processes x threads x GPUs."""
    made = read(put(nccl_json(), "a.json"))
    assert [(r["n_gpus"], r["fabric"], r["gpu"], r["collective"]) for r in made.rows] == [
        (16, "2 nodes", "H100", "all_reduce")
    ] * 2
    assert "TOKEN" not in made.text and "in-place busbw" in made.rows[0]["notes"]
    one = read(put(nccl_json(1, 8, "alltoall_perf") | {"results": []} | {
        "results": [{"size": 8388608, "count": 1, "type": "float", "redop": "none", "root": "    -1",
                     "out_of_place": {"time": 100.0, "alg_bw": 83.88608, "bus_bw": 73.40032, "nwrong": None},
                     "in_place": None}]}, "b.json"))  # fmt: skip
    assert [(r["collective"], r["n_gpus"], r["fabric"]) for r in one.rows] == [("all_to_all", 8, "1 node")]
    assert all(row.predicted for row in predicted("collectives", read(put(nccl_json(1), "c.json")), tmp_path))


@pytest.mark.parametrize("lines", [False, True])
def test_the_json_of_rccl_tests_is_a_list_or_a_record_a_line(put: Put, lines: bool) -> None:
    records = rccl_records()
    text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
    made = read(put(text, "r.json"), given={"gpu": "MI300X"})
    assert [(r["size_bytes"], r["n_gpus"], r["collective"]) for r in made.rows] == [
        (1048576, 8, "all_reduce"), (1073741824, 8, "all_reduce")]  # fmt: skip


def _changed(change: Callable[[dict[str, Any]], object]) -> str:
    data = copy.deepcopy(nccl_json())
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps(nccl_json())[:900], ("a.json",)),
        (_changed(lambda d: d["config"].pop("ngpus")) + "\n", ("a.json",)),
        (_changed(lambda d: d["config"].update(ngpus=0)), ("config.ngpus", "is 0")),
        (_changed(lambda d: d["config"].update(ngpus=1e12)), ("devices",)),
        (_changed(lambda d: d["config"]["devices"].pop(0)), ("rank(s) 0, 1",)),
        (_changed(lambda d: d["config"].pop("devices")), ("Using devices", "n_gpus")),
        (_changed(lambda d: d["config"]["devices"][0].pop("rank")), ("devices.0", "rank")),
        (
            _changed(lambda d: d["results"][1].pop("out_of_place")),
            ("results.1", "out_of_place.time", "is missing"),
        ),
        (_changed(lambda d: d["results"][0].update(out_of_place=None)), ("results.0", "was not run")),
        (
            _changed(lambda d: d["results"][0]["out_of_place"].update(time="nan")),
            ("results.0", "is no number"),
        ),
        (_changed(lambda d: d["results"][0]["out_of_place"].update(alg_bw="16,2")), ("decimal comma",)),
        (_changed(lambda d: d["results"][0]["out_of_place"].update(bus_bw=99.0)), ("bus factor",)),
        (
            _changed(
                lambda d: d["results"][0]["out_of_place"].update(
                    cpu_time=d["results"][0]["out_of_place"].pop("time")
                )
            ),
            ("out_of_place.time",),
        ),
        (_changed(lambda d: d.update(results=[])), ("no line of figures",)),
        (_changed(lambda d: d.update(results=[None, 7])), ("results.0", "size")),
        (
            _changed(lambda d: d["config"]["devices"][1].update(device_info="NVIDIA A100-SXM4-80GB")),
            ("unlike cards",),
        ),
        (json.dumps([r | {"ranks": "many"} for r in rccl_records()]), ("rccl-tests", "ranks")),
        (json.dumps(rccl_records(busBw=1.0)), ("bus factor",)),
        (json.dumps(rccl_records())[:-20], ("a.json",)),
        (json.dumps(rccl_records(name="Odd", redop="none")), ("collective",)),
    ],
)
def test_broken_json_of_collectives_is_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text, "a.json"), *words)
