"""Whether the bands hold: every source, or every card, left out in turn, and its rows held against the rest's band."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.extras import needs
from clustersim.intervals.bands import Calibration, by_quantity, calibration, classed
from clustersim.intervals.maturity import Known, known_of
from clustersim.intervals.residuals import QUANTITIES, Residual

__all__ = ["Scored", "against", "card_rows", "coverage_rows", "held_out", "interval_score", "left_out"]

Array = NDArray[np.float64]
#: Share of rows that a P10-P90 interval should hold.
ASKED = 0.8


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with the band that was made without it."""

    row: Residual
    low: float
    middle: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the row lies inside."""
        return self.low <= self.row.log_ratio <= self.high


def interval_score(low: Any, high: Any, value: Any, missed: float = 1.0 - ASKED) -> Any:
    """Return the interval score (less is better): width, and 2 / missed for every unit that a value lies outside.

    >>> round(float(interval_score(0.0, 1.0, 1.5)), 9)
    6.0

    Source: Gneiting and Raftery 2007, equation 43.
    """
    value = np.asarray(value)
    below, above = np.maximum(low - value, 0.0), np.maximum(value - high, 0.0)
    return high - low + 2.0 / missed * (below + above)


def left_out(
    rows: Sequence[Residual], key: Callable[[Residual], str], *, at: Iterable[str] = ()
) -> list[Scored]:
    """Return every held-out row with the band of the rows of other keys; ``at``: of these keys alone.

    Classes are those that were known beforehand, from all rows.
    """
    known, out = known_of(rows), list[Scored]()
    for quantity, mine in by_quantity(rows).items():
        for name in sorted({key(r) for r in mine} & set(at or map(key, mine))):
            rest = [r for r in rows if r.quantity == quantity and key(r) != name]
            test = [r for r in mine if key(r) == name and not r.tuned and r.scored]
            if test and any(not r.tuned for r in rest):
                out += held_out(test, _without(rest, quantity, name, known, key), known)
    return out


def _without(
    rest: Sequence[Residual], quantity: str, name: str, known: Known, key: Callable[[Residual], str]
) -> Calibration:
    """The calibration without a key, evidence from outside that may be the key's own left out too."""
    from clustersim.intervals.residuals import evidence

    others = [r for r in evidence() if r.quantity == quantity and key(r) not in {name, ""}]
    return Calibration(classed([*rest, *others], known))


def held_out(test: Iterable[Residual], of: Calibration, known: Known) -> list[Scored]:
    """Return rows with a calibration's bands."""
    out, ends = [], dict[tuple[str, str], Array]()
    for row in classed(test, known):
        kind = row.maturity, row.layout
        if kind not in ends:
            ends[kind] = of.band(*kind).quantile([0.1, 0.5, 0.9])
        out.append(Scored(row, *(float(level) for level in ends[kind])))
    return out


def against(rows: Sequence[Residual], shipped: Sequence[Residual]) -> list[Scored]:
    """Return rows that are not shipped with the bands of those that are."""
    known = known_of(shipped)
    out = []
    for quantity, mine in by_quantity(r for r in rows if not r.tuned).items():
        out += held_out(mine, calibration(shipped, quantity, known), known)
    return out


