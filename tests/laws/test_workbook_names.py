"""Law: whatever a product, a peer or a case is called, the workbook is made, and calculates what Python gives."""

import re
import zipfile
from pathlib import Path

import formualizer
import pytest
from workbook_recalc import place, stripped

from clustersim.finance.analysis import target_price, with_values
from clustersim.planner.company import forecast_run
from clustersim.report.workbook.export import export_workbook

COMPANY = """
name: "B[r] {0}"
currency: CNY
years: [2026E, 2027E]
products:
  "{0} [x] {line}": {units: 100000, asp: 60, unit_cost: 28}
  "A&B": {units: 1000, asp: 60, unit_cost: 28}
  "a-b": {units: 1000, asp: 60, unit_cost: 28}
  "x]<": {units: 1000, asp: 60, unit_cost: 28}
  "A1": {units: 1000, asp: 60, unit_cost: 28}
  "=cmd|' /C calc'!A0": {units: 1000, asp: 60, unit_cost: 28}
  "@SUM(A1:A9)": {units: 1000, asp: 60, unit_cost: 28}
  "{long}": {units: 1000, asp: 60, unit_cost: 28}
  "R1C1": {units: 1000, asp: 60, unit_cost: 28}
  "训练卡 $ <y>": {units: 1000, asp: 60, unit_cost: 28}
drivers: {research_expense: 200000, selling_share: 5 %, administrative_share: 5 %, receivable_days: 90,
          inventory_days: 120, payable_days: 60}
opening: {year: 2025A, unit: MCNY, income: {revenue: 400, gross profit: 200},
          balance: {cash: 900, inventories: 100, trade receivables: 90, payables: 40}}
wacc: 12 %
shares_m: 100
price: 20
peers: {year: 2027E, members: {"P[1]": {2027E: 10}, "p{1}": {2027E: 4}}}
"""


@pytest.mark.filterwarnings("error")
def test_names_with_brackets_and_alike_but_for_signs(tmp_path: Path) -> None:
    import openpyxl

    (tmp_path / "odd.yaml").write_text(COMPANY.replace("{long}", "N" * 300), encoding="utf-8")
    run = forecast_run(str(tmp_path / "odd.yaml"), ())
    book = export_workbook(tmp_path / "book.xlsx", {"base": run}, selected="base")
    names = [name.casefold() for name in openpyxl.load_workbook(tmp_path / "book.xlsx").defined_names]
    assert len(names) == len(set(names)) > 40
    # A name that is a place of its own (A1, BR106, R1C1) makes Excel repair the file.
    assert not [name for name in names if re.fullmatch(r"[a-z]{1,3}\d+|r\d*c\d*|true|false", name)]
    with zipfile.ZipFile(tmp_path / "book.xlsx") as parts:
        # No name is run: neither in a cell nor as the name of a series.
        texts = [parts.read(n).decode() for n in parts.namelist() if n.endswith(".xml")]
        assert not [
            t
            for text in texts
            for t in re.findall(r"<(?:\w+:)?f>(.*?)</", text)
            if t.startswith(("cmd", "SUM(A1:"))
        ]
    stripped(tmp_path / "book.xlsx", tmp_path / "s.xlsx")
    program = formualizer.load_workbook(str(tmp_path / "s.xlsx"))
    for line in run.company.products:
        program.set_value(*place(book.at(f"in.units:{line.name}", 1)), 1234.0)
        program.evaluate_all()
        moved = with_values(run.company, {f"products.{line.name}.units.2027E": 1234.0})
        found = program.evaluate_cell(*place(book.cell("target_price")))
        assert found == pytest.approx(float(target_price(moved)), rel=1e-9)
        program.set_value(*place(book.at(f"in.units:{line.name}", 1)), line.units["2027E"])
