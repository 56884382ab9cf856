"""What a bundle says of itself: the questions, the versions, and the digest of every other file."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from clustersim.errors import InputError
from clustersim.reading.guarded import file_sha256, printable, read_text
from clustersim.reading.jsontext import read_json
from clustersim.report.evidence.questions import Question
from clustersim.version import __version__

__all__ = ["INPUTS", "MANIFEST", "OUTPUTS", "SUMS", "Manifest", "read_sums", "sums_text", "versions"]

MANIFEST, SUMS, INPUTS, OUTPUTS = "manifest.json", "SHA256SUMS", "inputs", "outputs"
FORMAT = 1
_PACKAGES = ("numpy", "scipy", "pandas", "simpy", "networkx", "pydantic")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The questions by the name of their output, their seed, and what computed them."""

    questions: tuple[Question, ...]
    seed: int | None
    made_by: Mapping[str, str]

    def plain(self) -> dict[str, Any]:
        """The manifest as plain values."""
        asked = [_question(q) for q in self.questions]
        return {"format": FORMAT, "questions": asked, "seed": self.seed, "made_by": dict(self.made_by)}

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest; raises InputError where it is none."""
        data = read_json(path)
        try:
            if data["format"] != FORMAT:
                raise InputError(f"{path}: format {data['format']!r}; this program reads {FORMAT}")
            asked = [
                Question(
                    q["question"], q["subject"], tuple(q["sets"]), tuple(q.get("others", ())), q.get("draws")
                )
                for q in data["questions"]
            ]
            return cls(tuple(q.checked() for q in asked), data["seed"], dict(data["made_by"]))
        except (KeyError, TypeError, AttributeError, ValueError):
            raise InputError(f"{path}: is no manifest of a bundle") from None


def _question(asked: Question) -> dict[str, Any]:
    """A question as plain values; other scenarios and draws where there are such."""
    plain: dict[str, Any] = {"question": asked.name, "subject": asked.subject, "sets": list(asked.sets)}
    if asked.others:
        plain["others"] = list(asked.others)
    return plain if asked.draws is None else plain | {"draws": asked.draws}


def _installed(name: str) -> str:
    """The version of a package; ``none`` where it is not here, as no command that a bundle asks needs all of them."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of what computes, and the digest of the program's own files."""
    root = Path(__file__).resolve().parent.parent.parent
    files = sorted(p for kind in ("*.py", "*.csv", "*.gz", "*.json") for p in root.rglob(kind))
    digest = hashlib.sha256()
    for path in files:
        if "_shipped" not in path.parts:
            digest.update(f"{path.relative_to(root).as_posix()} {file_sha256(path)}\n".encode())
    found = {name: _installed(name) for name in _PACKAGES}
    system = f"{platform.system()} {platform.machine()}"
    own = {"clustersim": __version__, "program_sha256": digest.hexdigest()}
    return {**own, "python": sys.version.split()[0], "system": system, **found}


def sums_text(files: Mapping[str, bytes]) -> str:
    """Return the digests as ``sha256sum`` writes and checks them.

    >>> sums_text({"a": b""})[:12]
    'e3b0c44298fc'
    """
    rows = (f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(files.items()))
    return "".join(f"{row}\n" for row in rows)


def read_sums(folder: Path) -> dict[str, str]:
    """Return the digest of every file by its name; raises InputError for a line that is none."""
    path = folder / SUMS
    return dict(_sums(path))


def _sums(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(read_text(path, gbk=False).text.splitlines(), 1):
        digest, gap, name = line.partition("  ")
        pure = PurePosixPath(name)
        hexadecimal = len(digest) == 64 and all(c in "0123456789abcdef" for c in digest)
        if not (gap and hexadecimal and name and not pure.is_absolute() and ".." not in pure.parts):
            raise InputError(f"{path}:{number}: {printable(line, 90)!r} is no digest and name of a file")
        yield name, digest
