"""``clustersim import``: data on stdout, messages on stderr, exit codes, and what it writes can be used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CONFIG = {
    "model_type": "invented", "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 8,
    "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 160, "vocab_size": 1000, "hidden_act": "silu",
    "max_position_embeddings": 4096, "tie_word_embeddings": False, "sliding_window": 16,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
}  # fmt: skip


def program(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "Org--Tiny-2_config.json"
    file.write_text(json.dumps(CONFIG), encoding="utf-8")
    return file


def test_the_file_comes_on_stdout_or_into_a_folder_and_can_be_shown(config: Path, tmp_path: Path) -> None:
    shown = program("import", str(config), cwd=tmp_path)
    assert shown.returncode == 0
    assert shown.stdout.startswith("kind: model\nname: tiny-2\n")
    # What the import assumed is said where the file is made, in the file's own words, and nothing else is.
    assert shown.stderr.splitlines() == yaml.safe_load(shown.stdout)["notes"]
    written = program("import", str(config), "-o", "mine/hwprofiles/models", cwd=tmp_path)
    assert written.returncode == 0
    file = tmp_path / written.stdout.strip()
    assert file.read_text(encoding="utf-8") == shown.stdout
    fields = json.loads(program("profiles", "show", str(file), "-f", "json", cwd=tmp_path).stdout)
    values = {row["field"]: row["value"] for row in fields}
    assert values["cache_bytes_per_token"] == f"{2 * 64} B"
    assert values["cache_bytes_per_sequence"] == f"{2 * 64 * 16} B"
    assert values["parameters"].endswith(" parameters") and "training_flops_per_token" in values


def test_figures_as_an_object(config: Path, tmp_path: Path) -> None:
    answer = json.loads(program("import", str(config), "-f", "json", cwd=tmp_path).stdout)
    assert answer["cache_bytes_per_token"] == 128 and answer["kind"] == "model"
    assert any("window" in text for text in answer["not_modelled"])


@pytest.mark.parametrize("as_kind", [[], ["--as", "model"]])
def test_what_cannot_be_expressed_ends_in_two_and_writes_nothing(
    config: Path, tmp_path: Path, as_kind: list[str]
) -> None:
    config.write_text(json.dumps(CONFIG | {"novel_depth": 3}), encoding="utf-8")
    done = program("import", str(config), "-o", "out", *as_kind, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert "novel_depth: 3 is not expressed" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    left_out = program("import", str(config), "--ignore", "novel_depth", cwd=tmp_path)
    assert left_out.returncode == 0 and "novel_depth=3: left out on request" in left_out.stdout
