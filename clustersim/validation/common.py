"""What every validation has in common: one row per measurement, and the errors over all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from clustersim.errors import InputError, listed, suggest
from clustersim.schema.profiles import CardProfile
from clustersim.special import rank_correlation

__all__ = [
    "NO_MEASUREMENT",
    "ColumnError",
    "ValidationRow",
    "class_of",
    "flat_rows",
    "given_rows",
    "reason_of",
    "regret",
    "require_columns",
    "sources_alike",
    "summarise",
]  # fmt: skip

#: Why a row with an empty measured cell is set aside.
NO_MEASUREMENT = "no measured value"
#: Units of which more is better; of the others less is.
MORE_IS_BETTER = ("tok/s", "efficiency", "GB/s", "TFLOP/s", "ETTR")


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """One measurement beside its prediction.

    ``predicted`` is None where the row is set aside; ``reason`` then says why. ``group`` names what the summary groups
    by besides the source (a model size, a fabric); ``details`` carries the constants and choices behind the prediction.
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
    software: str = ""
    """Profile of the software whose constants were taken."""
    card_class: str = ""
    """Maker and series of the card."""
    plan_kind: str = ""
    """How the work is spread: what of pipelines, experts, sharding and tensors the plan uses most visibly."""
    domain: str = ""
    """How many cards, or which workload, in the words of the validation."""
    tuned: bool = False
    """Some constant behind the prediction was found from this row."""
    family: str = ""
    """What kind of model on what kind of software: where errors are unlike for reasons that are known beforehand."""
    question: str = ""
    """What a planner would be asked, alike for rows that answer it by different plans."""

    @property
    def error_pct(self) -> float | None:
        """Signed error in percent of the measurement, None where there is no prediction.

        >>> ValidationRow("a", "s", 11.0, 10.0, "s", "H100").error_pct
        10.0
        """
        if self.predicted is None or self.measured == 0 or math.isnan(self.measured):
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
    raise ColumnError(file, f"{'; '.join(said)}. It has: {listed(have)}. Needed columns: {', '.join(needed)}")


def given_rows(
    rows: Iterable[Mapping[str, str]], needed: Sequence[str], name: str, file: str = ""
) -> list[Mapping[str, str]]:
    """Return the rows of a table that must have some, with the needed columns; ``file`` is what a column lacks from.

    >>> given_rows([{"a": "1"}], ["a"], "x")
    [{'a': '1'}]

    Raises InputError for no rows, ColumnError for missing columns.
    """
    given = list(rows)
    if not given:
        raise InputError(f"{name}: no rows")
    require_columns(given[0], needed, file or f"{name} data")
    return given


def _statistics(rows: Sequence[ValidationRow]) -> dict[str, Any]:

    errors = [e for e in (row.error_pct for row in rows) if e is not None and math.isfinite(e)]
    pairs = [(r.predicted, r.measured) for r in rows if r.predicted is not None]
    out: dict[str, Any] = {"n_rows": len(rows), "n_predicted": len(pairs)}
    out["mape_pct"] = fmean(abs(e) for e in errors) if errors else None
    out["median_ape_pct"] = median(abs(e) for e in errors) if errors else None
    out["bias_pct"] = fmean(errors) if errors else None
    varied = len({p for p, _ in pairs}) > 1 and len({m for _, m in pairs}) > 1
    rank = (
        rank_correlation([p for p, _ in pairs], [m for _, m in pairs]) if len(pairs) > 2 and varied else None
    )
    ranged = [bool(r.details["inside"]) for r in rows if "inside" in r.details]
    if ranged:
        out["n_ranged"], out["inside_share"] = len(ranged), sum(ranged) / len(ranged)
    out["spearman"] = None if rank is None or math.isnan(rank) else float(rank)
    return out


def sources_alike(rows: Sequence[ValidationRow]) -> dict[str, Any]:
    """Return errors with every source one voice: the median of their mean errors, and the mean of their biases.

    ``left_out`` holds the same of the sources none of whose rows constants were found from.

    >>> def row(source, predicted, tuned=False):
    ...     return ValidationRow("a", source, predicted, 1.0, "s", "X", tuned=tuned)
    >>> found = sources_alike([row("a", 1.2), row("a", 1.0), row("b", 0.9, tuned=True), row("c", 1.3)])
    >>> round(found["median_mape_pct"], 6), round(found["bias_pct"], 6), found["left_out"]["sources"]
    (10.0, 10.0, 2)
    """
    by: dict[str, list[ValidationRow]] = {}
    for row in rows:
        if row.error_pct is not None and not row.aside:
            by.setdefault(row.source, []).append(row)
    left = {name: members for name, members in by.items() if not any(r.tuned for r in members)}
    return {**_alike(by), "left_out": _alike(left)}


def _alike(by: Mapping[str, Sequence[ValidationRow]]) -> dict[str, Any]:
    errors = [[r.error_pct or 0.0 for r in members] for members in by.values()]
    return {
        "sources": len(errors),
        "rows": sum(map(len, errors)),
        "median_mape_pct": median(fmean(map(abs, one)) for one in errors) if errors else None,
        "bias_pct": fmean(map(fmean, errors)) if errors else None,
    }


