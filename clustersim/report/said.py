"""What is said of a file beside what is read from it."""

from __future__ import annotations

from typing import Protocol

from clustersim.reading.guarded import GBK

__all__ = ["read_as"]


class _Read(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def encoding(self) -> str: ...


def read_as(source: _Read) -> list[str]:
    """Say that a file was taken for GBK: nothing in it declares that."""
    return [f"{source.name}: read as GBK"] if source.encoding == GBK else []
