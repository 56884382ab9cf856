"""How far step times of each kind of plan are off: what ``plan: best`` corrects its ranking by.

Held-out rows only, and sources weighted alike: a source with sixty rows of one machine is one voice, not sixty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from clustersim.perf.shortlist import KindError
from clustersim.validation.common import ValidationRow
from clustersim.validation.training import plan_shards, predict

__all__ = ["TABLES", "errors_by_kind", "shipped_errors", "table_text"]

#: Shipped tables whose rows count.
TABLES = ("training.csv", "training_2026.csv")
HEAD = """# Errors of predicted step times by kind of plan: mean of predicted over measured less one, and its spread,
# sources weighted alike, rows that constants were tuned on left out.
# between: spread of the errors of plans that answer one question, about their mean.
# Made by `clustersim validate training --plan-errors`.
kind,bias,spread,rows,between
"""


def errors_by_kind(rows: Iterable[ValidationRow]) -> dict[str, KindError]:
    """Return bias and spread of the step times by kind of plan, and of all under ``all``.

    bias = mean over sources of the source's mean of predicted / measured - 1; spread likewise of the squares about it.
    """
    found: dict[str, dict[str, list[float]]] = {}
    asked: dict[str, dict[tuple[str, str], list[float]]] = {}
    for row in rows:
        if row.predicted is None or row.aside or row.tuned or row.unit != "s" or not row.measured > 0:
            continue
        off = row.predicted / row.measured - 1.0
        for kind in (plan_shards(row), "all"):
            found.setdefault(kind, {}).setdefault(row.source, []).append(off)
            if row.question:
                asked.setdefault(kind, {}).setdefault((row.source, row.question), []).append(math.log1p(off))
    return {
        kind: replace(_error(by_source), between=_between(asked.get(kind, {})))
        for kind, by_source in sorted(found.items())
    }


def _between(asked: Mapping[tuple[str, str], Sequence[float]]) -> float:
    """The spread of answers to one question about their mean, sources alike; 0 where no question has two answers."""
    by_source: dict[str, list[float]] = {}
    for (source, _), values in asked.items():
        if len(values) > 1:
            one = by_source.setdefault(source, [0.0, 0.0])
            middle = fmean(values)
            one[0] += sum((v - middle) ** 2 for v in values)
            one[1] += len(values) - 1
    return math.sqrt(fmean(square / free for square, free in by_source.values())) if by_source else 0.0


def _error(by_source: dict[str, list[float]]) -> KindError:
    bias = fmean(fmean(values) for values in by_source.values())
    spread = math.sqrt(fmean(fmean((v - bias) ** 2 for v in values) for values in by_source.values()))
    return KindError(bias, spread, sum(map(len, by_source.values())))


def shipped_errors() -> dict[str, KindError]:
    """Return the errors on the shipped tables."""
    from clustersim.validation.sources import shipped_rows

    return errors_by_kind(row for table in TABLES for row in predict(shipped_rows(table)))


def table_text(errors: dict[str, KindError]) -> str:
    """Return the table as it is shipped: four digits, for a fifth would say more than the rows do."""
    lines = [f"{kind},{e.bias:.4f},{e.spread:.4f},{e.rows},{e.between:.4f}" for kind, e in errors.items()]
    return HEAD + "\n".join(lines) + "\n"
