"""The workbook says in Excel what the engine says in Python, and keeps saying it when its inputs change."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import formualizer
import pytest
from workbook_recalc import by_formualizer, by_libreoffice, place, stripped

from clustersim.errors import InputError
from clustersim.planner.company import forecast_run, runs_by_case
from clustersim.report.workbook.book import SHEETS, VALUE_COLUMN, Book
from clustersim.report.workbook.export import Behind, export_workbook
from clustersim.report.workbook.looks import TYPED

PAIRS = [("nanjing-1024", "base"), ("br166-mixed", "bear"), ("br20x-4096", "bull"), ("metax", "base")]


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
    assert stripped(path, tmp_path / "s.xlsx") == len(book.cells) > 1300
    assert disagreements(book, by_formualizer(tmp_path / "s.xlsx", places(book))) == []


def test_libreoffice_agrees_on_every_formula(exported, tmp_path):
    if shutil.which("soffice") is None and shutil.which("libreoffice") is None:
        pytest.skip("no LibreOffice here (tests/install-debian-packages.sh installs it as root)")
    book, path, _ = exported
    stripped(path, tmp_path / "s.xlsx")
    assert disagreements(book, by_libreoffice(tmp_path / "s.xlsx", places(book), tmp_path)) == []


def target_after(book: Book, path: Path, changes: dict[str, float]) -> float:
    """The target price that the workbook gives after typing into cells (by their address)."""
    live = formualizer.load_workbook(str(path))
    for address, value in changes.items():
        live.set_value(*place(address), value)
    live.evaluate_all()
    value = live.evaluate_cell(*place(book.cell("target_price")))
    assert isinstance(value, float)
    return value


def test_the_selector_switches_the_case(exported, tmp_path):
    book, path, runs = exported
    stripped(path, tmp_path / "s.xlsx")
    for i, run in enumerate(runs.values(), 1):
        found = target_after(book, tmp_path / "s.xlsx", {book.cell("selector"): float(i)})
        assert found == pytest.approx(run.valuation.target_price, rel=1e-9)


#: Away from the base, so that every departure term is at work: supply binds, cards take from one another, cash lacks.
MOVED = (
    "company.units_scale=1.1", "market.switching_discount=0.2", "company.drivers.progress_ratio=0.95",
    "company.drivers.asset_life=4",
    "company.drivers.variable_opex_share=0.1", "company.supply.BR200.units.2027E=34000",
    "company.products.BR200.cannibalises.BR166=0.2", "company.refinancing.minimum_cash=900000 kCNY",
)  # fmt: skip
SCALARS = [
    ("tco.pue", 1.5, "tco.pue=1.5"),
    ("tax_rate", 0.25, "company.tax_rate=25 %"),
    ("drivers.progress_ratio", 0.9, "company.drivers.progress_ratio=0.9"),
    ("drivers.variable_opex_share", 0.2, "company.drivers.variable_opex_share=0.2"),
    ("drivers.warranty_share", 0.03, "company.drivers.warranty_share=3 %"),
    ("drivers.asset_life", 7.5, "company.drivers.asset_life=7.5"),
    ("switching_discount", 0.4, "market.switching_discount=0.4"),
    ("price_sensitivity", 2.5, "market.price_sensitivity=2.5"),
    ("capm.beta", 1.4, "company.capm.beta=1.4"),
]
ROWS = [
    ("in.units:BR200", 1, 50_000.0, "company.products.BR200.units.2027E=50000"),
    ("in.asp:BR200", 1, 200.0, "company.products.BR200.asp.2027E=200"),
    ("in.unit_cost:BR300", 5, 100.0, "company.products.BR300.unit_cost.2031E=100"),
    ("in.asp:BR166", 1, 95.0, "company.products.BR166.asp.2027E=95"),
    ("in.receivable_days", 8, 150.0, "company.drivers.receivable_days.2034E=150"),
    ("in.payable_days", 9, 150.0, "company.drivers.payable_days.2035E=150"),
    ("in.capex_share", 3, 0.05, "company.drivers.capex_share.2029E=0.05"),
    ("in.gross_margin", 2, 0.5, "company.drivers.gross_margin.2028E=0.5"),
    ("in.depreciation", 6, 700_000.0, "company.drivers.depreciation.2032E=700000"),
    ("in.research_share", 4, 0.2, "company.drivers.research_share.2030E=0.2"),
    ("in.services_share", 1, 0.05, "company.drivers.services_share.2027E=0.05"),
    ("in.channel_discount", 1, 0.1, "company.drivers.channel_discount.2027E=0.1"),
    ("in.limit:BR200", 1, 20_000.0, "company.supply.BR200.units.2027E=20000"),
    ("peer:Hygon", 1, 40.0, "company.peers.members.Hygon.2027E=40"),
]


@pytest.fixture(scope="module")
def moved_book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moved")
    book = export_workbook(folder / "book.xlsx", {"base": forecast_run("br166-1024", MOVED)}, selected="base")
    stripped(folder / "book.xlsx", folder / "s.xlsx")
    return book, folder / "s.xlsx"


def agree(moved_book, address: str, number: float, override: str) -> None:
    book, path = moved_book
    found = target_after(book, path, {address: number})
    key = override.partition("=")[0]
    kept = tuple(text for text in MOVED if text.partition("=")[0] != key)
    expected = forecast_run("br166-1024", (*kept, override)).valuation.target_price
    assert found == pytest.approx(expected, rel=1e-9)
    assert found != pytest.approx(book.value("target_price"), rel=1e-9)


@pytest.mark.parametrize(("key", "number", "override"), SCALARS)
def test_an_input_typed_into_the_workbook_gives_what_python_gives(moved_book, key, number, override):
    """From the tariff to the target price: the corridor's economic half is live, not only the valuation."""
    agree(moved_book, moved_book[0].scalars[key], number, override)


