"""The workbook says in Excel what the engine says in Python, and keeps saying it when its inputs change."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import formualizer
import pytest
from workbook_recalc import by_formualizer, by_libreoffice, stripped

from clustersim.cli.forecast_common import chain_of, runs_by_case
from clustersim.errors import InputError
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, SHEETS, Book
from clustersim.report.workbook.export import export_workbook

PAIRS = [("nanjing-1024", "base"), ("br166-mixed", "bear"), ("br20x-4096", "bull")]


def runs_of(scenario, *sets):
    return runs_by_case(scenario, sets)


@pytest.fixture(scope="module", params=PAIRS, ids=lambda pair: "-".join(pair))
def exported(request, tmp_path_factory):
    scenario, case = request.param
    folder = tmp_path_factory.mktemp("book")
    path = folder / "book.xlsx"
    runs = runs_of(scenario)
    return export_workbook(path, runs, selected=case), path, runs


def disagreements(book: Book, values: list[object]) -> list[tuple[object, ...]]:
    out = []
    for cell, value in zip(book.cells, values, strict=True):
        if isinstance(cell.value, str):
            same = value == cell.value
        else:
            same = isinstance(value, int | float) and abs(value - cell.value) <= 1e-9 * max(
                1.0, abs(cell.value)
            )
        if not same:
            out.append((cell.sheet, cell.row + 1, cell.column, cell.formula, cell.value, value))
    return out


def places(book: Book) -> list[tuple[str, int, int]]:
    return [(c.sheet, c.row, c.column) for c in book.cells]


def test_formualizer_agrees_on_every_formula(exported, tmp_path):
    book, path, _ = exported
    assert stripped(path, tmp_path / "s.xlsx") == len(book.cells) > 1400
    assert disagreements(book, by_formualizer(tmp_path / "s.xlsx", places(book))) == []


def test_libreoffice_agrees_on_every_formula(exported, tmp_path):
    if shutil.which("soffice") is None and shutil.which("libreoffice") is None:
        pytest.skip("no LibreOffice here (tests/install-debian-packages.sh installs it as root)")
    book, path, _ = exported
    stripped(path, tmp_path / "s.xlsx")
    assert disagreements(book, by_libreoffice(tmp_path / "s.xlsx", places(book), tmp_path)) == []


def place(book: Book, address: str) -> tuple[str, int, int]:
    sheet, _, cell = address.replace("$", "").rpartition("!")
    letters = "".join(c for c in cell if c.isalpha())
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return sheet.strip("'"), int(cell[len(letters) :]), column


def target_after(book: Book, path: Path, changes: dict[str, float]) -> float:
    """The target price that the workbook gives after typing into cells (by their address)."""
    live = formualizer.load_workbook(str(path))
    for address, value in changes.items():
        live.set_value(*place(book, address), value)
    live.evaluate_all()
    value = live.evaluate_cell(*place(book, book.cell("target_price_hkd")))
    assert isinstance(value, float)
    return value


def test_the_selector_switches_the_case(exported, tmp_path):
    book, path, runs = exported
    stripped(path, tmp_path / "s.xlsx")
    for i, run in enumerate(runs.values(), 1):
        found = target_after(book, tmp_path / "s.xlsx", {book.cell("selector"): float(i)})
        assert found == pytest.approx(run.valuation.target_price_hkd, rel=1e-9)


@pytest.mark.parametrize(
    ("key", "number", "override"),
    [
        ("tco.tariff", 0.9, "tco.tariff=0.9 CNY/kWh"),
        ("tco.pue", 1.5, "tco.pue=1.5"),
        ("tax_rate", 0.25, "company.tax_rate=25 %"),
        ("drivers.progress_ratio", 0.9, "company.drivers.progress_ratio=0.9"),
        ("drivers.variable_opex_share", 0.2, "company.drivers.variable_opex_share=0.2"),
        ("switching_discount", 0.4, "market.switching_discount=0.4"),
    ],
)
def test_an_input_typed_into_the_workbook_gives_what_python_gives(tmp_path, key, number, override):
    """From the tariff to HKD per share: the corridor's economic half is live, not only the valuation."""
    changed = ("company.units_scale=1.1",)  # away from the base, so that every departure term is at work
    path = tmp_path / "book.xlsx"
    book = export_workbook(path, runs_of("br166-1024", *changed), selected="base")
    stripped(path, tmp_path / "s.xlsx")
    found = target_after(book, tmp_path / "s.xlsx", {book.cell(key): number})
    expected = chain_of("br166-1024", (*changed, override)).valuation.target_price_hkd
    before = chain_of("br166-1024", changed).valuation.target_price_hkd
    assert found == pytest.approx(expected, rel=1e-9)
    assert found != pytest.approx(before, rel=1e-6)


