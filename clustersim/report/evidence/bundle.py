"""Making a bundle: ask in a fresh process, keep every file that it read, and recompute from those alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.reading.guarded import read_bytes
from clustersim.report.answer import Answer, listed
from clustersim.report.evidence.manifest import INPUTS, MANIFEST, OUTPUTS, SUMS, Manifest, sums_text, versions
from clustersim.report.evidence.questions import Question, ask
from clustersim.report.text import to_json
from clustersim.schema.company_load import is_company_file
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import roots
from clustersim.writing import scratch

__all__ = ["bundle_answer"]

_PROGRAM = Path(__file__).resolve().parent.parent.parent


def bundle_answer(subject: str, changes: Mapping[str, object], more: Sequence[Question] = ()) -> Answer:
    """Return the bundle of a scenario or company as the files of a folder; ``more`` is asked beside the usual.

    Raises InputError where a file that it rests on lies where a bundle cannot keep it.
    """
    asked = (*(Question.of(name, subject, changes) for name in _questions(subject, changes)), *more)
    here = Path.cwd()
    answers: dict[str, Any] = {}
    places: dict[Path, PurePosixPath | None] = {}
    for question in asked:
        answers[question.name], read = ask(question, at=here, alone=False)
        places |= _places(read, here)
    files = {f"{INPUTS}/{place}": read_bytes(path) for place, path in _first(places).items()}
    asked = tuple(_inside(question, places) for question in asked)
    files |= {f"{OUTPUTS}/{name}.json": f"{to_json(answer)}\n".encode() for name, answer in answers.items()}
    seed = next((a["seed"] for a in answers.values() if "seed" in a), None)
    manifest = Manifest(asked, seed, versions())
    files[MANIFEST] = f"{to_json(manifest.plain())}\n".encode()
    _stands_alone(files, asked, answers)
    rows = [{"file": name, "bytes": len(data)} for name, data in sorted(files.items())]
    return listed(
        "bundle", rows, files=lambda: {**files, SUMS: sums_text(files)}, keeps_json=False, alone=True
    )


def _questions(subject: str, changes: Mapping[str, object]) -> tuple[str, ...]:
    if is_company_file(subject):
        return ("forecast",)
    return ("run",) if load_inputs(subject, changes).company is None else ("run", "forecast")


def _places(read: Sequence[Path], here: Path) -> dict[Path, PurePosixPath | None]:
    """Each file of the user's and of the shipped ones with its place in the bundle; None: there is none for it."""
    out: dict[Path, PurePosixPath | None] = {}
    for path in read:
        if path.is_relative_to(_PROGRAM) and not path.is_relative_to(_PROGRAM / "_shipped"):
            continue  # the program's own tables: the digest of the program holds them
        out[path] = _place(path, here)
    return out


def _place(path: Path, here: Path) -> PurePosixPath | None:
    for root in _roots():
        if path.is_relative_to(root / "hwprofiles") or path.is_relative_to(root / "scenarios"):
            return PurePosixPath(path.relative_to(root).as_posix())
    return PurePosixPath(path.relative_to(here).as_posix()) if path.is_relative_to(here) else None


def _roots() -> list[Path]:
    """The folders that are looked in, as the log of what was read names them: ``$CLUSTERSIM_PATH`` may be relative."""
    return [Path(os.path.abspath(root)) for root in roots()]  # noqa: PTH100


def _first(places: Mapping[Path, PurePosixPath | None]) -> dict[PurePosixPath, Path]:
    """The file at each place; of two that go by one name, that of the root that is looked in first."""
    out: dict[PurePosixPath, Path] = {}
    outside = _outside(places)
    order = _roots()

    def rank(path: Path) -> int:
        return next((i for i, root in enumerate(order) if path.is_relative_to(root)), len(order))

    for path, place in places.items():
        kept = outside[path] if place is None else place
        if kept not in out or rank(path) < rank(out[kept]):
            out[kept] = path
    return out


def _outside(places: Mapping[Path, PurePosixPath | None]) -> dict[Path, PurePosixPath]:
    """The places of files that lie outside the working folder; one of a name that is taken has its own folder."""
    out: dict[Path, PurePosixPath] = {}
    for path in (path for path, place in places.items() if place is None):
        same = sum(other.name == path.name for other in out)
        out[path] = PurePosixPath("outside", *([str(same + 1)] if same else []), path.name)
    return out


def _inside(question: Question, places: Mapping[Path, PurePosixPath | None]) -> Question:
    """The question in terms of the files of the bundle.

    A file outside the working folder can be the subject or a value that was set; a name inside another file stays as
    it is written there, so that such a file has to lie below the working folder.
    """
    moved = {path: place for path, place in places.items() if place is not None} | _outside(places)
    named: set[Path] = set()

    def inside(text: str) -> str:
        at = Path(os.path.abspath(text))  # noqa: PTH100 -- as the log names it: without "..", links as they are
        if at not in moved or not text.endswith(at.name):
            return text
        named.add(at)
        return str(moved[at])

    sets = tuple(f"{k}={inside(v)}" for k, _, v in (text.partition("=") for text in question.sets))
    others = tuple(map(inside, question.others))
    out = replace(question, subject=inside(question.subject), sets=sets, others=others)
    lost = [path for path, place in places.items() if place is None and path not in named]
    if lost:
        raise InputError(
            f"{lost[0]}: lies outside the working folder, and another file names it; copy it below the working"
            " folder and name it from there"
        )
    return out


def _stands_alone(files: Mapping[str, bytes], asked: Sequence[Question], answers: Mapping[str, Any]) -> None:
    """Recompute from the files of the bundle alone; raises ClusterSimError where that is not the same."""
    with scratch() as folder:
        for name, data in files.items():
            at = folder / name
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(data)
        for question in asked:
            again, _ = ask(question, at=folder / INPUTS, alone=True)
            if to_json(again) != to_json(answers[question.name]):
                raise ClusterSimError(f"bundle: {question.name} is not the same from the bundle's own files")
