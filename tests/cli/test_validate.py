"""``clustersim validate``: every domain answers in one shape, on its shipped rows and on a user's file."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import clustersim
from clustersim.validation.domains import DOMAINS

DATA = Path(clustersim.__file__).parent / "data" / "validation"


def program(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", "validate", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_every_domain_has_its_module_and_rows(domain: str) -> None:
    module, shipped = DOMAINS[domain]
    assert callable(importlib.import_module(module).predict)
    assert (DATA / shipped).is_file()


@pytest.mark.parametrize("domain", ["training", "scaling", "reliability", "collectives", "tco"])
def test_the_answer_has_the_promised_shape(domain: str) -> None:
    done = program(domain, "--data", DATA / DOMAINS[domain][1], "-f", "json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {
        "domain", "n_rows", "n_predicted", "mape_pct", "median_ape_pct", "bias_pct", "spearman", "by_source",
    } <= set(answer)  # fmt: skip
    assert answer["domain"] == domain
    assert sum(not row["aside"] for row in answer["rows"]) == answer["n_rows"]
    assert sum(part["n_rows"] for part in answer["by_source"].values()) == answer["n_rows"]
    assert all(row["predicted"] is not None or row["reason"] for row in answer["rows"])


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    for text, message in (
        ("", "the file is empty"),
        ("a,b\n1,2\n", "d.csv:1: 'id' is missing"),
        ("id,id\n1,2\n", "column 'id' stands twice"),
        ("id,source\n", "no rows"),
        ("id,source\n1,2,3\n", "d.csv:2: more cells than columns"),
    ):
        path.write_text(text, encoding="utf-8")
        done = program("training", "--data", path)
        assert done.returncode == 2, text
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    assert program("training", "--data", tmp_path / "none.csv").returncode == 2
