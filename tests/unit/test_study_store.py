"""A study's folder: held by one process, damaged files named, leftovers of a killed run cleared."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from clustersim.errors import InputError
from clustersim.study.lock import held
from clustersim.study.parts import Part
from clustersim.study.points import Found
from clustersim.study.space import parse_axis
from clustersim.study.spec import StudySpec, make_spec
from clustersim.study.store import StudyStore
from clustersim.study.table import to_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.pue=1.1,1.2,1.3,1.4,1.5,1.6")])


def rows(spec: StudySpec, start: int, stop: int):  # type: ignore[no-untyped-def]
    return to_table(spec, Found(start, stop, {"mfu": 0.1 * np.arange(start, stop)}, {}), ["mfu"])


def begun(spec: StudySpec, folder: Path, *parts: tuple[int, int]) -> StudyStore:
    store = StudyStore(folder)
    folder.mkdir(parents=True)
    store.begin(spec, {"outputs": ["mfu"]})
    for start, stop in parts:
        store.add(start, stop, rows(spec, start, stop))
    return store


def test_parts_in_any_cut_give_one_file(spec: StudySpec, tmp_path: Path) -> None:
    one, two = begun(spec, tmp_path / "a", (0, 6)), begun(spec, tmp_path / "b", (4, 6), (0, 1), (1, 4))
    for store in (one, two):
        with store.locked():
            assert store.missing(6) == []
            store.finish()
    assert one.results_path.read_bytes() == two.results_path.read_bytes()
    assert sorted(p.name for p in two.folder.iterdir()) == ["design.json", "manifest.json", "results.parquet"]
    assert [row["point"] for row in two.rows()] == list(range(6))


def test_a_second_process_is_refused_and_a_killed_one_lets_go(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s")
    code = f"""
        import sys, time
        from pathlib import Path
        from clustersim.study.lock import held
        with held(Path({str(store.folder)!r})):
            print("held", flush=True)
            time.sleep(600)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=rf"process {child.pid} on .* is running this study"), store.locked():
        pass
    child.kill()
    child.wait()
    child.stdout.close()
    with store.locked():
        assert (store.folder / ".lock").exists()
        with pytest.raises(InputError, match="this process is running this study"), held(store.folder):
            pass
    assert not (store.folder / ".lock").exists()


