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
    >>> str(Problem("--set cards.H20.peak.bf16", None, "peak.bf16", "must be positive"))
    '--set cards.H20.peak.bf16: must be positive'
    """

    file: str
    line: int | None
    key: str
    what: str
    hint: str = ""

    @property
    def where(self) -> tuple[str, ...]:
        """The file with its line, and the key in it; a flag that names the key stands for both."""
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        flag = self.file.removeprefix("--set ")
        named = flag != self.file and f".{flag}".endswith(f".{self.key}")
        return (place, self.key) if self.key and not named else (place,)

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{': '.join(self.where)}: {self.what}{hint}"


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
#: Letters before the number of a name that are so alike are a misprint of one another, from so many letters on.
ALIKE, SHORTEST_ALIKE, ALIKE_DIGITS = 0.7, 3, 0.75


def suggest(name: str, known: Sequence[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest known name, or the list of names when none is near.

    A name with a number is another thing where its number is another: of those only a misprint in the letters is near,
    and what shares the letters is listed.

    >>> suggest("pu", ["pue", "wacc"])
    "did you mean 'pue'?"
    >>> suggest("zzz", ["pue", "wacc"])
    'known: pue, wacc'
    >>> suggest("zzz", ["", "pue"])
    'known: pue'
    >>> suggest("P100", ["H100", "V100-32G"]), suggest("MI100", ["H100", "MI300X"]), suggest("H10O", ["H100"])
    ('known: H100, V100-32G', 'known of that name: MI300X', "did you mean 'H100'?")
    """
    import difflib

    # Names that come from a file may be many; a name of a thousand letters has no near one.
    compared = {one.casefold(): one for one in reversed(known[:MOST_COMPARED]) if one}
    near = difflib.get_close_matches(name[:LONGEST_NAME].casefold(), compared, n=8, cutoff=0.6)
    found = next((compared[one] for one in near if _misprint(name, one)), None)
    if found is not None:
        return f"did you mean {found!r}?"
    named = sorted(one for one in known if one)
    letters = _split(name)[0]
    series = [one for one in named if letters and _split(name)[1] and _split(one)[0] == letters]
    shown = ", ".join((series or named)[:12])
    more = ", …" if len(series or named) > 12 else ""
    return f"known{' of that name' if series else ''}: {shown}{more}" if named else ""


def _split(name: str) -> tuple[str, list[str]]:
    """Letters of a name before its first number, and its numbers; an O or l among digits is a misprinted one.

    >>> _split("GB200 NVL36"), _split("H1OO"), _split("pue")
    (('gb', ['200', '36']), ('h', ['100']), ('pue', []))
    """
    plain = re.sub(r"(?<=\d)[o]", "0", re.sub(r"(?<=\d)[o]", "0", name[:LONGEST_NAME].casefold()))
    letters = re.sub(r"[\W_]", "", re.split(r"\d", plain, maxsplit=1)[0])
    return letters, re.findall(r"\d+", plain)


def _misprint(name: str, other: str) -> bool:
    """Whether a near name is plausible: the same numbers as far as both have some, and letters that are alike.

    Of the same letters one digit in four may be wrong.

    >>> _misprint("nanjing-1025", "nanjing-1024"), _misprint("deepseek-v30", "deepseek-v3")
    (True, False)
    """
    from difflib import SequenceMatcher

    def alike(one: str, two: str) -> float:
        return SequenceMatcher(None, one, two).ratio()

    (mine, numbers), (theirs, others) = _split(name), _split(other)
    if not numbers and not others:
        return True
    pairs = list(zip(numbers, others, strict=False))
    if mine == theirs:
        return all(alike(*pair) >= ALIKE_DIGITS for pair in pairs)
    # Of one or two letters every one tells.
    long = min(len(mine), len(theirs)) >= SHORTEST_ALIKE
    return long and alike(mine, theirs) >= ALIKE and all(one == two for one, two in pairs)
