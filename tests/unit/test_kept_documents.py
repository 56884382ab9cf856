"""What a process keeps of the files that it read: nothing of it may outlive a change of a file, or mix up overrides."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clustersim.errors import InputError
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.loader import _CHECKED, _MOST_CHECKED
from clustersim.schema.lookup import find_file, roots

REPOSITORY = Path(__file__).resolve().parents[2]


def _scenario(folder: Path, pue: str) -> Path:
    text = (REPOSITORY / "scenarios" / "br166-1024.yaml").read_text(encoding="utf-8")
    assert "\n  pue:" in text
    path = folder / "mine.yaml"
    lines = [f"  pue: {pue}" if line.startswith("  pue:") else line for line in text.splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = _scenario(tmp_path, "1.21")
    os.utime(path, ns=(1, 1_000_000_000))
    first = load_inputs(str(path))
    assert load_inputs(str(path)).scenario is first.scenario
    _scenario(tmp_path, "1.34")
    assert (first.tco.pue.value, load_inputs(str(path)).tco.pue.value) == (1.21, 1.34)


def test_overrides_of_one_value_and_several_types_are_kept_apart() -> None:
    whole = load_inputs("br166-1024", {"tco.pue": 1})
    share = load_inputs("br166-1024", {"tco.pue": 1.0})
    assert whole.tco.pue == share.tco.pue
    with pytest.raises(InputError, match=r"tco\.pue"):
        load_inputs("br166-1024", {"tco.pue": True})
    assert load_inputs("br166-1024", {"tco.pue": 1.3}).tco.pue.value == 1.3
    assert load_inputs("br166-1024").tco.pue.source != "--set tco.pue"


def test_a_refusal_is_told_again() -> None:
    for _ in range(2):
        with pytest.raises(InputError, match=r"--set tco\.pue: 0\.5 must be at least 1"):
            load_inputs("br166-1024", {"tco.pue": 0.5})


def test_what_is_kept_is_bounded() -> None:
    for step in range(40):
        load_inputs("br166-1024", {"tco.pue": 1.1 + step / 1000})
    assert len(_CHECKED) <= _MOST_CHECKED


def test_a_file_of_an_earlier_folder_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shipped = find_file("scenarios", "br166-1024")
    (tmp_path / "scenarios").mkdir()
    assert roots()[0] == tmp_path
    assert find_file("scenarios", "br166-1024") == shipped
    mine = tmp_path / "scenarios" / "br166-1024.yaml"
    mine.write_text("name: br166-1024\n", encoding="utf-8")
    assert find_file("scenarios", "br166-1024") == mine
    mine.unlink()
    assert find_file("scenarios", "br166-1024") == shipped