def test_a_worker_that_outlives_its_killed_parent_holds_nothing(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s")
    code = f"""
        import os, time
        from pathlib import Path
        from clustersim.study.lock import held
        with held(Path({str(store.folder)!r})):
            worker = os.fork()
            if worker == 0:
                time.sleep(20)
                os._exit(0)
            print(worker, flush=True)
            time.sleep(600)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    worker = int(child.stdout.readline())
    child.kill()
    child.wait()
    with store.locked():
        pass
    os.kill(worker, 9)
    child.stdout.close()


def test_overlapping_parts_are_refused_by_name(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 3), (2, 5))
    words = r"points-0000000000-0000000003-.* and points-0000000002-0000000005-.* hold the same points"
    with pytest.raises(InputError, match=words), store.locked():
        pass
    with pytest.raises(InputError, match="hold the same points"):
        store.missing(6)


def test_a_part_beyond_the_study_and_a_hole_are_refused(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 3))
    with pytest.raises(InputError, match="points 3 to 5 are missing"):
        store.finish()
    Part.write(store.parts_folder, 5, 8, rows(spec, 0, 3))
    with pytest.raises(InputError, match="beyond the study's 6"), store.locked():
        pass


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("harm", ["empty", "cut", "text", "short", "body"])
def test_a_damaged_part_is_named_before_it_is_joined(spec: StudySpec, tmp_path: Path, harm: str) -> None:
    store = begun(spec, tmp_path / "s", (0, 3), (3, 6))
    path = store.parts()[1].path
    if harm == "empty":
        path.write_bytes(b"")
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    elif harm == "text":
        path.write_text("not parquet", encoding="utf-8")
    elif harm == "short":
        pq.write_table(rows(spec, 3, 5), path)
    else:
        flip(path, 60)
    with pytest.raises(InputError, match=rf"{path.name}: is damaged .*remove it"), store.locked():
        store.finish()
    assert not store.results_path.exists()
    path.unlink()
    assert store.missing(6) == [(3, 6)]


def test_no_flipped_byte_changes_a_row_in_silence(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 6))
    part = store.parts()[0]
    right, whole = part.table(), part.path.read_bytes()
    for at in range(0, len(whole), 5):
        flip(part.path, at)
        with pytest.raises(InputError, match=part.path.name):
            part.table()
        part.path.write_bytes(whole)
    assert part.table().equals(right)


def test_a_part_of_other_points_is_named(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 3), (3, 6))
    store.parts()[1].path.unlink()
    Part.write(store.parts_folder, 3, 6, rows(spec, 0, 3))
    with pytest.raises(InputError, match="its points are not those of its name"), store.locked():
        store.finish()


def test_a_damaged_result_is_named(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 6))
    store.finish()
    whole = store.results_path.read_bytes()
    store.results_path.write_bytes(whole[:-10])
    with pytest.raises(InputError, match=r"results.parquet: is damaged"), store.locked():
        pass
    pq.write_table(pq.read_table(part_of(store, whole)).slice(0, 5), store.results_path)
    with pytest.raises(InputError, match="it holds 5 points, not 6"), store.locked():
        pass


def part_of(store: StudyStore, data: bytes) -> Path:
    path = store.folder / "whole.parquet"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", '{"identity": 3}', '{"identity": {"points": "six"}}',
        '{"identity": {"points": -1}}',
        '{"identity": {"points": 6, "kind": 1, "scenario": "x", "version": "1"}}', "[" * 5000, "\0", '{"a": NaN}',
        '{"identity": {"points": 6, "kind": "a", "scenario": "x", "version": "1"}, "outputs": 3}',
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_named(spec: StudySpec, tmp_path: Path, text: str) -> None:
    store = begun(spec, tmp_path / "s")
    store.manifest_path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest.json"):
        store.manifest()
    with pytest.raises(InputError, match=r"manifest.json"), store.locked():
        pass


@pytest.mark.parametrize("harm", ["gone", "cut", "changed", "text"])
def test_a_damaged_design_is_named(spec: StudySpec, tmp_path: Path, harm: str) -> None:
    store = begun(spec, tmp_path / "s")
    assert store.spec() == spec
    path = store.folder / "design.json"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    if harm != "gone":
        changed = {"cut": text[:40], "changed": text.replace("1.6", "1.7"), "text": "hello"}[harm]
        path.write_text(changed, encoding="utf-8")
    with pytest.raises(InputError, match=r"design.json: is missing, damaged or changed"):
        store.spec()


def test_a_changed_manifest_does_not_pass_for_the_design(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s")
    data = json.loads(store.manifest_path.read_text(encoding="utf-8"))
    data["identity"]["points"] = 4
    store.manifest_path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest.json: does not agree with design.json in points"):
        store.spec()


def test_leftovers_of_a_killed_run_are_cleared_and_nothing_else(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 6))
    for left in (
        store.folder / ".results.parquet.123.part",
        store.parts_folder / ".points-0000000000-0000000003.parquet.9.part",
    ):
        left.write_bytes(b"half")
    (store.folder / "notes.txt").write_text("mine", encoding="utf-8")
    with store.locked():
        store.finish()
    assert sorted(p.name for p in store.folder.iterdir()) == [
        "design.json", "manifest.json", "notes.txt", "results.parquet",
    ]  # fmt: skip


def test_a_kill_between_the_result_and_the_removal_of_its_parts(spec: StudySpec, tmp_path: Path) -> None:
    store = begun(spec, tmp_path / "s", (0, 2), (2, 6))
    kept = {p.path: p.path.read_bytes() for p in store.parts()}
    store.finish()
    store.parts_folder.mkdir()
    for path, data in kept.items():
        path.write_bytes(data)
    with store.locked():
        assert store.missing(6) == []
        store.finish()
    assert not store.parts_folder.exists()
    assert pd.read_parquet(store.results_path)["point"].tolist() == list(range(6))


def test_a_folder_of_another_kind_is_left_as_it_was(spec: StudySpec, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.txt").write_text("mine", encoding="utf-8")
    (folder / ".b.part").write_text("mine too", encoding="utf-8")
    store = StudyStore(folder)
    with pytest.raises(InputError, match="is not empty and holds no study"), store.locked():
        store.begin(spec, {})
    assert sorted(p.name for p in folder.iterdir()) == [".b.part", "a.txt"]
    with pytest.raises(InputError, match="cannot be made"), StudyStore(folder / "a.txt").locked():
        pass


def test_every_file_reaches_the_disk_before_it_takes_its_place(
    spec: StudySpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink()}")
        sync(descriptor)

    def note_replace(self: Path, target: Path) -> Path:
        done.append(f"rename {self}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    store = begun(spec, tmp_path / "s", (0, 6))
    store.finish()
    renames = [i for i, words in enumerate(done) if words.startswith("rename")]
    assert len(renames) == 4  # design, manifest, part, result
    for i in renames:
        assert done[i - 1] == done[i].replace("rename", "sync")
        assert done[i + 1] == f"sync {Path(done[i].split(' ', 1)[1]).parent}"
