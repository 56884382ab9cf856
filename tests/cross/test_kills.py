"""SIGKILL at any moment loses nothing: every file is whole or absent, and the work can be taken up and ended."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
#: command -> its words; the folder or file comes behind ``-o``.
COMMANDS: dict[str, tuple[str, ...]] = {
    "sweep": (
        "sweep",
        "nanjing-1024",
        "--vary",
        "tco.tariff=0.3:0.8 CNY/kWh:30",
        "--vary",
        "tco.pue=1.1,1.2",
    ),
    "mc": ("mc", "target-price-mc", "--points", "8"),
    "sensitivity": ("sensitivity", "target-price", "--method", "tornado"),
    "run": ("run", "nanjing-1024"),
    "export": ("export", "xlsx", "br166-1024"),
}
STUDIES = ("sweep", "mc", "sensitivity")


def start(kind: str, target: Path) -> subprocess.Popen[bytes]:
    words = COMMANDS[kind]
    if kind in STUDIES and (target / "manifest.json").exists():
        words = ("study", "resume", str(target))
    else:
        words = (*words, "-o", str(target))
    # The workers of a killed study are left to themselves: they must hold nothing.
    return subprocess.Popen(
        [sys.executable, "-m", "clustersim", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT
    )  # fmt: skip


def finish(kind: str, target: Path) -> float:
    begin = time.monotonic()
    child = start(kind, target)
    _, errors = child.communicate(timeout=300)
    assert child.returncode in {0, 4}, errors.decode()
    return time.monotonic() - begin


def content(kind: str, target: Path) -> dict[str, object]:
    """What a finished command has left, by file; a workbook and figures carry no fixed bytes, so only their names."""
    return {
        p.name: p.read_bytes() if p.suffix in {".parquet", ".json", ".csv"} else None
        for p in sorted(target.iterdir())
        if not p.name.startswith(".")
    }


def assert_whole(kind: str, target: Path) -> None:
    """Every file that stands under its own name is complete."""
    for path in sorted(target.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        data = path.read_bytes()
        if path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".parquet":
            pd.read_parquet(path)
        elif path.suffix == ".png":
            assert data.endswith(b"IEND\xaeB`\x82"), path
        elif path.suffix == ".xlsx":
            assert data[:2] == b"PK" and b"PK\x05\x06" in data[-64:], path
        else:
            assert data.endswith(b"\n"), path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):  # type: ignore[no-untyped-def]
    """By command: how long it takes, and what it leaves."""
    known: dict[str, tuple[float, dict[str, object]]] = {}

    def get(kind: str) -> tuple[float, dict[str, object]]:
        if kind not in known:
            target = tmp_path_factory.mktemp(kind) / "out"
            known[kind] = finish(kind, target), content(kind, target)
        return known[kind]

    return get


def kill_and_finish(kind: str, folder: Path, whole, seed: int) -> None:  # type: ignore[no-untyped-def]
    seconds, left = whole(kind)
    target = folder / "out"
    chance = random.Random(f"{kind} {seed}")
    for _ in range(2):
        child = start(kind, target)
        # Most of the time goes into imports: the moments lie thicker towards the end, where files are written.
        time.sleep(seconds * chance.betavariate(2, 1))
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        assert_whole(kind, target)
    finish(kind, target)
    assert_whole(kind, target)
    found = content(kind, target)
    assert found == left, [name for name in found if found[name] != left.get(name)]
    if kind in STUDIES:
        assert not [p.name for p in target.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("kind", ["mc"])
def test_a_kill_loses_nothing(kind: str, tmp_path: Path, whole) -> None:  # type: ignore[no-untyped-def]
    kill_and_finish(kind, tmp_path, whole, 0)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_thirty_kills_lose_nothing(kind: str, seed: int, tmp_path: Path, whole) -> None:  # type: ignore[no-untyped-def]
    kill_and_finish(kind, tmp_path, whole, seed)
