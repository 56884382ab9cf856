"""What every validation has in common: one row per measurement, and the errors over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from scipy.stats import spearmanr

from clustersim.errors import InputError, suggest

__all__ = ["ColumnError", "ValidationRow", "require_columns", "summarise"]


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """One measurement beside its prediction.

    ``predicted`` is None where the row cannot be predicted; ``reason`` then says why. ``group`` names what the
    summary groups by besides the source (a model size, a fabric); ``details`` carries the constants and
    choices behind the prediction.
    """

    id: str
    source: str
    predicted: float | None
    measured: float
    unit: str
    card: str
    reason: str = ""
    group: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    aside: bool = False
    """Measured beside the domain's own quantity (memory beside time): in its group, but not in the totals."""

    @property
    def error_pct(self) -> float | None:
        """Signed error in percent of the measurement, None where there is no prediction.

        >>> ValidationRow("a", "s", 11.0, 10.0, "s", "H100").error_pct
        10.0
        """
        if self.predicted is None or self.measured == 0:
            return None
        return 100.0 * (self.predicted - self.measured) / self.measured


class ColumnError(InputError):
    """A table lacks columns; ``problem`` says which, without the place."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}:1: {problem}")
        self.problem = problem


def require_columns(columns: Iterable[str], needed: Sequence[str], file: str) -> None:
    """Raise ColumnError naming every needed column that a CSV lacks, with the nearest one it has.

    >>> require_columns(["a", "b"], ["a"], "x.csv")
    """
    have = list(columns)
    missing = [name for name in needed if name not in have]
    if not missing:
        return
    near = {name: suggest(name, have) for name in missing}
    said = [
        f"{name!r} is missing{', ' + near[name] if near[name].startswith('did') else ''}" for name in missing
    ]
    raise ColumnError(
        file, f"{'; '.join(said)}. It has: {', '.join(have)}. Needed columns: {', '.join(needed)}"
    )


def _statistics(rows: Sequence[ValidationRow]) -> dict[str, Any]:
    errors = [e for e in (row.error_pct for row in rows) if e is not None and math.isfinite(e)]
    pairs = [(r.predicted, r.measured) for r in rows if r.predicted is not None]
    out: dict[str, Any] = {"n_rows": len(rows), "n_predicted": len(pairs)}
    out["mape_pct"] = fmean(abs(e) for e in errors) if errors else None
    out["median_ape_pct"] = median(abs(e) for e in errors) if errors else None
    out["bias_pct"] = fmean(errors) if errors else None
    varied = len({p for p, _ in pairs}) > 1 and len({m for _, m in pairs}) > 1
    rank = (
        spearmanr([p for p, _ in pairs], [m for _, m in pairs]).statistic
        if len(pairs) > 2 and varied
        else None
    )
    ranged = [bool(r.details["inside"]) for r in rows if "inside" in r.details]
    if ranged:
        out["n_ranged"], out["inside_share"] = len(ranged), sum(ranged) / len(ranged)
    out["spearman"] = None if rank is None or math.isnan(rank) else float(rank)
    return out


def summarise(domain: str, rows: Sequence[ValidationRow]) -> dict[str, Any]:
    """Return the answer of ``validate``: the errors in total, by source, by group, and row by row.

    MAPE is the mean of |predicted - measured| / measured, bias the signed mean, Spearman the rank correlation
    of predictions with measurements. Totals and sources hold the domain's own quantity; what was measured beside it
    is in its group.

    >>> rows = [ValidationRow(str(i), "paper", m * 1.1, m, "s", "H100") for i, m in enumerate((1.0, 2.0, 4.0))]
    >>> round(summarise("training", rows)["mape_pct"], 6)
    10.0
    """
    own = [r for r in rows if not r.aside]
    by_source = {s: _statistics([r for r in own if r.source == s]) for s in sorted({r.source for r in own})}
    groups = sorted({r.group for r in rows if r.group})
    return {
        "domain": domain,
        **_statistics(own),
        "by_source": by_source,
        "by_group": {g: _statistics([r for r in rows if r.group == g]) for g in groups},
        "rows": [
            {
                "id": r.id, "source": r.source, "group": r.group, "card": r.card, "unit": r.unit,
                "predicted": r.predicted, "measured": r.measured, "error_pct": r.error_pct,
                "reason": r.reason, "aside": r.aside, "details": dict(r.details),
            }
            for r in rows
        ],
    }  # fmt: skip
