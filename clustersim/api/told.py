"""What a question does not read of the changes that it was asked with: said beside its answer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from clustersim.report.answer import Answer
from clustersim.schema.readers import unread

__all__ = ["told"]


class Changed(Protocol):
    """A scenario or a study, with inputs that were changed."""

    @property
    def name(self) -> str:
        """Its file."""

    @property
    def changes(self) -> Mapping[str, object]:
        """Values by key."""


S = TypeVar("S", bound=Changed)
P = ParamSpec("P")
A = TypeVar("A", bound=Answer)


def told(
    command: str,
) -> Callable[[Callable[Concatenate[S, P], A]], Callable[Concatenate[S, P], A]]:
    """Make a question, which ``command`` asks, say beside its answer which changes it does not read."""

    def of(question: Callable[Concatenate[S, P], A]) -> Callable[Concatenate[S, P], A]:
        @functools.wraps(question)
        def asked(self: S, /, *args: P.args, **words: P.kwargs) -> A:
            answer = question(self, *args, **words)
            said = unread(command, self.name, self.changes)
            return answer.with_unread(said) if said else answer

        return asked

    return of