def reason_of(error: Exception) -> str:
    """Return why a row is set aside: its first line, or what is wrong with its keys where its scenario is refused.

    >>> reason_of(InputError("plan: no\\nmore"))
    'plan: no'
    """
    problems = error.problems if isinstance(error, InputError) else ()
    return "; ".join(f"{p.key}: {p.what}" for p in problems) or str(error).splitlines()[0]


def class_of(card: CardProfile) -> str:
    """Return maker and series of a card."""
    return f"{card.vendor} {card.series}".strip()


def regret(rows: Sequence[ValidationRow]) -> dict[str, Any]:
    """Return what picking the predicted best of every question costs against the measured best, in percent.

    A question is answered by two rows or more that were both predicted; the regret is how much worse the measurement of
    the predicted best is than the best measurement.

    >>> a = ValidationRow("a", "s", 1.0, 2.2, "s", "X", question="q")
    >>> b = ValidationRow("b", "s", 1.5, 2.0, "s", "X", question="q")
    >>> round(regret([a, b])["mean_pct"], 6), regret([a])["questions"]
    (10.0, 0)
    """
    asked: dict[str, list[ValidationRow]] = {}
    for row in rows:
        if row.question and row.error_pct is not None and not row.aside:
            asked.setdefault(f"{row.question}|{row.unit}", []).append(row)
    lost = [_lost(answers) for answers in asked.values() if len(answers) > 1]
    return {
        "questions": len(lost),
        "rows": sum(len(answers) for answers in asked.values() if len(answers) > 1),
        "mean_pct": fmean(lost) if lost else None,
        "median_pct": median(lost) if lost else None,
        "max_pct": max(lost) if lost else None,
        "best_found": sum(value == 0 for value in lost),
    }


def _lost(answers: Sequence[ValidationRow]) -> float:
    sign = -1.0 if answers[0].unit in MORE_IS_BETTER else 1.0
    picked = min(answers, key=lambda r: sign * (r.predicted or 0.0)).measured
    best = min(sign * r.measured for r in answers) * sign
    return 100.0 * (picked / best - 1.0) * sign


#: Name of a table of errors -> what it groups rows by.
_TABLES: dict[str, Callable[[ValidationRow], str]] = {
    "by_software": lambda r: r.software,
    "by_card_class": lambda r: r.card_class,
    "by_plan_kind": lambda r: r.plan_kind,
    "by_family": lambda r: r.family,
    "by_domain": lambda r: r.domain,
}


def summarise(domain: str, rows: Sequence[ValidationRow]) -> dict[str, Any]:
    """Return the answer of ``validate``: errors in total and by whatever may hide them, regret, rows set aside, rows.

    MAPE is the mean of |predicted - measured| / measured, bias the signed mean, Spearman the rank correlation
    of predictions with measurements. Totals and tables hold the domain's own quantity; what was measured beside it
    is in its group.

    >>> rows = [ValidationRow(str(i), "paper", m * 1.1, m, "s", "H100") for i, m in enumerate((1.0, 2.0, 4.0))]
    >>> round(summarise("training", rows)["mape_pct"], 6)
    10.0
    """
    own = [r for r in rows if not r.aside]
    answer: dict[str, Any] = {"domain": domain, **_statistics(own), "regret": regret(own)}
    answer["held_out"] = _statistics([r for r in own if not r.tuned])
    answer["sources_alike"] = sources_alike(own)
    answer["by_source"] = _by(own, lambda r: r.source)
    answer["by_group"] = _by(rows, lambda r: r.group)
    for name, key in _TABLES.items():
        answer[name] = _by(own, key)
    aside: dict[str, int] = {}
    for row in rows:
        if row.predicted is None:
            aside[row.reason] = aside.get(row.reason, 0) + 1
    answer["set_aside"] = dict(sorted(aside.items(), key=lambda item: (-item[1], item[0])))
    answer["rows"] = [
        {**flat, "details": dict(row.details)} for flat, row in zip(flat_rows(rows), rows, strict=True)
    ]
    return answer


def _by(rows: Sequence[ValidationRow], key: Callable[[ValidationRow], str]) -> dict[str, Any]:
    names = sorted({key(r) for r in rows if key(r)})
    return {name: _statistics([r for r in rows if key(r) == name]) for name in names}


def flat_rows(rows: Iterable[ValidationRow]) -> list[dict[str, Any]]:
    """Return one flat record a row: what ``-f csv`` prints."""
    return [
        {
            "id": r.id, "source": r.source, "group": r.group, "software": r.software, "card": r.card,
            "card_class": r.card_class, "plan_kind": r.plan_kind, "domain": r.domain, "unit": r.unit,
            "predicted": r.predicted, "measured": None if math.isnan(r.measured) else r.measured,
            "error_pct": r.error_pct, "tuned": r.tuned, "aside": r.aside, "reason": r.reason,
        }
        for r in rows
    ]  # fmt: skip
