"""Loops that are compiled where numba is installed (the extra ``fast``), and are plain functions where it is not.

Compilation is strict: no reordering of sums, no fused multiply-add, so that a compiled loop gives the bits of the plain
one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import ParamSpec, TypeVar

__all__ = ["COMPILES", "loop"]

P = ParamSpec("P")
R = TypeVar("R")

#: Whether `loop` compiles here.
COMPILES = find_spec("numba") is not None


def loop(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function compiled at its first call, kept on the disk for the next process; or itself without numba.

    >>> loop(abs) is abs or COMPILES
    True
    """
    if not COMPILES:
        return function
    from numba import njit

    try:
        kept: Callable[P, R] = njit(cache=True)(function)
    except RuntimeError:  # no folder to keep it in: compiled in every process
        kept = njit(function)
    return kept
