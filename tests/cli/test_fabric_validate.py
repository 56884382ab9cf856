"""``clustersim validate collectives``: data on stdout, exit codes, a file of one's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = "source,gpu,n_gpus,collective,size_bytes,algbw_GBs,busbw_GBs,fabric,notes\n"


def _run(*words: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "clustersim", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_shipped_rows_as_json() -> None:
    code, out, _ = _run("validate", "collectives", "-f", "json")
    answer = json.loads(out)
    assert code == 0
    assert answer["domain"] == "collectives"
    assert (answer["n_rows"], answer["n_predicted"]) == (167, 144)
    assert answer["spearman"] > 0.95


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(HEADER + "lab,BR166M,8,all_reduce,1073741824,,190,1 node,\n", encoding="utf-8")
    code, out, _ = _run("validate", "collectives", "--data", str(file), "-f", "json")
    (row,) = json.loads(out)["rows"]
    assert code == 0 and row["card"] == "BR166M" and row["unit"] == "us"
    assert row["details"]["ramp_us"] > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source,gpu\nlab,H100\n", "'n_gpus' is missing"),
        (HEADER.replace("notes", "notes,colour") + "lab,H100,8,all_reduce,1,,1,,,red\n", "colour"),
        (HEADER + "lab,H100,8,all_reduce,big,,1,,\n", "size_bytes is 'big'"),
    ],
)
def test_wrong_files_exit_2(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(text, encoding="utf-8")
    code, out, err = _run("validate", "collectives", "--data", str(file))
    assert code == 2 and out == ""
    assert words in err
