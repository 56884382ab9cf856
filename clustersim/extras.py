"""Parts of an installation that can be left out, and what to say where one of them is asked for and is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clustersim.errors import InputError

__all__ = ["needs"]


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """Import what an extra of the package holds, inside ``with``.

    >>> with needs("report", "figures"):
    ...     import a_package_that_is_nowhere
    Traceback (most recent call last):
    clustersim.errors.InputError: figures need a_package_that_is_nowhere; install it: pip install 'clustersim[report]'

    Raises InputError that names the extra to install where a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "clustersim":
            raise
        raise InputError(
            f"{what} need {error.name}; install it: pip install 'clustersim[{extra}]'"
        ) from error
