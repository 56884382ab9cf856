"""What is remarked of inputs on the way and is no error, on stderr, in the language that was chosen."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from clustersim.report.language import language

__all__ = ["remarks"]


class _Remarks(logging.Handler):
    """Writes each remark of the program's logger as a line of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a remark; where nobody can read it, the work goes on."""
        text = record.getMessage()
        if language() == "zh":
            from clustersim.report.spoken_errors import chinese_error

            text = chinese_error(text)
        with suppress(OSError, ValueError):
            click.echo(text, err=True)


@contextmanager
def remarks() -> Iterator[None]:
    """Write what the program's logger is told to stderr while the block runs."""
    logger, handler = logging.getLogger("clustersim"), _Remarks()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
