"""The door: kinds by content, the users own columns, and what the doctor says of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from doors import Put, put, read, refused

import clustersim as cs
from clustersim.errors import InputError
from clustersim.schema.imports.registry import IMPORTERS

__all__ = ["put"]  # a fixture


VLLM = {"backend": "vllm", "model_id": "m", "num_prompts": 10, "request_rate": "inf", "max_concurrency": 2,
        "duration": 10.0, "completed": 10, "total_input_tokens": 100, "total_output_tokens": 100,
        "output_throughput": 10.0, "mean_ttft_ms": 5.0, "mean_tpot_ms": 2.0}  # fmt: skip
RANKS = "".join(
    f"#  Rank {i} Group 0 Pid {i} on a device {i} [0x1b] NVIDIA H100 80GB HBM3\n" for i in range(8)
)
NCCL = f"""# nThread 1 nGpus 1 minBytes 1 maxBytes 8
# Using devices
{RANKS}#  size  count  type  redop  root  time  algbw  busbw #wrong  time  algbw  busbw #wrong
  1073741824  268435456  float  sum  -1   5391.2  199.17  348.55  0   5387.0  199.32  348.81  0
  8589934592 2147483648  float  sum  -1  32015.0  268.31  469.54  0  32001.0  268.43  469.75  0
# Avg bus bandwidth    : 409.163
"""
MEGATRON = " iteration 1/ 10 | elapsed time per iteration (ms): 100.0 | global batch size: 8 |\n"
SMI = "timestamp, index, power.draw [W]\n2026/06/18 00:00:00.000, 0, 100.00 W\n"


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
    own = yaml.safe_dump({"name": "x", "cluster": {}})
    cut = NCCL[: NCCL.index("32015.0")]
    files = {
        "a.json": VLLM,
        "b.log": NCCL,
        "c.log": MEGATRON,
        "d.csv": SMI,
        "e.txt": "hello\n",
        "f.log": cut,
        "g.yaml": own,
    }
    for name, text in files.items():
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
