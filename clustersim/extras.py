"""Parts of an installation that can be left out, and what to say where one of them is asked for and is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clustersim.errors import InputError

__all__ = ["extra_of", "install_line", "needs"]

#: By extra, the modules that it brings and the packages that hold them, as pyproject.toml asks for them (a test says).
_HOLDS: dict[str, dict[str, str]] = {
    "study": {"duckdb": "duckdb>=1.1", "pyarrow": "pyarrow>=17", "rich": "rich>=13.7", "scipy": "scipy>=1.15"},
    "report": {
        "matplotlib": "matplotlib>=3.9", "docx": "python-docx>=1.1", "pptx": "python-pptx>=1.0",
        "weasyprint": "weasyprint>=63", "xlsxwriter": "xlsxwriter>=3.2",
    },
    "web": {"starlette": "starlette>=0.41", "uvicorn": "uvicorn>=0.32"},
    "dask": {"distributed": "dask[distributed]>=2024.9"},
    "xarray": {"xarray": "xarray>=2024.7"},
    "fast": {"numba": "numba>=0.61"},
}  # fmt: skip


def install_line(extra: str) -> str:
    """Return the words that install what an extra holds: its packages by name, for no index has clustersim itself.

    >>> install_line("web")
    "the extra web: pip install 'starlette>=0.41' 'uvicorn>=0.32'"
    """
    return f"the extra {extra}: pip install " + " ".join(f"'{what}'" for what in _HOLDS[extra].values())


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

    >>> with needs("report", "figures"):  # doctest: +ELLIPSIS
    ...     import a_package_that_is_nowhere
    Traceback (most recent call last):
    clustersim.errors.InputError: figures need a_package_that_is_nowhere; install the extra report: pip install ...

    Raises InputError that names the extra to install where a package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "clustersim":
            raise
        raise InputError(f"{what} need {error.name}; install {install_line(extra)}") from error
