"""The anchors: value-in-use prices of the product lines at the shipped profiles."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from clustersim.reading.guarded import stamp
from clustersim.schema.base import validate
from clustersim.schema.company import AnchorFile, AnchorRow
from clustersim.schema.lookup import find_file
from clustersim.schema.yamlfile import read_yaml

__all__ = ["anchor_of", "anchors_path", "load_anchors"]


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


def anchor_of(scenario: str, product: str) -> AnchorRow | None:
    """Return the anchor of a scenario, or of its product line where the scenario has none of its own.

    A shipped scenario moves the forecast by what is changed in it, and nothing by what it asks.
    """
    rows = load_anchors().anchors
    own = next((row for row in rows if row.scenario == scenario and row.product == product), None)
    return own or next((row for row in rows if row.product == product), None)
