"""How well P10 to P90 holds what was measured, every source left out in turn: the figures of docs/intervals.md.

The bounds are those that were asked, where they are met; what is not met stands in docs/intervals.md.
"""

from __future__ import annotations

import pytest

from clustersim.intervals.coverage import card_rows, coverage_rows, left_out
from clustersim.intervals.residuals import shipped_residuals

LINES = {
    (row["domain"], row["quantity"], row["maturity"]): row
    for row in coverage_rows(left_out(shipped_residuals(), lambda r: r.source))
}


@pytest.mark.parametrize("domain", ["training", "serving"])
def test_a_domain_is_covered_as_asked(domain: str) -> None:
    assert 0.75 <= LINES[domain, "", ""]["inside_share"] <= 0.86


def test_no_class_is_rejected_at_one_percent() -> None:
    tested = {name: row["p_value"] for name, row in LINES.items() if row["p_value"] is not None}
    assert len(tested) > 8 and min(tested.values()) > 0.01


def test_bands_by_class_score_better_than_one_band() -> None:
    assert LINES["collectives", "", ""]["better_pct"] > 15.0
    assert LINES["serving", "", ""]["better_pct"] > 0.0 and LINES["training", "", ""]["better_pct"] > 0.0


def test_cards_left_out_are_covered_as_asked() -> None:
    cards = card_rows(shipped_residuals(), ("Ascend-910B", "H20", "BW1000", "MetaX-C500", "MetaX-C550"))
    alike = next(row for row in cards if row["card"] == "cards alike")
    assert alike["inside_share"] >= 0.70
