"""The language in which people are spoken to: one choice for help, tables, figures and documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from clustersim.errors import InputError

__all__ = ["SPOKEN", "language", "speak", "speaking"]

#: What tables and figures can be had in; documents come in both at once as well.
SPOKEN = ("en", "zh")
_CHOSEN: ContextVar[str] = ContextVar("clustersim_language", default="en")


def language() -> str:
    """Return the language that was chosen: ``en`` or ``zh``."""
    return _CHOSEN.get()


def speak(chosen: str) -> None:
    """Choose a language for all that follows; raises InputError for one that there is not.

    >>> speak("fr")
    Traceback (most recent call last):
        ...
    clustersim.errors.InputError: 'fr' is no language of this program; write en or zh
    """
    if chosen not in SPOKEN:
        raise InputError(f"{chosen!r} is no language of this program; write {' or '.join(SPOKEN)}")
    _CHOSEN.set(chosen)


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Speak a language inside a ``with`` block: tables, pages and figures of every answer, not keys of JSON or CSV.

    >>> import clustersim as cs
    >>> with cs.speaking("zh"):
    ...     print(cs.keys("", units=True).text("md").splitlines()[0])
    | 单位 | 总数/量 | 以基本单位计 |
    """
    before = _CHOSEN.get()
    speak(chosen)
    try:
        yield
    finally:
        _CHOSEN.set(before)
