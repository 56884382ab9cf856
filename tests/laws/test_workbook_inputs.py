"""Law: every blue cell of the workbook, moved, moves the target price the right way, and gives what Python gives.

The book is that of a scenario with all product lines and their surfaces behind it. Each blue cell has a direction here
(a cell that has none fails the law), and where the command line has its key, its number is held to 1e-9. The ordinary
suite takes a sample by seed; all of them run in full, in two programs that are not ours.
"""

import random
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import formualizer
import numpy as np
import pytest
from workbook_recalc import errors_in, place, stripped, typed_in_libreoffice

from clustersim.finance.analysis import target_price, with_values
from clustersim.planner.company import forecast_run, runs_by_case
from clustersim.planner.ranges import SAMPLES
from clustersim.planner.surface import Surface, surface_of
from clustersim.report.labels.label import _WORDS
from clustersim.report.labels.units import UNIT_WORDS
from clustersim.report.pages.company_moves import draws_answer
from clustersim.report.pages.workbook import behind_of
from clustersim.report.workbook.book import VALUE_COLUMN, Book
from clustersim.report.workbook.export import export_workbook
from clustersim.report.workbook.looks import SHEETS
from clustersim.schema.inputs import Inputs, load_inputs

SCENARIO = "nanjing-1024"
#: Direction of the target price when a cell rises: 1, -1, 0 (no effect, and why), None (either way, and why).
DIRECTIONS: tuple[tuple[str, int | None, str], ...] = (
    (r"in\.units:.*", 1, ""), (r"in\.asp:.*", 1, ""), (r"in\.unit_cost:.*", -1, ""), (r"in\.gross_margin#.*", 1, ""),
    (r"in\.(selling_share|administrative_share|research_share|research_expense)#.*", -1, ""),
    (r"in\.(other_income|other_gains)#.*", 1, ""),
    (r"in\.finance_net#.*", 0, "the free cash flow is before financing"),
    (r"in\.share_based_pay#.*", 0, "stands in adjusted earnings alone"),
    (r"in\.(receivable_days|inventory_days)#.*", -1, ""), (r"in\.payable_days#.*", 1, ""),
    (r"in\.capex_share#.*", None, "what is written off lowers taxes of later years"),
    (r"in\.(services_share)#.*", 1, ""), (r"in\.channel_discount#.*", -1, ""),
    (r"in\.depreciation#.*", None, "saves taxes, and lowers profit in the terminal year"),
    (r"in\.taxed#.*", None, "the loss of a taxed year counts later"), (r"left_of_year#.*", 0, "nothing moves as filed"),
    (r"in\.(headroom|market_size)#.*|demand_elasticity", 0, "nothing moves as filed"),
    (r"peer:.*", 1, ""), (r"peers\.price_to_sales", 1, ""), (r"(case:.*):(wacc|peers.discount)", -1, ""),
    (r"(case:.*):(asp_scale|units_scale|terminal_growth)", 1, ""),
    (r"selector|peers_choice|ps_year_index", None, "a choice"), (r"flow_timing|listing_proceeds_counted", 1, ""),
    (r"listing_proceeds", 0, "counted where it is asked for"), (r"tax_rate", -1, ""),
    (r"net_cash|fx_per_cny", 1, ""), (r"shares_m", -1, ""), (r"price", 0, "moves upside and rating"),
    (r"dcf_weight", None, "the leg that is worth more"),
    (r"elapsed_share|past_units:.*", 0, "nothing departs as filed"),
    (r"drivers\.(conversion|interest_rate)|interest_on_cash|refinancing\..*", 0, "before financing"),
    (r"drivers\.variable_opex_share|drivers\.progress_ratio|drivers\.asset_life", 0, "nothing departs as filed"),
    (r"drivers\.warranty_share", -1, ""), (r"opening_tax_losses", 1, ""), (r"capm\.(risk_free|beta|premium)", -1, ""),
    (r"capm\.(cost_of_debt|debt_to_equity)", None, "debt is cheap, and its cost is printed negative"),
    (r"worth_ratio:.*", 0, "nothing moves as filed"), (r"step\..*|tolerance", 0, "of the tables and checks"),
    (r"switching_discount", -1, ""), (r"value_share|price_sensitivity", 0, "nothing moves as filed"),
    (r"outside_option", 0, "does not bind as filed"), (r"tariff_factor", 1, "the incumbent needs more power"),
    (r"tco\.tariff.*", 1, "the incumbent needs more power"), (r"tco\.pue.*", 1, "the incumbent needs more power"),
    (r"tco\.(horizon|wacc|residual|maintenance|integration|vat|sold_share).*", None, "both sides pay them"),
    (r"own_card_price:.*", 0, "its value is what it may cost"), (r"own_(other_hardware|fixed).*", -1, ""),
    (r"incumbent_(card_price:.*|other_hardware.*|fixed.*)", 1, ""), (r"chip\..*", 1, "")
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def surfaces_made_once() -> Iterator[None]:
    """A line's surface is the same behind every book of this file: made once, as a site of its own files is."""
    kept: dict[tuple[object, ...], Surface] = {}

    def once(inputs: Inputs) -> Surface:
        key = (inputs.name, str(inputs.overrides))
        if key not in kept:
            kept[key] = surface_of(inputs)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clustersim.report.pages.workbook.surface_of", once)
        yield


class Live:
    """The book, typed into and recalculated by another program."""

    def __init__(self) -> None:
        self.runs = runs_by_case(SCENARIO, ())
        self.run = self.runs["base"]
        self.folder = Path(mkdtemp())
        self.behind, said = behind_of(self.runs, "base")
        assert said == []
        self.book = export_workbook(self.folder / "book.xlsx", self.runs, selected="base", behind=self.behind)
        stripped(self.folder / "book.xlsx", self.folder / "s.xlsx")
        self.program: Any = formualizer.load_workbook(str(self.folder / "s.xlsx"))
        self.program.evaluate_all()
        self.stale = False
        self.found: dict[tuple[str, float], Any] = {}
        self.filed = {
            key: float(self.program.evaluate_cell(*place(at))) for key, at in self.book.typed.items()
        }
        self.base = self.book.value("target_price")

    def value(self, address: str) -> Any:
        if self.stale:
            self.program.evaluate_all()
            self.stale = False
        return self.program.evaluate_cell(*place(address))

    def typed(self, key: str) -> float:
        """What stands in a blue cell as exported."""
        return self.filed[key]

    @contextmanager
    def with_typed(self, **numbers: float) -> Iterator[None]:
        """Type numbers by key, calculate, and put back what stood there; that is calculated when it is asked for."""
        before = {key: self.typed(key) for key in numbers}
        for key, number in numbers.items():
            self.program.set_value(*place(self.book.typed[key]), number)
        self.program.evaluate_all()
        self.stale = False
        try:
            yield
        finally:
            for key, number in before.items():
                self.program.set_value(*place(self.book.typed[key]), number)
            self.stale = True

    def target(self, key: str, number: float) -> float:
        """The target price with one number typed; the laws that ask the same share it."""
        if (key, number) not in self.found:
            with self.with_typed(**{key: number}):
                self.found[key, number] = self.value(self.book.cell("target_price"))
        found = self.found[key, number]
        assert isinstance(found, float), (key, number, found)
        return found


@lru_cache(maxsize=1)
def live() -> Live:
    return Live()


def raised(key: str, number: float) -> float:
    """A cell a little higher: by a twentieth, a step where it holds nothing, a switch turned on."""
    if key == "flow_timing":
        return 0.5
    if key in {"listing_proceeds_counted", "interest_on_cash"} or key.startswith("in.taxed"):
        return 1.0
    if re.match(r"selector|peers_choice|ps_year_index", key):
        return number - 1 if key == "ps_year_index" else number + 1  # no later year has every peer's multiple
    if number == 0 and key.startswith("in.asp") and not as_recorded():
        return 0.0  # a year without sales has a price of one yuan for a line that moves
    if number == 0:
        money = re.match(
            r"in\.(research_expense|other_|finance|share_based|depreciation)|opening_tax|refin.*cash", key
        )
        return 50_000.0 if money else 100.0 if "units" in key else 0.013
    if number == 1 and re.match(r"drivers\.progress_ratio|left_of_year|tco\.sold_share", key):
        return 0.97  # cannot rise: the direction is turned
    return number + 0.05 * abs(number)


def as_recorded() -> bool:
    """Whether the cards are worth what their anchors record: stale anchors move lines as filed."""
    links = live().run.links
    return all(np.allclose(np.asarray(one.asp_factor), 1.0, rtol=1e-9) for one in links)


def direction(key: str) -> int | None:
    for pattern, sign, why in DIRECTIONS:
        if re.fullmatch(pattern, key):
            return None if "as filed" in why and not as_recorded() else sign
    raise AssertionError(f"{key}: no direction is known of this blue cell")


def judge(key: str) -> None:
    one, sign = live(), direction(key)
    before = one.typed(key)
    after = raised(key, before)
    change = one.target(key, after) - one.base
    if sign is None:
        return
    turned = -1 if after < before else 1
    assert change * turned * sign >= -1e-9 * one.base, (key, before, after, change)
    if sign == 0:
        assert abs(change) <= 1e-9 * one.base, (key, before, after, change)


def keys() -> list[str]:
    return sorted(live().book.typed)


def test_every_blue_cell_has_a_direction() -> None:
    for key in keys():
        direction(key)
    assert len(keys()) > 450


def test_a_sample_of_blue_cells_moves_the_target_the_right_way() -> None:
    draw, every = random.Random(28), keys()
    asked = draw.sample(every, 10)
    asked += ["incumbent_card_price:H20", "own_card_price:BR106M", "chip.bandwidth", "chip.bandwidth@BR200",
              "in.gross_margin#1", "in.asp:BR200#1", "tariff_factor"]  # fmt: skip
    for key in asked:
        judge(key)
    assert live().target("incumbent_card_price:H20", 120_000.0) > live().base + 1


@pytest.mark.full
def test_every_blue_cell_moves_the_target_the_right_way() -> None:
    wrong = []
    for key in keys():
        try:
            judge(key)
        except AssertionError as error:
            wrong.append(str(error).splitlines()[0])
    assert wrong == []


# --- what Python gives ------------------------------------------------------------------------------------------


def of_python(key: str, number: float) -> float | None:
    """The target price by Python's own keys; None for a cell that the command line has no one key for."""
    one = live()
    years, company, links = one.run.company.years, one.run.company, one.run.links
    name, _, year = key.partition("#")
    if year:
        at = years[int(year)]
        products = re.fullmatch(r"in\.(units|asp|unit_cost):(.*)", name)
        peer, driver = re.fullmatch(r"peer:(.*)", name), re.fullmatch(r"in\.(\w+)", name)
        if products:
            path = f"products.{products[2]}.{products[1]}.{at}"
        elif peer:
            path = f"peers.members.{peer[1]}.{at}"
        elif driver and driver[1] not in {"taxed", "headroom", "market_size"}:
            path = f"drivers.{driver[1]}.{at}"
        else:
            return None
        if products and not any(at in p.units for p in company.products if p.name == products[2]):
            return None
        return float(target_price(with_values(company, {path: number}), links))
    case = re.fullmatch(r"case:base:(.*)", key)
    plain = case[1] if case else key
    if plain in {"tax_rate", "net_cash", "fx_per_cny", "shares_m", "dcf_weight", "asp_scale", "units_scale", "wacc",
                 "terminal_growth", "peers.discount", "drivers.variable_opex_share", "drivers.warranty_share",
                 "drivers.progress_ratio", "drivers.asset_life"}:  # fmt: skip
        return float(target_price(with_values(company, {plain: number}), links))
    if key.startswith("capm."):
        return chain(SCENARIO, f"company.{key}={number!r}")
    if key in {"switching_discount", "value_share", "price_sensitivity", "outside_option"}:
        return chain(SCENARIO, f"market.{key}={number!r}")
    if key == "tariff_factor":
        return chain(SCENARIO, f"tco.tariff={0.70 * number!r} CNY/kWh")
    site = re.fullmatch(r"tco\.(horizon|wacc|residual|maintenance|integration|vat|pue|sold_share)(@.*)?", key)
    if site:
        unit = " year" if site[1] == "horizon" else ""
        return chain(scenario_of(site[2]), f"tco.{site[1]}={number!r}{unit}")
    card = re.fullmatch(r"(own|incumbent)_card_price:([^@]*)(@.*)?", key)
    if card:
        return chain(scenario_of(card[3]), f"cards.{card[2]}.price={number!r} CNY")
    return None


def scenario_of(end: str | None) -> str:
    lines = live().run.file.products
    return SCENARIO if not end else str(lines[end.removeprefix("@")].scenario)


@lru_cache(maxsize=256)
def chain(scenario: str, override: str) -> float:
    return float(forecast_run(scenario, (override,)).valuation.target_price)


def edits() -> Iterator[tuple[str, float, float]]:
    """Every blue cell that Python has a key for, with a number and what Python gives."""
    for key in keys():
        number = raised(key, live().typed(key))
        expected = of_python(key, number)
        if expected is not None:
            yield key, number, expected


def test_a_sample_of_inputs_gives_what_python_gives() -> None:
    draw, every = random.Random(2028), keys()
    sites = ["tco.pue", "tco.wacc@BR200", "incumbent_card_price:H20", "tariff_factor", "switching_discount"]
    count = 0
    for key in [*draw.sample(every, 12), *sites]:
        number = raised(key, live().typed(key))
        expected = of_python(key, number)
        if expected is not None:
            assert live().target(key, number) == pytest.approx(expected, rel=1e-9), (key, number)
            count += 1
    assert count >= 10


@pytest.mark.full
def test_every_input_gives_what_python_gives_in_both_programs() -> None:
    """formualizer and LibreOffice, typed into one open book; cells that have no key are named in DIRECTIONS alone."""
    one, every = live(), list(edits())
    assert len(every) > 300
    apart = [(k, n, v, e) for k, n, e in every if (v := one.target(k, n)) != pytest.approx(e, rel=1e-9)]
    assert apart == []
    if shutil.which("soffice") is None:
        pytest.skip("no LibreOffice here (tests/install-debian-packages.sh installs it as root)")
    found = by_libreoffice(one.book, [(key, number) for key, number, _ in every])
    pairs = zip(every, found, strict=True)
    assert [(k, n, v, e) for (k, n, e), v in pairs if v != pytest.approx(e, rel=1e-9)] == []


def by_libreoffice(book: Book, typed: list[tuple[str, float]]) -> list[float | str]:
    """One program that is opened once: each number is typed, as a person would, and typed back."""
    folder = live().folder
    edits = [(book.typed[key], number) for key, number in typed]
    return typed_in_libreoffice(folder / "s.xlsx", edits, book.cell("target_price"), SHEETS, folder)


def test_libreoffice_agrees_on_a_sample() -> None:
    if shutil.which("soffice") is None:
        pytest.skip("no LibreOffice here (tests/install-debian-packages.sh installs it as root)")
    asked = [("in.asp:BR200#1", 170.0), ("incumbent_card_price:H20", 90_000.0)]
    found = by_libreoffice(live().book, asked)
    for (key, number), value in zip(asked, found, strict=True):
        assert value == pytest.approx(of_python(key, number), rel=1e-9), key


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
    monkeypatch.setattr("clustersim.report.pages.workbook.surface_of", surface_of)
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


# --- the card -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "end", "card"), [("nanjing-1024", "", "BR106M"), ("br20x-4096", "@BR200", "BR20X")]
)
def test_a_card_moved_in_the_workbook_is_within_the_printed_error(scenario: str, end: str, card: str) -> None:
    """Bandwidth and peak together: the line's yields as the simulator gives them, within the largest error said."""
    one, filed = live(), load_inputs(scenario).parts.card.peak
    bandwidth, peak = f"chip.bandwidth{end}", f"chip.peak{end}"
    sets = [f"cards.{card}.memory.bandwidth={1.3 * one.book.value(bandwidth)!r} GB/s"]
    sets += [f"cards.{card}.peak.{name}={0.85 * at.value!r} {at.unit}" for name, at in filed.items()]
    moved = forecast_run(scenario, sets)
    assert moved.chain is not None
    target = float(moved.valuation.target_price)
    typed = {bandwidth: one.book.value(bandwidth) * 1.3, peak: one.book.value(peak) * 0.85}
    with one.with_typed(**typed):
        for work in moved.chain.own.works:
            said = one.value(one.book.cell(f"own_yield:{work.name}{end}"))
            most = one.book.value(f"error_most:{work.name}{end}")
            assert said == pytest.approx(work.main.per_card_hour, rel=max(most, 1e-6)), work.name
        found = one.value(one.book.cell("target_price"))
    assert found == pytest.approx(target, rel=0.02) and (found - one.base) * (target - one.base) > 0


