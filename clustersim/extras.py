"""Parts of an installation that can be left out, and what to say where one of them is asked for and is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clustersim.errors import InputError

__all__ = ["extra_of", "needs"]

_HOLDS = {
    "study": ("duckdb", "pyarrow", "rich", "scipy"),
    "report": ("docx", "matplotlib", "pptx", "weasyprint", "xlsxwriter"),
    "web": ("starlette", "uvicorn"),
}


def extra_of(module: str | None) -> str | None:
    """Return the extra that holds a module, or None.

    >>> extra_of("pyarrow.parquet"), extra_of("clustersim.api")
    ('study', None)
    """
    top = (module or "").partition(".")[0]
    return next((extra for extra, names in _HOLDS.items() if top in names), None)


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
