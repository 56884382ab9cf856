"""Sweeps of operators come in as rates that agree with their times, or are refused by line.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import pytest
from doors import Put, put, read, refused

__all__ = ["put"]  # a fixture


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
