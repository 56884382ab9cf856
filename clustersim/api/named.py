"""What every question about a scenario begins with: its name, the inputs that were changed, and its files as read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from clustersim.api.kinds import refuse_other
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.overrides import plain_changes

__all__ = ["Count", "Named", "Tell", "no_count", "quiet", "refuse_no_scenario"]

Tell = Callable[[str], None]
Count = Callable[[int, int], None]


def quiet(name: str) -> None:
    """Tell nobody of a stage that is done."""


def no_count(done: int, of: int) -> None:
    """Tell nobody how far it is."""


def refuse_no_scenario(names: Iterable[str]) -> None:
    """Raise InputError for a name of another kind of file."""
    for name in names:
        refuse_other(name, "scenario")


@dataclass(frozen=True, repr=False)
class Named:
    """A scenario by its name, with the inputs that were changed. Nothing is read before something is asked.

    Attributes:
        name: a file or a shipped name.
        changes: values by key, with units as text; a key that no file has is refused when a question is asked.
    """

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", plain_changes(self.changes))

    def set(self, changes: Mapping[str, object]) -> Self:
        """Return the scenario with more inputs changed; a key that was changed before takes the new value.

        >>> import clustersim as cs
        >>> cs.load("nanjing-1024").set({"tco.pue": 1.2}).changes["tco.pue"]
        1.2
        """
        return replace(self, changes={**self.changes, **plain_changes(changes)})

    def __hash__(self) -> int:
        # Equal scenarios change the same keys; their values need not be hashable.
        return hash((self.name, frozenset(self.changes)))

    def __repr__(self) -> str:
        changed = f", {dict(self.changes)!r}" if self.changes else ""
        return f"{type(self).__name__}({self.name!r}{changed})"

    def load(self, *, incumbent: bool = True) -> Inputs:
        """Return the scenario with everything that it refers to, read and checked.

        Raises InputError with every problem of the first file that has any.
        """
        return load_inputs(self.name, self.changes, with_incumbent=incumbent)

    def _filed(self) -> Inputs:
        """The scenario without its changes: one of them may be of a part that only a variant of its site has."""
        return replace(self, changes={}).load(incumbent=False)
