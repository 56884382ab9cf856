"""Collectives of a cluster as a table: what a test of the library would print on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.fabric.collectives import KINDS
from clustersim.provenance import Sourced
from clustersim.report.answer import Answer, Block, Row
from clustersim.schema.collectives import EXPERT_KINDS, CollectiveSection
from clustersim.schema.inputs import Inputs
from clustersim.workloads.collectives import Exchanged, exchanged

__all__ = ["asked_of", "collectives_answer"]

#: Sizes that are timed where nobody asks for one: 1 MiB to 16 GiB.
SIZES = tuple(2.0**20 * 4**step for step in range(8))
#: Columns that people read.
_SHOWN = (
    "name",
    "size_bytes",
    "cards",
    "cards_per_domain",
    "time_us",
    "busbw_gb_per_s",
    "algorithm",
    "latency_us",
)


def asked_of(
    inputs: Inputs, kind: str, sizes: Sequence[float], cards: int | None
) -> dict[str, CollectiveSection]:
    """Return what is asked: by these words, else by the scenario's own collectives, else all-reduces of usual sizes.

    Raises InputError for an unknown kind.
    """
    if not (kind or sizes or cards) and inputs.scenario.collectives:
        return inputs.scenario.collectives
    kind, known = kind or "all_reduce", (*KINDS, *EXPERT_KINDS)
    if kind not in known:
        raise InputError(f"--kind {kind!r}: no collective of this name; {suggest(kind, known)}")
    count = None if cards is None else Sourced(float(cards), "1")
    bytes_: Sequence[float | None] = sizes or ([None] if kind in EXPERT_KINDS else SIZES)
    return {
        kind if size is None else f"{kind} {size:.0f}": CollectiveSection(
            kind=kind,
            size=None if size is None else Sourced(size, "B"),
            cards=count,
        )
        for size in bytes_
    }


def collectives_answer(inputs: Inputs, kind: str, sizes: Sequence[float], cards: int | None) -> Answer:
    """Time collectives on the cluster of a scenario: seconds, rates in bytes/s, and the parts of the time."""
    rows = [
        _row(name, exchanged(inputs, asked)) for name, asked in asked_of(inputs, kind, sizes, cards).items()
    ]
    found = {"scenario": inputs.name, "card": inputs.parts.card.name, "collectives": rows}
    head = f"{inputs.name}: collectives of {inputs.parts.card.name}, as the library's tests count bytes"
    return Answer(name="collectives", data=found, page=lambda: [head, "", _shown(rows)], rows=rows)


def _row(name: str, found: Exchanged) -> Row:
    return {
        "name": name, "kind": found.kind, "size_bytes": found.size, "cards": found.cards,
        "cards_per_domain": found.cards_per_domain,
        "time_us": None if found.seconds is None else found.seconds * 1e6,
        "algbw_gb_per_s": found.bytes_per_s / 1e9, "busbw_gb_per_s": found.bus_bytes_per_s / 1e9, **found.terms(),
    }  # fmt: skip


def _shown(rows: Sequence[Mapping[str, Any]]) -> Block:
    return [{key: row.get(key) for key in _SHOWN} for row in rows]
