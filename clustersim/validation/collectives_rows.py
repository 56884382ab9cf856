"""Rows of measured collectives, read: what was exchanged between how many cards, and what was measured."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from clustersim.errors import InputError
from clustersim.fabric.collectives import KINDS, bus_factor
from clustersim.schema.collectives import EXPERT_KINDS
from clustersim.validation.sites import Unpredictable
from clustersim.validation.sources import shipped_rows

__all__ = ["CollectiveRow", "measured_s", "read_row"]

_KIND_OF = {"p2p": "send", "sendrecv": "send", "alltoall": "all_to_all"}


@dataclass(frozen=True, slots=True)
class CollectiveRow:
    """One measurement, read."""

    id: str
    source: str
    gpu: str
    n: int
    kind: str
    size: float
    algbw: float
    busbw: float
    fabric: str
    notes: str
    copied: bool
    """A copy engine moved it (p2p), not a kernel of the library (sendrecv)."""
    measured: bool
    """Some cell holds a measurement, be it rounded to zero."""

    @property
    def system(self) -> str:
        return f"{self.gpu} x {self.n}, {self.fabric}"

    @property
    def tuned(self) -> bool:
        return (self.gpu, self.n, self.kind, self.size, self.busbw) in _tuned_on()


@lru_cache(maxsize=1)
def _tuned_on() -> frozenset[tuple[str, int, str, float, float]]:
    """The measurements that constants were found from: the marked rows of the shipped table, by their content."""
    marked = (
        read_row(row, index)
        for index, row in enumerate(shipped_rows("collectives.csv"), 1)
        if row["tuned_on"]
    )
    return frozenset((row.gpu, row.n, row.kind, row.size, row.busbw) for row in marked)


def _number(row: Mapping[str, str], key: str, index: int, *, needed: bool, zero: bool = True) -> float:
    text = (row.get(key) or "").strip()
    if not text and not needed:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # A rate of zero is what a benchmark prints for its smallest sizes.
    if not (math.isfinite(value) and (value > 0 or (value == 0 and zero))):
        raise InputError(f"collectives data, row {index}: {key} is {text!r}; it must be a positive number")
    return value


def read_row(row: Mapping[str, str], index: int) -> CollectiveRow:
    """Return a row of a table, ``index`` from one on.

    Raises InputError for an unknown collective and a number that is none.
    """
    kind = (row["collective"] or "").strip().lower()
    copied = kind == "p2p"
    kind = _KIND_OF.get(kind, kind)
    if kind not in KINDS and kind not in EXPERT_KINDS:
        known = ", ".join((*KINDS, "p2p", *EXPERT_KINDS))
        raise InputError(f"collectives data, row {index}: unknown collective {kind!r}; known: {known}")
    n = _number(row, "n_gpus", index, needed=True, zero=False)
    if n != int(n):
        raise InputError(f"collectives data, row {index}: n_gpus is {n:g}; it must be a whole number")
    algbw = _number(row, "algbw_GBs", index, needed=False) * 1e9
    busbw = _number(row, "busbw_GBs", index, needed=False) * 1e9
    given = (row.get("id") or "").strip() or f"{index}"
    size = _number(row, "size_bytes", index, needed=False)
    fabric, notes = row["fabric"] or "", row["notes"] or ""
    measured = any((row.get(key) or "").strip() for key in ("algbw_GBs", "busbw_GBs"))
    return CollectiveRow(
        given, row["source"], row["gpu"], int(n), kind, size, algbw, busbw, fabric, notes, copied, measured
    )


def measured_s(row: CollectiveRow) -> float:
    """Return the printed time where the row carries one, else from the bandwidth that has more digits."""
    printed = re.search(r"time_us=(\d+(?:\.\d+)?)", row.notes)
    if printed:
        return float(printed.group(1)) * 1e-6
    factor = float(bus_factor(row.kind, row.n))
    if row.busbw and factor > 0:
        return row.size * factor / row.busbw
    if not row.algbw:
        raise Unpredictable("the measured rate is rounded to zero, and the row has no time")
    return row.size / row.algbw
