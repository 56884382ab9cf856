"""The errors a user can meet, each with the exit code that the command line gives it.

::

    ClusterSimError
    ├── InputError            2  a file, key, unit or option is wrong
    ├── PackageError          2  code of another installed package, which a file names, fails
    ├── InfeasibleError       3  valid input, but nothing can satisfy it (does not fit, SLO unreachable)
    ├── PartialFailureError   4  some points of a study failed; the rest is kept
    └── CheckFailed           5  a check or a tolerance failed

Anything else that escapes is a bug (exit code 1). The message of each says where, what, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "CheckFailed",
    "ClusterSimError",
    "InfeasibleError",
    "InputError",
    "PackageError",
    "PartialFailureError",
    "Problem",
    "by_package",
    "suggest",
]

_PACKAGE = Path(__file__).resolve().parent
#: Where the files of installed packages begin, ours among them; of a repository, those that it ships.
_INSTALLED = re.compile(
    rf"{re.escape(str(_PACKAGE / '_shipped'))}[/\\]|[^\s'\"]*[/\\](?:site|dist)-packages[/\\]"
    rf"|{re.escape(str(_PACKAGE.parent))}[/\\](?=(?:hwprofiles|scenarios)[/\\])"
)


def by_package(text: str) -> str:
    """Return a message with files of installed packages named by the package, and shipped ones by their own name.

    >>> by_package("/opt/env/lib/python3.11/site-packages/acme/hwprofiles/cards/A.yaml:3: power: must be positive")
    'acme/hwprofiles/cards/A.yaml:3: power: must be positive'
    >>> by_package("/home/me/scenarios/mine.yaml:3: cluster.cards: must be positive")
    '/home/me/scenarios/mine.yaml:3: cluster.cards: must be positive'
    """
    return _INSTALLED.sub("", text) if "/" in text or "\\" in text else text


class ClusterSimError(Exception):
    """Base of all errors that are the input's and not the program's."""

    exit_code = 1
    told = ""
    """What the command line says of it, in the language that was chosen there."""

    def __init__(self, message: str = "") -> None:
        super().__init__(by_package(message))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it stands, what is wrong, what to do.

    >>> str(Problem("a.yaml", 3, "cluster.cards", "must be positive", "give at least 1"))
    'a.yaml:3: cluster.cards: must be positive (give at least 1)'
    """

    file: str
    line: int | None
    key: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        key = f"{self.key}: " if self.key else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {key}{self.what}{hint}"


class InputError(ClusterSimError):
    """A file, key, unit or option is wrong; carries every problem that was found at once."""

    exit_code = 2

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        lines = [message, *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(line for line in lines if line))


class PackageError(ClusterSimError):
    """Code of another installed package fails, whatever is asked of it: no plan, card or point is to blame.

    It is no InputError, so that a search that leaves out what cannot be laid out does not leave this out.
    """

    exit_code = 2


class InfeasibleError(ClusterSimError):
    """The input is valid, but nothing satisfies it; the message names the nearest thing that does."""

    exit_code = 3


class PartialFailureError(ClusterSimError):
    """Some points of a study failed; the others are kept."""

    exit_code = 4


class CheckFailed(ClusterSimError):
    """A check of the results, or a stated tolerance, failed."""

    exit_code = 5


def listed(names: Sequence[str], most: int = 60) -> str:
    """Return names one after another, cut off where a foreign table has thousands.

    >>> listed(["a", "b", "c"], 2)
    'a, b, … (3 in all)'
    """
    shown = ", ".join(name[:LONGEST_NAME] for name in names[:most])
    return f"{shown}, … ({len(names):,} in all)" if len(names) > most else shown


#: Letters of a name, and names, that are compared for the nearest.
LONGEST_NAME, MOST_COMPARED = 200, 5_000


def suggest(name: str, known: Sequence[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest known name, or the list of names when none is near.

    >>> suggest("pu", ["pue", "wacc"])
    "did you mean 'pue'?"
    >>> suggest("zzz", ["pue", "wacc"])
    'known: pue, wacc'
    >>> suggest("zzz", ["", "pue"])
    'known: pue'
    """
    import difflib

    # Names that come from a file may be many; a name of a thousand letters has no near one.
    near = difflib.get_close_matches(name[:LONGEST_NAME], known[:MOST_COMPARED], n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    named = sorted(one for one in known if one)
    shown = ", ".join(named[:12])
    return f"known: {shown}{', …' if len(named) > 12 else ''}" if named else ""
