"""What a publication says of all its runs, for rows whose table has no column for it.

``data/validation/sources.csv`` holds one line a publication: software, and what is known of its site. A row that states
a column itself keeps it. A title that ends in a release (``… summary 26.06``) may stand in the file without it; the
release then goes to the software.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from clustersim.reading import tables
from clustersim.schema.find_software import (
    UNMEASURED,
    FoundSoftware,
    find_software,
    load_software,
    release_of,
)

__all__ = ["DATA", "filled", "shipped_rows", "software_of_row"]

DATA = Path(__file__).resolve().parent.parent / "data" / "validation"


@lru_cache(maxsize=16)
def shipped_rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a shipped table."""
    return tables.shipped_rows(DATA / name)


@lru_cache(maxsize=1)
def _publications() -> dict[str, dict[str, str]]:
    return {
        row["source"]: {k: v for k, v in row.items() if v and k != "source"}
        for row in shipped_rows("sources.csv")
    }


def _known(source: str) -> dict[str, str]:
    source = source.removeprefix("seen: ")
    known = _publications()
    if source in known:
        return known[source]
    title, _, release = source.rpartition(" ")
    found = dict(known.get(title, {}))
    if found and release_of(release) and "software" in found:
        found["software"] += f" {release}"
    return found


def filled(row: Mapping[str, str]) -> dict[str, str]:
    """Return a row with its empty or absent columns filled by what its publication says of all its runs.

    >>> filled({"source": "NeMo/Megatron-Bridge performance summary 26.08"})["software"]
    'NeMo/Megatron-Bridge 26.08'
    >>> filled({"source": "TorchTitan benchmarks 2025-06"})["software"]
    'TorchTitan 2025-06'
    """
    said = _known((row.get("source") or "").strip())
    return {**row, **{key: value for key, value in said.items() if not (row.get(key) or "").strip()}}


def software_of_row(row: Mapping[str, str], role: str) -> FoundSoftware:
    """Return the software that a filled row names, or the class of what nobody measured where it names none.

    Raises InputError, with the nearest name, for software without a profile.
    """
    text = (row.get("software") or "").strip()
    if text:
        return find_software(text, role=role)
    profile = load_software(UNMEASURED[role])
    return FoundSoftware(profile, f"the row names no software: constants of {profile.name}")
