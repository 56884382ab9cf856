"""A question asked in a process of its own: nothing that this process remembers can answer it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.reading.guarded import ONLY, READ_LOG
from clustersim.reading.jsontext import Limits, parse_json
from clustersim.schema.overrides import changes_of
from clustersim.writing import scratch

__all__ = ["QUESTIONS", "Question", "ask"]

#: What may be asked: commands that only print, by the name of the output that keeps their answer.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "run": ("run",), "forecast": ("forecast", "show"), "compare": ("compare",), "tco": ("tco",), "claims": ("claims",),
}  # fmt: skip
_PACKAGE_PARENT = str(Path(__file__).resolve().parent.parent.parent.parent)
_MOST_VALUES = Limits(nodes=5_000_000)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a bundle: its name in QUESTIONS, the file that it is about, and the inputs that are changed.

    ``others`` are scenarios that do the subject's demand beside it, ``draws`` how many there are where that was asked.
    """

    name: str
    subject: str
    sets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    draws: int | None = None

    @classmethod
    def of(cls, name: str, subject: str, changes: Mapping[str, object]) -> Question:
        """Return a question about a file with changed inputs.

        >>> Question.of("run", "nanjing-1024", {"tco.pue": 1.2}).sets
        ('tco.pue=1.2',)
        """
        texts = (f"{k}={v if isinstance(v, str) else json.dumps(v)}" for k, v in changes.items())
        return cls(name, subject, tuple(texts))

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the command line."""
        sets = (word for text in self.sets for word in ("--set", text))
        demand = ("--demand", self.subject) if self.others else ()
        draws = () if self.draws is None else ("--draws", str(self.draws))
        return (*QUESTIONS[self.name], self.subject, *self.others, *demand, *draws, *sets, "-f", "json")

    def checked(self) -> Question:
        """Return the question; raises InputError for one that no bundle asks (a manifest comes from outside)."""
        if self.name not in QUESTIONS:
            raise InputError(f"manifest: {self.name!r} is no question; known: {', '.join(QUESTIONS)}")
        for name in (self.subject, *self.others):
            if name.startswith("-"):
                raise InputError(f"manifest: {name!r} names no scenario or company")
        if self.draws is not None and (type(self.draws) is not int or self.draws < 0):
            raise InputError(f"manifest: {self.draws!r} is no number of draws")
        changes_of(self.sets)
        return self


def ask(question: Question, *, at: Path, alone: bool) -> tuple[Any, tuple[Path, ...]]:
    """Return the answer as plain values, and the files that were read for it, in a process of its own.

    ``at`` is the folder that it works in; ``alone``: no file is looked for anywhere else.

    Raises InputError or InfeasibleError with the command's own message.
    """
    with scratch() as folder:
        log = folder / "read"
        done = subprocess.run(
            [sys.executable, "-P", "-m", "clustersim", *question.words],
            cwd=at, env=_environment(at, log, alone), capture_output=True, check=False,
        )  # fmt: skip
        read = log.read_text(encoding="utf-8").split("\0")[:-1] if log.exists() else []
    if done.returncode:
        raise _error(done.returncode, done.stderr.decode(errors="replace"))
    answer = parse_json(done.stdout.decode(), f"clustersim {' '.join(question.words)}", _MOST_VALUES)
    return answer, tuple(map(Path, dict.fromkeys(read)))


def _environment(at: Path, log: Path, alone: bool) -> dict[str, str]:
    """The environment of the process: UTF-8 whatever the terminal, and no path that would lead into its folder.

    A relative ``PYTHONPATH`` means a folder of ours; there it would name one of the bundle's, and run what lies in it.
    """
    kept = {k: v for k, v in os.environ.items() if k not in {READ_LOG, ONLY, "PYTHONIOENCODING"}}
    paths: Sequence[str] = [
        str(Path(p).absolute()) for p in kept.get("PYTHONPATH", "").split(os.pathsep) if p
    ]
    kept |= {READ_LOG: str(log), "PYTHONPATH": os.pathsep.join((*paths, _PACKAGE_PARENT)), "PYTHONUTF8": "1"}
    return kept | {ONLY: str(at)} if alone else kept


def _error(code: int, text: str) -> ClusterSimError:
    """The error of the process as ours; what it said of its own progress stays out."""
    message = text.partition("error: ")[2].strip() or text.strip() or f"ended with {code}"
    kinds: dict[int, type[ClusterSimError]] = {2: InputError, 3: InfeasibleError}
    return kinds.get(code, ClusterSimError)(message)
