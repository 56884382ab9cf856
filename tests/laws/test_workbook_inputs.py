"""Law: every blue cell of the workbook, moved, moves the target price the right way, and gives what Python gives.

The book is that of a scenario with all product lines and their surfaces behind it. Each blue cell has a direction here
(a cell that has none fails the law), and where the command line has its key, its number is held to 1e-9. The ordinary
suite takes a sample by seed; all of them run in full, in two programs that are not ours.
"""

import random
import re
import shutil
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
from live_workbook import SCENARIO, keys, live
from workbook_recalc import typed_in_libreoffice

from clustersim.finance.analysis import target_price, with_values
from clustersim.planner.company import forecast_run
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.looks import SHEETS
from clustersim.schema.load_inputs import load_inputs

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