@pytest.mark.parametrize(("key", "year", "number", "override"), ROWS)
def test_a_driver_of_one_year_typed_in_gives_what_python_gives(moved_book, key, year, number, override):
    agree(moved_book, moved_book[0].at(key, year), number, override)


def test_a_tariff_typed_in_moves_the_line_of_its_site(moved_book):
    """The other lines keep the worth of their own scenarios: their sites are not in this book, and it says so."""
    book, path = moved_book
    dearer = target_after(book, path, {book.cell("tco.tariff"): 0.9})
    every = forecast_run("br166-1024", (*MOVED, "tco.tariff=0.9 CNY/kWh")).valuation.target_price
    assert every > dearer > book.value("target_price")  # its cards need less power than the incumbent's


def test_a_wacc_typed_in_moves_the_target_and_one_below_growth_is_an_error(tmp_path):
    path = tmp_path / "book.xlsx"
    book = export_workbook(path, {"base": forecast_run("biren", ())}, selected="base")
    stripped(path, tmp_path / "s.xlsx")
    control = place(book.cell("wacc"))
    for typed, state in ((0.1252, "ok"), (0.025, "warning: WACC within a point of growth")):
        live = formualizer.load_workbook(str(tmp_path / "s.xlsx"))
        live.set_value(control[0], control[1], VALUE_COLUMN + 2, typed)  # the base case's WACC
        live.evaluate_all()
        found = live.evaluate_cell(*place(book.cell("target_price")))
        expected = forecast_run("biren", (f"company.wacc={typed}",)).valuation.target_price
        assert found == pytest.approx(expected, rel=1e-9)
        assert live.evaluate_cell(*place(book.cell("cover.wacc_state"))) == state
    live = formualizer.load_workbook(str(tmp_path / "s.xlsx"))
    live.set_value(control[0], control[1], VALUE_COLUMN + 2, 0.02)
    live.evaluate_all()
    assert not isinstance(live.evaluate_cell(*place(book.cell("target_price"))), float)
    assert "ERROR" in str(live.evaluate_cell(*place(book.cell("cover.wacc_state"))))
    assert live.evaluate_cell(*place(book.cell("cover.master"))) == 0
    with pytest.raises(InputError, match="terminal value is infinite"):
        forecast_run("biren", ("company.wacc=2 %",))


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
        if name in TYPED:
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

    run = forecast_run("biren", ())
    evil = [{"check": "=1+1", "printed": "+cmd|' /C calc'!A0", "note": "@SUM(A1)", "verdict": "-2+3"}]
    export_workbook(tmp_path / "e.xlsx", {"base": run}, selected="base", behind=Behind(audit=evil))
    sheet = openpyxl.load_workbook(tmp_path / "e.xlsx")["Audit"]
    found = {str(c.value): c.data_type for row in sheet.iter_rows() for c in row if c.value is not None}
    for text in evil[0].values():
        assert found[text] == "s"


def test_a_mode_that_the_workbook_does_not_cover_is_refused(tmp_path):
    run = forecast_run("biren", ("company.drivers.product_mode=printed",))
    with pytest.raises(InputError, match="products drive revenue"):
        export_workbook(tmp_path / "x.xlsx", {"base": run}, selected="base")


def test_chinese_labels(tmp_path):
    import openpyxl

    export_workbook(tmp_path / "zh.xlsx", runs_of("biren"), selected="base", language="zh")
    assert openpyxl.load_workbook(tmp_path / "zh.xlsx")["损益表"]["A1"].value == "损益表"
