"""Constants found again without a group: only where its rows gave them, by their grid, else what a user would get."""

from __future__ import annotations

import pytest

from clustersim.errors import InputError
from clustersim.validation.leave_out import CONSTANTS, Measured, left_out_steps, measured_steps
from clustersim.validation.sources import shipped_rows


@pytest.fixture(scope="module")
def rows() -> list[Measured]:
    table = [
        row for row in shipped_rows("training.csv") if row["source"].startswith(("MosaicML", "Reducing"))
    ]
    return measured_steps(table)


def test_a_source_left_out_takes_what_a_user_without_it_gets(rows: list[Measured]) -> None:
    found = {g["group"][:8]: g for g in left_out_steps("source", rows)["groups"]}
    assert found["MosaicML"]["found_again"] >= 1
    assert any(text.startswith("dp_overlap of mosaicml 0 -> 0.9") for text in found["MosaicML"]["moved"])
    assert found["Reducing"]["found_again"] == 0 and not found["Reducing"]["moved"]


def test_a_card_left_out_keeps_what_other_cards_say(rows: list[Measured]) -> None:
    groups = left_out_steps("card", rows)["groups"]
    assert {g["group"] for g in groups} >= {"H100", "A100-40G"}
    for group in groups:
        assert not any("dp_overlap of mosaicml 0 -> 0.9" in text for text in group["moved"])


def test_nothing_moves_where_no_row_gave_a_constant(rows: list[Measured]) -> None:
    plain = [row for row in rows if not row.tuned]
    for by in ("source", "card", "release"):
        assert all(g["found_again"] == 0 for g in left_out_steps(by, plain)["groups"])


def test_shipped_values_are_those_of_the_profiles() -> None:
    every = [row for table in ("training.csv", "domestic_training.csv") for row in _some(table)]
    for constant in CONSTANTS:
        assert any(constant.holds(row) for row in every), constant


def _some(table: str) -> list[Measured]:
    """The first rows of every pair of card and stack: enough to see each constant somewhere."""
    seen: dict[tuple[str, str, str], int] = {}
    kept = []
    for row in shipped_rows(table):
        key = (row["source"], row["gpu"], row["model"])
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 1:
            kept.append(row)
    return measured_steps(kept)


def test_an_unknown_word_is_named() -> None:
    with pytest.raises(InputError, match="source"):
        left_out_steps("sorce", [])
