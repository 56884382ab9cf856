"""A card taken as unknown as a page: its class's error, and that of a calibration on a few rows, on the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clustersim.calibration.judge import judge, known_of
from clustersim.calibration.rows import Run, read_data
from clustersim.calibration.surrogate import ask
from clustersim.report.answer import Answer

__all__ = ["judged_answer"]


def judged_answer(
    card: str, files: Sequence[str], *, given: int, trials: int, most: int, seed: int, maker: bool,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Judge calibration on a card: ``given`` of its rows by lot, the rest predicted, over ``trials``.

    Raises InputError where no row of it can be predicted, or none would be left.
    """
    done = [0]

    def told(run: Run, key: str, change: Any) -> dict[str, float]:
        done[0] += 1
        tell(done[0], done[0] + trials)
        return ask(run, key, change)

    tables = (
        [(at, domain, [dict(r) for r in rows]) for at, domain, rows in read_data(files)] if files else None
    )
    known = known_of(card, most, seed, maker=maker, tables=tables, asked=told)
    found = judge(known, given, trials, seed + 1)
    row = {
        "card": found.card, "maker": "known" if maker else "unknown", "rows": found.rows, "runs": found.runs,
        "given": given, "trials": trials, "class_mean_pct": 100 * found.middle("class_error"),
        "factors_alone_mean_pct": 100 * found.middle("physics_error"),
        "calibrated_mean_pct": 100 * found.middle("error"),
        "class_median_pct": 100 * found.middle("class_median"), "calibrated_median_pct": 100 * found.middle("median"),
        "inside_90_pct": 100 * found.cover,
    }  # fmt: skip
    shown = {k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()}
    head = (
        f"{card} taken as unknown: errors on the rows that were not given, mean or median over rows, median over"
        f" {trials} lots"
    )
    return Answer(name="judged", data=row, rows=[row], page=lambda: [head, [shown]])
