"""Verifying a bundle: every digest, and every output recomputed from the bundle's own files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clustersim.errors import CheckFailed, ClusterSimError, InputError
from clustersim.reading.guarded import file_sha256, is_file, printable
from clustersim.reading.jsontext import Limits, read_json
from clustersim.report.answer import Answer, Block, flat
from clustersim.report.evidence.manifest import INPUTS, MANIFEST, OUTPUTS, SUMS, Manifest, read_sums, versions
from clustersim.report.evidence.questions import Question, ask

__all__ = ["verify_answer"]

#: Two machines may differ in the last digits of a float.
TOLERANCE = 1e-9
_SHOWN = 40


def verify_answer(bundle: str | Path) -> Answer:
    """Return what differs between a bundle and itself recomputed; it ends with CheckFailed where anything does.

    Raises InputError for a folder that is no bundle.
    """
    folder = Path(bundle)
    if not folder.is_dir():
        raise InputError(
            f"{folder}: is no folder; give the one that `clustersim export bundle` wrote, unpacked where it was packed"
        )
    if not (is_file(folder / SUMS) and is_file(folder / MANIFEST)):
        raise InputError(
            f"{folder}: is no bundle (it lacks {SUMS} or {MANIFEST}); `clustersim export bundle` makes one"
        )
    rows = list(_files(folder))
    said: list[str] = []
    counted = 0
    try:
        manifest = Manifest.read(folder / MANIFEST)
        said = _versions(manifest)
        rows += _unasked(folder, manifest)
        for question in manifest.questions:
            found, count = _recomputed(folder, question, manifest.seed)
            rows, counted = rows + found, counted + count
    except ClusterSimError as error:
        rows.append(_row(MANIFEST, "", "", str(error)))
    summary = f"{counted} values recomputed; {len(rows)} difference{'' if len(rows) == 1 else 's'}"
    data = {"bundle": str(folder), "values": counted, "differences": rows, "notes": said}
    failed = CheckFailed(f"{folder}: {len(rows)} thing(s) differ from what the bundle says") if rows else None

    def page() -> list[Block]:
        shown: list[Block] = [rows[:_SHOWN]] if rows else []
        more = [f"… {len(rows) - _SHOWN} more: -f json has all of them"] if len(rows) > _SHOWN else []
        return [*shown, *more, summary if rows else f"{summary}: the bundle holds"]

    return Answer(name="verify", data=data, rows=rows, page=page, said=said, failed=failed)


def _row(where: str, kept: object, now: object, what: str) -> dict[str, Any]:
    return {"where": where, "what": what, "kept": kept, "now": now}


def _files(folder: Path) -> Iterator[dict[str, Any]]:
    """Files that changed, are missing, or are none of the bundle's."""
    try:
        sums = read_sums(folder)
    except InputError as error:
        yield _row(SUMS, "", "", str(error))
        return
    for name, digest in sums.items():
        path = folder / name
        if path.is_symlink() or not is_file(path):
            yield _row(name, digest[:12], "", "missing")
        elif (now := file_sha256(path)) != digest:
            yield _row(name, digest[:12], now[:12], "changed since the bundle was made")
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir() or p.is_symlink()}
    for name in sorted(there - set(sums) - {SUMS}):
        yield _row(printable(name), "", "", "is no file of the bundle")


def _unasked(folder: Path, manifest: Manifest) -> Iterator[dict[str, Any]]:
    """Outputs that no question of the manifest recomputes, and a bundle that asks nothing: neither is evidence."""
    asked = {f"{OUTPUTS}/{question.name}.json" for question in manifest.questions}
    if not asked:
        yield _row(MANIFEST, "", "", "asks no question")
    kept = (p.relative_to(folder).as_posix() for p in (folder / OUTPUTS).rglob("*") if not p.is_dir())
    for name in sorted(set(kept) - asked):
        yield _row(printable(name), "", "", "is recomputed by no question of the manifest")


def _recomputed(folder: Path, question: Question, seed: int | None) -> tuple[list[dict[str, Any]], int]:
    """The values of one output that differ, and how many were compared; the manifest's seed is one of them."""
    name = f"{OUTPUTS}/{question.name}.json"
    try:
        kept = dict(flat(read_json(folder / name, Limits(nodes=5_000_000))))
        again = dict(flat(ask(question, at=(folder / INPUTS).absolute(), alone=True)[0]))
    except ClusterSimError as error:
        return [_row(name, "", "", str(error))], 0
    rows = [
        _row(f"{name}: {key}", kept.get(key), again.get(key), _what(key, kept, again))
        for key in dict.fromkeys([*kept, *again])
        if not (key in kept and key in again and _same(kept[key], again[key]))
    ]
    if "seed" in again and again["seed"] != seed:
        rows.append(_row(f"{MANIFEST}: seed", seed, again["seed"], "is computed otherwise"))
    return rows, len(again)


def _what(key: str, kept: Mapping[str, Any], again: Mapping[str, Any]) -> str:
    if key not in again:
        return "is not computed"
    return "is computed otherwise" if key in kept else "is computed and not kept"


def _same(kept: object, now: object) -> bool:
    """Whether two values are the same, numbers to the tolerance."""
    numbers = isinstance(kept, int | float) and isinstance(now, int | float)
    if numbers and not isinstance(kept, bool) and not isinstance(now, bool):
        assert isinstance(kept, int | float) and isinstance(now, int | float)
        return math.isclose(kept, now, rel_tol=TOLERANCE, abs_tol=1e-12)
    return type(kept) is type(now) and kept == now


def _versions(manifest: Manifest) -> list[str]:
    """What computes otherwise than when the bundle was made; no difference by itself."""
    here = versions()
    return [
        f"{name}: made with {kept}, verified with {here.get(name, 'none')}"
        for name, kept in manifest.made_by.items()
        if here.get(name) != kept
    ]
