"""Words of the command line that name something, each completed by the shell."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from clustersim.errors import ClusterSimError

__all__ = [
    "COMPANY",
    "KEY_VALUE",
    "KEY_WORD",
    "PROFILE",
    "SCENARIO",
    "SCHEMA",
    "STUDY",
    "Finite",
    "OneOf",
    "Word",
]


if TYPE_CHECKING:
    Word = click.ParamType[str]
else:
    Word = click.ParamType  # what older releases of click cannot subscript


class Name(Word):
    """Text that names a file of some kinds, or a path."""

    def __init__(self, name: str, *kinds: str) -> None:
        self.name, self.kinds = name, kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the word as it is; what it names is looked up when it is read."""
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete with the known names, and leave paths to the shell."""
        if incomplete.startswith((".", "/", "~")):
            return [CompletionItem(incomplete, type="file")]

        def known() -> Iterable[str]:
            from clustersim.schema.lookup import known_names

            return (name for kind in self.kinds for name in known_names(kind))

        return _items(known, incomplete)


class OneOf(Word):
    """Text that may be one of some words, which are looked up only where one is completed."""

    def __init__(self, name: str, known: Callable[[], Iterable[str]]) -> None:
        self.name, self._known = name, known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the word as it is; whether it is one is said when it is looked up."""
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete with the words that begin so."""
        return _items(self._known, incomplete)


class Finite(click.FloatRange):
    """A finite number between two ends; click's own range lets through what is no number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Refuse what is no number, infinite or beyond an end."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number", param, ctx)
        return number


class KeyValue(Word):
    """``KEY=VALUE``, the keys being those of the scenario that the line names."""

    name = "key=value"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete a key up to its equals sign."""
        named = ctx.params.get("scenario") or ctx.params.get("scenarios") or ctx.params.get("study")
        if not named:  # an option that waits for its value keeps click from naming the words before it
            named = [word for word in ctx.args if not word.startswith("-")]
        scenario = named[0] if isinstance(named, tuple | list) and named else named
        if "=" in incomplete or not scenario:
            return []

        def known() -> Iterable[str]:
            from clustersim.schema.listing import settable

            return (f"{key}=" for key in settable(scenario))

        return _items(known, incomplete)


def _keys() -> Iterable[str]:
    from clustersim.schema.catalogue import all_keys

    return (key.key for key in all_keys(described=False))


def _schemas() -> Iterable[str]:
    from clustersim.study.kinds import FOLDERS

    return FOLDERS


@add_completion_class
class Bash(BashComplete):
    """Bash as click completes it, but with no space behind a key's equals sign."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", "COMPREPLY+=($value); [[ $value == *= ]] && compopt -o nospace 2> /dev/null"
    )


def _items(known: Callable[[], Iterable[str]], incomplete: str) -> list[CompletionItem]:
    """The names that begin so; none where the files cannot be read, for a completion has nobody to tell."""
    try:
        return [CompletionItem(name) for name in sorted(known()) if name.startswith(incomplete)]
    except ClusterSimError:
        return []


#: How many of each a command takes: a slip of some zeros is said, not begun.
DRAWS, WORKERS = click.IntRange(0, 100_000), click.IntRange(1, 1024)
SEED, SKIP = click.IntRange(0, 2**63 - 1), click.IntRange(0, 10**9)
MOST_POINTS = 10**9

SCENARIO = Name("scenario", "scenarios")
COMPANY = Name("company", "scenarios/company", "scenarios")
STUDY = Name("study", "scenarios/studies", "scenarios")
PROFILE = Name(
    "profile",
    *(
        f"hwprofiles/{kind}"
        for kind in ("cards", "servers", "nics", "switches", "optics", "supernodes", "models")
    ),
)
KEY_VALUE = KeyValue()
KEY_WORD = OneOf("word", _keys)
SCHEMA = OneOf("kind", _schemas)