# --- words --------------------------------------------------------------------------------------------------------


def test_every_label_has_words_in_both_languages(tmp_path: Path) -> None:
    """No key stands in a cell, and what the program says in a Chinese book is Chinese."""
    import openpyxl

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


def test_no_error_stands_anywhere_when_growth_reaches_the_wacc() -> None:
    """Nor a target price or a rating: not from within a point of the WACC, where any number comes out."""
    one = live()
    # Where the value is used; the other sheets do not know of it.
    used = [at for at in every_cell() if at[0] in {"Cover", "DCF", "Sensitivities", "Chip"}]
    for growth in (0.1119, 0.112, 0.12):
        with one.with_typed(**{"case:base:terminal_growth": growth}):
            assert errors_in(one.program, used) == []
            assert headline(one) == WITHHELD
            assert one.value(one.book.cell("cover.state.growth")) == "FAILS"
    assert headline(one) == (pytest.approx(one.base), "strong buy", 1, pytest.approx(one.base))


#: What a reader sees first where a check fails: no target price, no rating.
WITHHELD = ("–", "CHECKS FAIL: not rated", 0, "–")


def headline(one: Live) -> tuple[Any, ...]:
    """Target price, rating and master flag of the cover, and the target price above the cards."""
    keys = ("cover.target_price", "cover.rating", "cover.master", "shown.target_price")
    return tuple(one.value(one.book.cell(key)) for key in keys)


