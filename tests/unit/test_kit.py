"""The measuring kit: its own code path on the processor, and the door that reads its JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from doors import Put, predicted, put, read, refused

from clustersim.calibration.kit import README, SCRIPT, STEPS
from clustersim.calibration.kit.clustersim_measure import RUNS, main

__all__ = ["put"]  # a fixture


def result(**changes: Any) -> dict[str, Any]:
    """Return a kit's JSON with invented figures of a large card, in its real layout."""
    rows = {
        "operators": [
            {"benchmark": "gemm", "dtype": "bf16", "shape_or_size": "M=8192 N=8192 K=8192", "measured": 690.0,
             "unit": "TFLOPS", "time_s": 0.001594, "calls": 900},
            {"benchmark": "stream/copy", "dtype": "fp32", "shape_or_size": "1073741824 B", "measured": 2900.0,
             "unit": "GB/s", "time_s": 0.00074, "calls": 900},
        ],
        "collectives": [
            {"n_gpus": 8, "collective": "all_reduce", "size_bytes": 1073741824, "algbw_GBs": 270.0,
             "busbw_GBs": 472.5, "fabric": "1 node", "notes": "time_us=3977; median of 50"},
        ],
        "training": [
            {"model": "kit-two-layers", "params_B": 1.49, "layers": 2, "hidden": 4096, "heads": 32, "kv_heads": 8,
             "ffn_hidden": 14336, "vocab": 128256, "seq_len": 4096, "global_batch": 1, "micro_batch": 1, "tp": 1,
             "pp": 1, "dp": 1, "cp": 1, "ep": 1, "vpp_interleave": 1, "seq_parallel": "no", "recompute": "none",
             "zero_stage": 0, "n_gpus": 1, "dtype": "bf16", "interconnect": "1 node", "iteration_time_s": 0.095,
             "steps": 900, "notes": ""},
        ],
        "serving": [
            {"model": "llama3.1-8b", "n_gpus": 1, "tp": 1, "pp": 1, "dp": 1.0, "ep": 1.0, "precision": "bf16",
             "weights": "bf16", "in_len": 1024, "out_len": 128, "isl": 1024, "osl": 128, "batch_or_rate": "8",
             "concurrency": 8, "requests": 8, "duration_s": 2.1, "requests_per_s": 3.8, "tokens_per_s": 487.0,
             "ttft_ms": 230.0, "tpot_ms": 14.7, "notes": "metric=out"},
        ],
    }  # fmt: skip
    return {
        "format": "clustersim-measure", "version": 1, "card": "H100", "device_name": "NVIDIA H100 80GB HBM3",
        "device": "cuda", "cards": 8, "software": "PyTorch 2.9", "date": "2026-11-20", "rows": rows,
        "not_measured": [{"step": "power", "why": "no tool"}], **changes,
    }  # fmt: skip


def test_the_script_stands_alone_and_measures_the_processor(tmp_path: Path) -> None:
    """In a process of its own with no way to clustersim: NumPy's path, tiny sizes."""
    out = tmp_path / "kit.json"
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), "--numpy", "--small", "--minutes", "0.001", "--card", "X", "-o", str(out)],
        capture_output=True, text=True, cwd=tmp_path, check=True,
    )  # fmt: skip
    found = json.loads(out.read_text())
    assert done.stdout.strip() == str(out) and "import clustersim" not in SCRIPT.read_text()
    assert {r["benchmark"] for r in found["rows"]["operators"]} == {
        "gemm",
        "stream/copy",
        "stream/triad",
        "attention",
    }
    assert all(r["measured"] > 0 and r["time_s"] > 0 for r in found["rows"]["operators"])
    assert {p["step"] for p in found["not_measured"]} == {
        "allreduce",
        "hostlink",
        "power",
        "training",
        "serving",
    }
    made = read(out)
    assert made.kind == "kit" and made.rows[0]["card"] == "X" and made.rows[0]["tier"] == "measured"


def test_every_step_is_told_and_they_take_a_quarter_of_an_hour() -> None:
    assert [name for name, _, _ in STEPS] == list(RUNS) and sum(s for _, _, s in STEPS) == 900
    assert "clustersim import" in README
    with pytest.raises(SystemExit):
        main(["--only", "nothing"])


def test_a_result_becomes_tables_that_validate_reads(put: Put, tmp_path: Path) -> None:
    made = read(put(result(), "kit.json"))
    tables = {t.name: t for t in (made, *made.more)}
    assert list(tables) == ["kit.operators", "kit.collectives", "kit.training", "kit.serving"]
    assert any("not measured: power" in s for s in made.said)
    operators = predicted("operators", tables["kit.operators"], tmp_path)
    assert [r.group for r in operators] == ["matrix_rate", "memory_rate"] and operators[0].predicted
    training = predicted("training", tables["kit.training"], tmp_path)
    assert training[0].predicted and training[0].card == "H100"
    serving = predicted("serving", tables["kit.serving"], tmp_path)
    assert serving[0].predicted and serving[0].measured == 487.0
    assert made.rows[0]["date"] == "2026-11-20" and len(made.rows[0]["sha256"]) == 64


def test_a_card_may_be_named_by_the_user(put: Put) -> None:
    made = read(put(result(card=""), "kit.json"), given={"card": "BR106M"})
    assert made.rows[0]["card"] == "BR106M" and made.more[0].rows[0]["gpu"] == "BR106M"
    refused(put(result(), "kit.json"), "--given colour", given={"colour": "red"})


def changed(table: str, key: str, value: Any) -> dict[str, Any]:
    """Return a kit's JSON with one cell changed."""
    found = result()
    found["rows"][table][0][key] = value
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps(result())[:700], ("JSON",)),  # cut off
        (
            changed("operators", "measured", "690,0"),
            ("rows.operators.0.measured", "number above 0"),
        ),  # another locale
        (changed("collectives", "busbw_GBs", float("nan")), ("JSON",)),
        (changed("training", "iteration_time_s", 0), ("rows.training.0.iteration_time_s",)),
        (changed("serving", "colour", 1), ("rows.serving.0.colour", "no column")),
        (json.dumps(result()) + json.dumps(result()), ("JSON",)),  # two ranks wrote one file
        (result(version=9), ("version",)),
        (result(rows={}), ("nothing was measured", "power: no tool")),
        (result(rows={"fans": [{}]}), ("rows.fans",)),
    ],
)
def test_broken_results_are_refused(put: Put, text: Any, words: tuple[str, ...]) -> None:
    refused(put(text, "kit.json"), *words, kind="kit")
