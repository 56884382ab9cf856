"""A row of a reliability table with what its cells state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clustersim.schema.profiles import load_fleet
from clustersim.validation import reliability_text as text
from clustersim.validation.common import ValidationRow
from clustersim.validation.sources import shipped_rows

__all__ = ["CARDS_PER_NODE", "Row", "read_row"]

CARDS_PER_NODE = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A row with what its cells state."""

    cells: Mapping[str, str]
    cards: float | None
    days: float | None
    failures: float | None
    mttf_s: float | None
    mttf_from: str

    @property
    def base(self) -> dict[str, Any]:
        return {"id": self.cells["id"], "source": self.cells["source"], "card": self.cells["cluster"]}

    def answer(self, predicted: float, measured: float, unit: str, group: str, **more: Any) -> ValidationRow:
        aside = more.pop("aside", False)
        return ValidationRow(
            **self.base,
            predicted=predicted,
            measured=measured,
            unit=unit,
            group=group,
            aside=aside,
            details=more,
        )

    def refuse(self, measured: float | None, unit: str, group: str, reason: str) -> ValidationRow:
        return ValidationRow(
            **self.base, predicted=None, measured=math.nan if measured is None else measured, unit=unit, group=group,
            reason=reason,
        )  # fmt: skip


def _named_fleet(words: str) -> str:
    """The profile of the fleet that a row's words name; empty where they name none."""
    lines = shipped_rows("reliability_fleets.csv")
    return next((line["fleet"] for line in lines if line["words"] in words), "")


def read_row(row: Mapping[str, str]) -> Row:
    """Turn cells into numbers; the MTTF from the first of its sources that is there."""
    cells = {k: (v or "") for k, v in row.items()}
    cards, days = text.cards(cells["n_gpus"]), text.days(cells["duration_days"])
    n, d, failures = (
        cards.value if cards else None,
        days.value if days else None,
        text.count(cells["failures"]),
    )
    if over := text.counted_over(cells["failures"]):
        failures, d = over
    mttf, how = None, ""
    stated = text.hours(cells["mttf_hours"])
    rate = text.node_rate(cells)
    hours = text.card_hours(cells, CARDS_PER_NODE)
    fleet = _named_fleet(cells["cluster"])
    if rate and n:
        mttf, how = 86400 / (n / CARDS_PER_NODE * rate), f"rate {rate} per server-day, stated in the row"
    elif fleet and n:
        hours_of = load_fleet(fleet).card_hours_per_failure.value
        mttf, how = hours_of * 3600 / n, f"rate of the fleet {fleet}"
    elif stated:
        mttf, how = stated.value * 3600, "stated in the row"
    elif hours and n:
        mttf, how = hours * 3600 / n, "card-hours per failure, stated in the row"
    elif between := text.time_between(cells["failures"]):
        mttf, how = between, "failures by time, stated in the row"
    elif failures and d:
        mttf, how = d * 86400 / failures, "the row's count over its duration"
    return Row(cells, n, d, failures, mttf, how)