#: Numbers that nobody means.
EXTREMES = (0.0, -1.0, 1e9, -1e9, 1e-9)


def wrong_at(key: str, number: float, cells: list[tuple[str, int, int]]) -> list[str]:
    """What is wrong where a blue cell holds an extreme: error cells, or a headline beside a check that fails."""
    one = live()
    with one.with_typed(**{key: number}):
        bad = errors_in(one.program, cells)
        target, rating, master, chip = headline(one)
    out = [f"{key} = {number}: {c} holds {v}" for c, v in bad[:2]]
    held = isinstance(target, float) and target > 0 and rating != WITHHELD[1] and chip == target
    if not (held if master == 1 else (target, rating, master, chip) == WITHHELD):
        out.append(f"{key} = {number}: {target} {rating} {master} {chip}")
    return out


def every_cell() -> list[tuple[str, int, int]]:
    return [(c.sheet, c.row + 1, c.column + 1) for c in live().book.cells]


def test_a_sample_of_extremes_leaves_no_error_and_no_rating() -> None:
    draw = random.Random(2828)
    asked = [(key, draw.choice(EXTREMES)) for key in draw.sample(keys(), 5)]
    asked += [
        ("shares_m", 0.0),
        ("tco.wacc", -1.0),
        ("chip.peak", 0.0),
        ("fx_per_cny", -1.0),
        ("ps_year_index", 1e9),
    ]
    assert [w for key, number in asked for w in wrong_at(key, number, every_cell())] == []


