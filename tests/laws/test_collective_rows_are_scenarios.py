"""A measured collective is a scenario: its file runs to the predicted number, or is refused in the same words."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.collectives import EXPERT_KINDS
from clustersim.schema.load_inputs import load_inputs
from clustersim.validation import collectives
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of
from clustersim.validation.sources import shipped_rows
from clustersim.workloads.collectives import exchanged

Row = Mapping[str, str]
ROWS = list(shipped_rows("collectives.csv"))


def outcome(row: Row, folder: Path) -> tuple[float | None, str]:
    try:
        file = folder / "row.yaml"
        file.write_text(collectives.as_scenario([row], row["id"]), encoding="utf-8")
        inputs = load_inputs(str(file))
        found = exchanged(inputs, inputs.scenario.collectives[collectives.NAME])
    except ClusterSimError as error:
        return None, reason_of(error)
    if found.kind in EXPERT_KINDS:
        return found.bytes_per_s / 1e9, ""
    assert found.seconds is not None
    return found.seconds * 1e6, ""


def agree(row: Row, folder: Path) -> ValidationRow:
    (found,) = collectives.predict([row])
    assert outcome(row, folder) == (found.predicted, found.reason), row["id"]
    return found


def test_a_sample_of_rows_runs_to_its_prediction(tmp_path: Path) -> None:
    kinds = {row["collective"]: row for row in ROWS}
    for row in [*random.Random(16).sample(ROWS, 12), *kinds.values()]:
        agree(row, tmp_path)


@pytest.mark.full
def test_every_row_runs_to_its_prediction(tmp_path: Path) -> None:
    for row in ROWS:
        agree(row, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"gpu": "P100"}, {"n_gpus": "1"}, {"n_gpus": "12"}, {"fabric": "PCIe Gen5 only"}, {"size_bytes": ""},
        {"fabric": "NVL4 + 8x400G, SHARP"}, {"fabric": "2 nodes"}, {"fabric": "NVLink4, 8x100G EFAv4, 2 nodes"},
        {"collective": "p2p", "n_gpus": "2"}, {"collective": "sendrecv", "n_gpus": "2"}, {"collective": "alltoall"},
        {"collective": "moe_dispatch"}, {"collective": "broadcast", "notes": "NVLS_ENABLE=0"}, {"gpu": "L40S"},
        {"collective": "alltoall", "notes": "picks ring"}, {"n_gpus": "100000", "fabric": "NDR"}, {"size_bytes": "1"},
    ],
)  # fmt: skip
def test_an_edited_row_and_its_file_agree(change: dict[str, str], tmp_path: Path) -> None:
    row = next(r for r in ROWS if r["gpu"].startswith("H100") and r["n_gpus"] == "16" and r["size_bytes"])
    agree({**row, **change}, tmp_path)


def test_a_row_without_a_measurement_is_still_a_scenario(tmp_path: Path) -> None:
    row = {**ROWS[20], "algbw_GBs": "", "busbw_GBs": ""}
    (found,) = collectives.predict([row])
    assert found.predicted is None and found.reason == NO_MEASUREMENT
    assert outcome(row, tmp_path)[0] == collectives.predict([ROWS[20]])[0].predicted


def program(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_a_file_that_is_timed_and_nothing_else_runs(tmp_path: Path) -> None:
    found = next(r for r in collectives.predict(ROWS[20:25]) if r.predicted is not None)
    file = tmp_path / "row.yaml"
    written = program("validate", "collectives", "--as-scenario", found.id, "-f", "json").stdout
    file.write_text(json.loads(written)["scenario"], encoding="utf-8")
    (timed,) = json.loads(program("collectives", file, "-f", "json").stdout)["collectives"]
    assert timed["time_us"] == found.predicted
    for words in (["run", file], ["train", file], ["tco", file], ["compare", file, "h100-1024"]):
        refused = program(*words)
        assert refused.returncode == 2 and "Traceback" not in refused.stderr, words
        assert "workload" in refused.stderr, refused.stderr
    assert program("check", file).returncode == 0


def test_an_unknown_row_is_told() -> None:
    with pytest.raises(InputError, match="no row has the id 'nothing'"):
        collectives.as_scenario(ROWS, "nothing")