def test_a_price_and_a_wacc_typed_in_move_the_target(tmp_path):
    path = tmp_path / "book.xlsx"
    runs = runs_of("nanjing-1024")
    book = export_workbook(path, runs, selected="base")
    stripped(path, tmp_path / "s.xlsx")
    base = runs["base"].valuation.target_price_hkd
    cell = book.at("in.asp:BR200", 1)
    dearer = target_after(book, tmp_path / "s.xlsx", {cell: 200.0})
    assert dearer > base + 1
    control = place(book, book.cell("wacc"))
    live = formualizer.load_workbook(str(tmp_path / "s.xlsx"))
    live.set_value(control[0], control[1], FIRST_YEAR_COLUMN + 2, 0.1252)  # the base case's WACC
    live.evaluate_all()
    found = live.evaluate_cell(*place(book, book.cell("target_price_hkd")))
    expected = chain_of("nanjing-1024", ("company.wacc=12.52 %",)).valuation.target_price_hkd
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_same_forecast_gives_the_same_bytes(tmp_path):
    digests = set()
    for name in ("a.xlsx", "b.xlsx"):
        export_workbook(tmp_path / name, runs_of("nanjing-1024"), selected="base")
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_numbers_are_typed_on_inputs_and_control_only(exported):
    _, path, _ = exported
    import openpyxl

    book = openpyxl.load_workbook(path)
    assert tuple(book.sheetnames) == SHEETS
    for name in SHEETS:
        if name in {"Control", "Inputs"}:
            continue
        typed = [
            c.coordinate for row in book[name].iter_rows() for c in row if isinstance(c.value, int | float)
        ]
        assert typed == [], name


def test_no_cell_holds_an_error(exported):
    _, path, _ = exported
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b't="e"' not in archive.read(name)


def test_text_from_files_never_becomes_a_formula(tmp_path):
    import openpyxl

    run = chain_of("nanjing-1024", ())
    evil = [{"check": "=1+1", "printed": "+cmd|' /C calc'!A0", "note": "@SUM(A1)", "verdict": "-2+3"}]
    export_workbook(tmp_path / "e.xlsx", {"base": run}, selected="base", audit=evil)
    sheet = openpyxl.load_workbook(tmp_path / "e.xlsx")["Audit"]
    found = {str(c.value): c.data_type for row in sheet.iter_rows() for c in row if c.value is not None}
    for text in evil[0].values():
        assert found[text] == "s"


def test_modes_that_the_workbook_does_not_cover_are_refused(tmp_path):
    run = chain_of("nanjing-1024", ("company.drivers.finance_mode=cash",))
    with pytest.raises(InputError, match="tax_mode and finance_mode"):
        export_workbook(tmp_path / "x.xlsx", {"base": run}, selected="base")


def test_chinese_labels(tmp_path):
    import openpyxl

    export_workbook(tmp_path / "zh.xlsx", runs_of("nanjing-1024"), selected="base", language="zh")
    assert openpyxl.load_workbook(tmp_path / "zh.xlsx")["Income"]["A1"].value == "损益表"
