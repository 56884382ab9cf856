"""The anchors: value-in-use prices of the product lines at the shipped profiles."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from clustersim.reading.guarded import stamp
from clustersim.schema.base import validate
from clustersim.schema.company import AnchorFile
from clustersim.schema.lookup import find_file
from clustersim.schema.yamlfile import read_yaml

__all__ = ["anchors_path", "load_anchors"]


def anchors_path() -> Path:
    """Return the file of the anchors."""
    return find_file("scenarios/company", "anchors")


@lru_cache(maxsize=8)
def _load(path: Path, at: int) -> AnchorFile:
    return validate(AnchorFile, read_yaml(path))


def load_anchors() -> AnchorFile:
    """Load the anchors; the parsed file is kept until it changes."""
    path = anchors_path()
    return _load(path, stamp(path))
