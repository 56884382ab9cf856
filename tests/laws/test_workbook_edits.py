"""Law: whatever an analyst types into the workbook gives what the command line gives, to 1e-9.

Every yearly driver x year, units, price and unit cost x product x year, peer and scalar, up and down, in the books of
four companies as shipped and moved: 3,424 edits (marker ``full``), and handfuls of them at once; the ordinary suite
takes a seeded sample. The program that recalculates is not ours.
"""

import random
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import formualizer
import numpy as np
import pytest
from workbook_recalc import errors_in, place, stripped

from clustersim.finance.analysis import now, target_price, with_values
from clustersim.finance.company import YEARLY_DRIVERS
from clustersim.planner.company import company_run, forecast_run
from clustersim.report.workbook.export import export_workbook

COMPANIES = ("biren", "metax", "moore-threads", "iluvatar")
STATES: dict[str, tuple[str, ...]] = {
    "as shipped": (),
    "moved": (
        "company.asp_scale=0.93", "company.units_scale=1.2", "company.drivers.progress_ratio=0.92",
        "company.drivers.variable_opex_share=0.2", "company.tax_rate=20 %", "company.drivers.asset_life=4",
        "company.drivers.warranty_share=2 %",
    ),
}  # fmt: skip
SCALARS = (
    "tax_rate", "net_cash", "fx_per_cny", "shares_m", "dcf_weight", "drivers.variable_opex_share",
    "drivers.warranty_share", "drivers.progress_ratio", "drivers.asset_life",
)  # fmt: skip
ROWS = {"units": "in.units", "asp": "in.asp", "unit_cost": "in.unit_cost"}
Edit = tuple[str, str, float]


class Live:
    """A book that is typed into and recalculated by another program."""

    def __init__(self, name: str, state: str) -> None:
        self.run = forecast_run(name, STATES[state])
        folder = Path(mkdtemp())
        self.book = export_workbook(folder / "book.xlsx", {"base": self.run}, selected="base")
        stripped(folder / "book.xlsx", folder / "s.xlsx")
        self.program: Any = formualizer.load_workbook(str(folder / "s.xlsx"))

    def target(self, edits: list[Edit]) -> float:
        """Type, recalculate, read, and take the edits back."""
        was = [(address, self._value(address)) for _, address, _ in edits]
        for _, address, value in edits:
            self.program.set_value(*place(address), value)
        self.program.evaluate_all()
        found = self._value(self.book.cell("target_price"))
        for address, value in was:
            self.program.set_value(*place(address), value)
        return found

    def _value(self, address: str) -> float:
        value = self.program.evaluate_cell(*place(address))
        assert isinstance(value, int | float), (address, value)
        return float(value)

    def edits(self) -> list[Edit]:
        """Every cell that is typed and moves the forecast, up and down: (key of the file, cell, value)."""
        company, book, out = self.run.company, self.book, []
        for i, year in enumerate(company.years):
            keys = [(f"drivers.{name}.{year}", book.at(f"in.{name}", i)) for name in YEARLY_DRIVERS]
            for line in company.products:
                for what, row in ROWS.items():
                    sold = year in (line.unit_cost_kcny if what == "unit_cost" else line.units)
                    if sold:
                        keys.append((f"products.{line.name}.{what}.{year}", book.at(f"{row}:{line.name}", i)))
            peers = company.peers
            members = peers.members if peers is not None and year == peers.year else ()
            keys += [(f"peers.members.{peer}.{year}", book.at(f"peer:{peer}", i)) for peer in members]
            out += [(key, cell, self._moved(key, sign)) for key, cell in keys for sign in (1, -1)]
        scalars = [(key, book.typed[key]) for key in SCALARS]
        return out + [(key, cell, self._moved(key, sign)) for key, cell in scalars for sign in (1, -1)]

    def _moved(self, key: str, sign: int) -> float:
        at = now(self.run.company, key)
        step = 50_000.0 if "research_expense" in key or "other_" in key or "finance_net" in key else 0.013
        if "depreciation" in key or "share_based" in key:
            step = 50_000.0
        return at * (1 + 0.17 * sign) if at else step * max(sign, 0)


@lru_cache(maxsize=8)
def live(name: str, state: str) -> Live:
    return Live(name, state)


def agree(name: str, state: str, edits: list[Edit]) -> None:
    one = live(name, state)
    expected = float(target_price(with_values(one.run.company, {key: value for key, _, value in edits})))
    found = one.target(edits)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), (name, state, edits, found, expected)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", COMPANIES)
def test_a_sample_of_edits_gives_what_python_gives(name: str, state: str) -> None:
    draw, every = random.Random(f"{name} {state}"), live(name, state).edits()
    for edit in draw.sample(every, 8):
        agree(name, state, [edit])
    for _ in range(2):
        some = {key: (key, cell, value) for key, cell, value in draw.sample(every, 5)}
        agree(name, state, list(some.values()))


@pytest.mark.full
def test_every_edit_gives_what_python_gives() -> None:
    count = 0
    for name in COMPANIES:
        for state in STATES:
            for edit in live(name, state).edits():
                agree(name, state, [edit])
                count += 1
    assert count == 3_424


def test_a_deeply_refinanced_company_agrees(tmp_path: Path) -> None:
    """Debt that is raised, and shares that are: what is typed then moves both."""
    for by in ("debt", "equity"):
        run = forecast_run("biren", ("company.asp_scale=0.7", f"company.refinancing.by={by}"))
        book = export_workbook(tmp_path / f"{by}.xlsx", {"base": run}, selected="base")
        stripped(tmp_path / f"{by}.xlsx", tmp_path / "s.xlsx")
        program = formualizer.load_workbook(str(tmp_path / "s.xlsx"))
        program.set_value(*place(book.at("in.receivable_days", 2)), 130.0)
        program.evaluate_all()
        found = program.evaluate_cell(*place(book.cell("target_price")))
        moved = forecast_run("biren", ("company.asp_scale=0.7", f"company.refinancing.by={by}",
                                       "company.drivers.receivable_days.2028E=130"))  # fmt: skip
        assert found == pytest.approx(float(np.asarray(moved.valuation.target_price)), rel=1e-9)
        # What fails stands on the cover, by name, and in the master flag.
        assert book.values["cover.state.cash"] == "FAILS"
        assert book.value("cover.master") == 0
    assert company_run(run.file).company.refinancing.by == "equity"


@pytest.mark.parametrize(("key", "number"), [("shares_m", 0.0), ("price", 0.0), ("fx_per_cny", 0.0)])
def test_no_error_stands_where_nothing_can_be_shared_out(key: str, number: float) -> None:
    """No shares, or shares without a price: a dash, and the master flag falls; no cell is a division by nothing."""
    one = live("biren", "as shipped")
    book, program, was = one.book, one.program, one._value(one.book.cell(key))
    program.set_value(*place(book.cell(key)), number)
    program.evaluate_all()
    of = [(c.sheet, c.row + 1, c.column + 1) for c in book.cells]
    wrong = errors_in(program, of)
    shown = [
        program.evaluate_cell(*place(book.cell(f"cover.{k}")))
        for k in ("target_price", "rating", "master", "state.price")
    ]
    program.set_value(*place(book.cell(key)), was)
    program.evaluate_all()
    assert wrong == [] and shown == ["–", "CHECKS FAIL: not rated", 0, "FAILS"]
