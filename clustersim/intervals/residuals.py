"""Residuals of the shipped measurements: what was measured over what was predicted, one a row, with its source.

A residual is ln(measured / predicted) *of a time*: a step, a latency, or the time of a token where a rate was measured.
So +0.1 always means 10 % slower than predicted.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clustersim.errors import InputError
from clustersim.intervals.layouts import WIDE
from clustersim.reading.guarded import read_text
from clustersim.reading.tables import shipped_rows
from clustersim.schema.find_software import UNMEASURED, load_software

__all__ = [
    "FIRST_PORT",
    "QUANTITIES",
    "Residual",
    "digest_of",
    "evidence",
    "first_port_factor",
    "read_residuals",
    "shipped_residuals",
    "table_text",
    "unnamed_factor",
]

DATA = Path(__file__).resolve().parent.parent / "data"
#: The class of software that is new to a maker's cards.
FIRST_PORT = "new vendor first port"
#: What is predicted, and which of the three domains it belongs to.
QUANTITIES = {
    "step_time": "training", "scaling_efficiency": "training", "ttft": "serving", "tpot": "serving",
    "throughput": "serving", "collective_time": "collectives",
}  # fmt: skip
HEAD = """# ln(measured / predicted time) of every shipped row that is predicted; a rate counts by the time of its unit.
# tuned: some constant was found from the row, so that it is in no band.
# Made by `clustersim validate training --residuals`. sha256 of the lines below:
# {digest}
"""
_COLUMNS = ("quantity", "source", "maker", "card", "software", "layout", "log_ratio", "tuned")


@dataclass(frozen=True, slots=True)
class Residual:
    """One row: how much longer it took than predicted, and what is known of it beforehand."""

    quantity: str
    source: str
    """Left out together: one publication, or one engine on one card."""
    maker: str
    """Of the card."""
    card: str
    software: str
    """Name of the profile; empty for collectives."""
    layout: str
    """``one domain`` or ``several domains`` for collectives, the width of the number format and the kind of plan for
    steps, one fleet or two, how many requests at once and the kind of plan for latencies (``layouts``); empty where
    that is not stated."""
    log_ratio: float
    tuned: bool = False
    maturity: str = ""
    """Class of the software on the card; empty: as its software and card say."""
    scored: bool = True
    """No: a ratio from outside, that our own model did not predict."""

    @property
    def voice(self) -> str:
        """Rows of one source, card and software speak with one voice."""
        return f"{self.source}|{self.card}|{self.software}"


def digest_of(body: str) -> str:
    """Return the digest that a table of residuals carries of its lines."""
    return hashlib.sha256(body.encode()).hexdigest()


def table_text(rows: Iterable[Residual]) -> str:
    """Return the table as it is shipped, with its digest."""
    body = ",".join(_COLUMNS) + "\n"
    for r in rows:
        cells = (
            r.quantity, r.source, r.maker, r.card, r.software, r.layout, f"{r.log_ratio:.4f}", str(int(r.tuned))
        )  # fmt: skip
        body += ",".join(f'"{c}"' if "," in c or '"' in c else c for c in cells) + "\n"
    return HEAD.format(digest=digest_of(body)) + body


def read_residuals(file: Path) -> tuple[Residual, ...]:
    """Read a table of residuals; raises InputError where its digest is not that of its lines."""
    source = read_text(file)
    lines = source.text.splitlines(keepends=True)
    body = "".join(line for line in lines if not line.startswith("#"))
    said = next((line[2:].strip() for line in lines if line.startswith("# ") and len(line.strip()) == 66), "")
    if said != digest_of(body):
        raise InputError(
            f"{source.name}: its digest is not that of its lines; make it by `clustersim validate training --residuals`"
        )
    # The digest says that our own `table_text` wrote these lines: no cell of them is looked at again.
    cells = csv.reader(io.StringIO(body, newline=""))
    next(cells)
    # Words repeat by the thousand: one text for each.
    return tuple(Residual(*_words(row), float(row[6]), row[7] == "1") for row in cells)


def _words(row: Sequence[str]) -> tuple[str, str, str, str, str, str]:
    quantity, source, maker, card, software, layout = map(sys.intern, row[:6])
    return quantity, source, maker, card, software, layout


@lru_cache(maxsize=1)
def shipped_residuals() -> tuple[Residual, ...]:
    """Return the residuals that come with the package."""
    return read_residuals(DATA / "residuals.csv")


def first_port_factor() -> float:
    """Return how much longer kernels take by training software that is new to a maker's cards."""
    training = load_software(UNMEASURED["training"]).training
    assert training is not None and training.port_factor is not None
    return training.port_factor.value


def unnamed_factor() -> float:
    """Return how much longer kernels take by a stack that nobody named, on cards on which others were measured."""
    training = load_software(UNMEASURED["training"]).training
    assert training is not None and training.unnamed_factor is not None
    return training.unnamed_factor.value


def _first_step(row: Mapping[str, str]) -> bool:
    return row["quantity"] == "step_time" and row["maturity"] == FIRST_PORT


@lru_cache(maxsize=1)
def evidence() -> tuple[Residual, ...]:
    """Return what is known of software on cards whose rows are not ours to predict (``data/maturity.csv``).

    Each line gives the lowest, the median and the highest ratio of speed of one card and kind of stack: of a step
    beside an A100 on the same case, of a token beside what the class of unmeasured engines loses at every layer. Steps
    of first ports are predicted with the class's own factor, so that they are held against it.
    """
    centre = math.log(first_port_factor())
    return tuple(
        Residual(
            row["quantity"], row["source"], row["maker"], row["card"], row["what"],
            WIDE if row["quantity"] == "step_time" else "",
            -math.log(float(row[column])) - (centre if _first_step(row) else 0.0),
            maturity=row["maturity"], scored=False,
        )
        for row in shipped_rows(DATA / "maturity.csv")
        for column in ("low", "median", "high")
    )  # fmt: skip