@pytest.mark.full
def test_no_extreme_of_any_blue_cell_leaves_an_error_or_a_rating() -> None:
    cells = every_cell()
    assert [w for key in keys() for number in EXTREMES for w in wrong_at(key, number, cells)] == []


@pytest.mark.parametrize(
    ("key", "number", "check"),
    [
        ("in.units:BR200#1", -5.0, "units"), ("in.unit_cost:BR200#1", 900.0, "margin"),
        ("case:base:asp_scale", 0.6, "cash"), ("dcf_weight", 1.5, "weights"), ("selector", 9.0, "choices"),
        ("chip.bandwidth", 9_000.0, "box"), ("case:base:terminal_growth", 0.2, "growth"),
        ("case:base:terminal_growth", 0.1119, "growth"),
    ],
)  # fmt: skip
def test_a_check_fails_where_its_input_cannot_be(key: str, number: float, check: str) -> None:
    one = live()
    with one.with_typed(**{key: number}):
        state, master = (one.value(one.book.cell(k)) for k in (f"cover.state.{check}", "cover.master"))
    assert (state, master) == ("FAILS", 0)
    assert one.value(one.book.cell("cover.master")) == 1


@pytest.mark.parametrize(("key", "check"), [("bs.total_assets", "balance"), ("revenue", "lines"),
                                            ("cf.closing_cash", "flows")])  # fmt: skip
def test_a_formula_that_is_typed_over_is_found(key: str, check: str) -> None:
    one = live()
    program: Any = formualizer.load_workbook(str(one.folder / "s.xlsx"))
    program.set_value(*place(one.book.at(key, 3)), 1.0)
    program.evaluate_all()
    assert program.evaluate_cell(*place(one.book.cell(f"state.{check}"))) == "FAILS"
