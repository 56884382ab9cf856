"""Law: a workbook of any scenario says what Python says, and says it in words of its language."""

import re
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pytest
from live_workbook import live
from workbook_recalc import place, stripped

from clustersim.planner.company import runs_by_case
from clustersim.planner.ranges import SAMPLES
from clustersim.report.labels.label import _WORDS
from clustersim.report.labels.units import UNIT_WORDS
from clustersim.report.pages.company_moves import draws_answer
from clustersim.report.pages.workbook import behind_of
from clustersim.report.workbook.book import VALUE_COLUMN
from clustersim.report.workbook.export import export_workbook


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(name, marks=[] if name == "h100-1024" else [pytest.mark.full])
     for name in ("h100-1024", "br166-mixed", "video-analytics-5g", "shared-1024", "serve-llama3-70b", "br20x-4096")],
)  # fmt: skip
def test_a_book_of_any_scenario_says_what_python_says(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other terms of the market than the lines' own scenarios, works of other kinds, another maker's card.

    Nothing is moved: what surfaces hold beside the card as filed is not asked, and few of their knots are made.
    """
    few = {"PLANE": (0.5, 1.0, 2.0), "COARSE": (0.5, 1.0, 2.0), "FAILURES": (0.5, 1.0, 2.0), "_TRIED": 9,
           "CAPACITY": (0.5, 1.0, 2.0), "_PROBES": ((1.0, 1.0),), "_TRIED_NEAR": 6, "_OFF": 9.0,
           "_CLOSEST": 1.2}  # fmt: skip
    for name, value in few.items():
        monkeypatch.setattr(f"clustersim.planner.surface.{name}", value)
    runs = runs_by_case(scenario, ())
    book = export_workbook(tmp_path / "b.xlsx", runs, selected="base", behind=behind_of(runs, "base")[0])
    assert book.wordless == set()
    stripped(tmp_path / "b.xlsx", tmp_path / "s.xlsx")
    program: Any = formualizer.load_workbook(str(tmp_path / "s.xlsx"))
    program.evaluate_all()
    # A scenario without a market has no card's worth: nothing stands on Cluster.
    of_site = (
        ("value_in_use", "own_card_hour") if runs["base"].chain.inputs.scenario.market is not None else ()
    )
    for key in ("target_price", "master", "cover.rating", *of_site):
        found, expected = program.evaluate_cell(*place(book.cell(key))), book.values[key]
        assert found == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-9)), key


def test_every_label_has_words_in_both_languages(tmp_path: Path) -> None:
    """No key stands in a cell, and what the program says in a Chinese book is Chinese."""
    assert live().book.wordless == set()
    runs, behind = live().runs, live().behind
    book = export_workbook(tmp_path / "zh.xlsx", runs, selected="base", language="zh", behind=behind)
    assert book.wordless == set()
    names = {"BR106", "BR110", "BR166", "BR200", "BR300", "successor", "HKD", "pretrain", "chat", "WACC", "PUE",
             *(p for p in runs["base"].company.peers.members)}  # fmt: skip
    plain = {chinese for _, chinese in (*_WORDS.values(), *UNIT_WORDS.values()) if chinese.isascii()}
    for sheet in openpyxl.load_workbook(tmp_path / "zh.xlsx"):
        assert re.search("[\u4e00-\u9fff]", sheet.title) or sheet.title == "DCF"
        for row in sheet.iter_rows(max_col=1):
            text = row[0].value
            if isinstance(text, str) and text and text not in names | plain:
                assert re.search("[\u4e00-\u9fff]", text) or text == runs["base"].file.title, (
                    sheet.title,
                    text,
                )


def test_every_blue_cell_takes_numbers_alone() -> None:
    """Text typed into one would leave an error in every cell that reads it."""
    book = openpyxl.load_workbook(live().folder / "book.xlsx")
    held = {
        (sheet.title, cell)
        for sheet in book
        for rule in sheet.data_validations.dataValidation
        for part in rule.sqref.ranges
        for row in sheet[part.coord if ":" in part.coord else f"{part.coord}:{part.coord}"]
        for cell in (c.coordinate for c in row)
    }
    typed = {
        (s.strip("'"), c.replace("$", ""))
        for s, _, c in (at.rpartition("!") for at in live().book.typed.values())
    }
    assert typed and typed <= held


def test_no_two_rows_below_a_heading_are_called_the_same() -> None:
    """One who types into a row knows whose it is: this card's or the incumbent's."""
    for sheet in openpyxl.load_workbook(live().folder / "book.xlsx"):
        below: set[str] = set()
        for (cell,) in sheet.iter_rows(min_row=3, max_col=1):
            if cell.font.b:
                below = set()
            elif cell.value:
                assert cell.value not in below, (sheet.title, cell.coordinate, cell.value)
                below.add(cell.value)


def test_the_book_says_of_draws_what_the_note_says() -> None:
    """One number has one value: the draws of the football field are those of `forecast mc` and of the note."""
    rows = draws_answer(live().run, SAMPLES).data["percentiles"]
    found = {row["percentile"]: row["target_price"] for row in rows}
    assert live().book.value("low.by_draws") == pytest.approx(found["P10"], rel=1e-12)
    assert live().book.value("high.by_draws") == pytest.approx(found["P90"], rel=1e-12)


def test_a_bar_without_width_has_a_mark() -> None:
    """A bar from a number to itself is drawn by no program: what is drawn for it has a width, around the number."""
    book = live().book
    at = {(c.row, c.column): c.value for c in book.cells if c.sheet == "Sensitivities"}
    # Only the rows of the field have five numbers, and the grids above them more.
    rows = [r for r in {row for row, _ in at} if sum(row == r for row, _ in at) == 5 and r > 20]
    ways = [[float(at[r, VALUE_COLUMN + j]) for j in (0, 1, 3, 4)] for r in sorted(rows)]
    assert len(ways) >= 4
    for low, high, begins, width in ways:
        assert (width > 0) == (high == low)
        assert begins + width / 2 == pytest.approx(low, rel=1e-12)
    assert ways[-1][3] > 0.005 * max(high for _, high, _, _ in ways)
