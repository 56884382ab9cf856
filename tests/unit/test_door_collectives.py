"""Logs of collectives tests come in as rows whose two rates obey the conventions, or are refused by line.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

from pathlib import Path

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