def coverage_rows(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """Return one line a domain, a quantity and a class: coverage, width, interval score, and that of a constant band.

    The constant band of a domain is predicted x [1 - x, 1 + x], x such that it holds 80 % of the other sources' rows.
    """
    flat = _constant(scored)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, s in enumerate(scored):
        quantity = s.row.quantity
        for name in (
            (_domain(s), "", ""),
            (_domain(s), quantity, ""),
            (_domain(s), quantity, s.row.maturity),
        ):
            groups.setdefault(name, []).append(i)
    return [_line(name, [scored[i] for i in mine], flat[mine]) for name, mine in sorted(groups.items())]


def _domain(scored: Scored) -> str:
    return QUANTITIES[scored.row.quantity]


def _constant(scored: Sequence[Scored]) -> Array:
    """The interval scores of the constant band, row by row."""
    off = np.array([abs(np.expm1(s.row.log_ratio)) for s in scored])
    value = np.array([s.row.log_ratio for s in scored])
    domain = np.array([_domain(s) for s in scored])
    source = np.array([s.row.source for s in scored])
    out = np.full(len(scored), np.nan)
    for name in np.unique(domain):
        for left in np.unique(source[domain == name]):
            mine, rest = (domain == name) & (source == left), (domain == name) & (source != left)
            if rest.any():
                x = min(float(np.quantile(off[rest], ASKED)), 0.99)
                out[mine] = interval_score(np.log1p(-x), np.log1p(x), value[mine])
    return out


def _line(name: tuple[str, str, str], mine: Sequence[Scored], flat: Array) -> dict[str, Any]:
    low, high = np.array([s.low for s in mine]), np.array([s.high for s in mine])
    value = np.array([s.row.log_ratio for s in mine])
    scores = interval_score(low, high, value)
    both = np.isfinite(flat)
    constant = float(flat[both].mean()) if both.any() else float("nan")
    inside = np.array([s.inside for s in mine], dtype=float)
    return {
        "domain": name[0], "quantity": name[1], "maturity": name[2], "rows": len(mine),
        "sources": len({s.row.source for s in mine}), "inside_share": float(inside.mean()),
        "p_value": _p_value(mine, inside), "low_factor": float(np.exp(np.median(low))),
        "high_factor": float(np.exp(np.median(high))), "width_log": float(np.mean(high - low)),
        "interval_score": float(np.mean(scores)), "constant_score": constant,
        "better_pct": 100.0 * (1.0 - float(scores[both].mean()) / constant) if both.any() else float("nan"),
    }  # fmt: skip


def _p_value(mine: Sequence[Scored], inside: Array) -> float | None:
    """Two-sided p-value of coverage of 80 % with sources as clusters (t of the cluster sums); None for one source."""
    with needs("study", "tests of coverage"):
        from scipy.stats import t

    sums: dict[str, float] = {}
    for s, at in zip(mine, inside, strict=True):
        sums[s.row.source] = sums.get(s.row.source, 0.0) + float(at) - ASKED
    values = np.array(list(sums.values()))
    spread = float(np.sqrt(np.sum(values**2)))
    if len(values) < 2 or spread == 0.0:
        return None
    return float(2.0 * t.sf(abs(values.sum()) / spread, len(values) - 1))


def card_rows(rows: Sequence[Residual], cards: Iterable[str]) -> list[dict[str, Any]]:
    """Return one line a card and quantity with the card left out, and the mean of the cards: coverage, bias of the
    centre in percent of the measurement."""
    scored = left_out(rows, lambda r: r.card, at=cards)
    groups: dict[tuple[str, str], list[Scored]] = {}
    for s in scored:
        for name in ((s.row.card, "all"), (s.row.card, s.row.quantity)):
            groups.setdefault(name, []).append(s)
    lines: list[dict[str, Any]] = [_card_line(name, mine) for name, mine in sorted(groups.items())]
    alike = [line for line in lines if line["quantity"] == "all"]
    if alike:
        share = float(np.mean([line["inside_share"] for line in alike]))
        lines.append(
            {**dict.fromkeys(lines[0]), "card": "cards alike", "quantity": "all", "inside_share": share}
        )
    return lines


def _card_line(name: tuple[str, str], mine: Sequence[Scored]) -> dict[str, Any]:
    off: Mapping[str, float] = {
        "bias_of_centre_pct": float(np.mean([np.expm1(s.middle - s.row.log_ratio) for s in mine])) * 100.0,
        "median_bias_pct": float(np.median([np.expm1(s.middle - s.row.log_ratio) for s in mine])) * 100.0,
        "width_log": float(np.mean([s.high - s.low for s in mine])),
    }
    inside = float(np.mean([s.inside for s in mine]))
    return {"card": name[0], "quantity": name[1], "rows": len(mine), "inside_share": inside, **off}
