"""Rows of the links: how the card's worth moves price and units of its line, live where the Cluster sheet gives it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.finance.company import Company
from clustersim.market.link import Anchor, Link, Worth
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import Sheet, fill

with needs("report", "workbooks"):
    from xlsxwriter.utility import xl_rowcol_to_cell

__all__ = ["Lines", "write_links"]

#: Size of a market that nothing is known of: no share of it saturates.
NO_MARKET = 1e15


@dataclass(frozen=True, slots=True)
class Lines:
    """What the lines' worth is computed from.

    Attributes:
        links: the link of every line that has an anchor.
        ends: by line with a site of its own, the end of its keys on the Cluster sheet.
        follows: by line without a site, the line that it follows and the multiple of its worth.
    """

    links: Mapping[str, Link]
    ends: Mapping[str, str]
    follows: Mapping[str, tuple[str, float]]


def write_links(book: Book, company: Company, lines: Lines) -> dict[str, Link]:
    """Write the factor rows on the Drivers sheet and return the links that have them.

    A line with a site goes by its card's value in use, one that follows another by that line's as an event of the
    market moves it. The worth of any other is typed as exported, before the switching discount.
    """
    book.sheet("Drivers", "drivers")
    out: dict[str, Link] = {}
    if company.drivers.product_mode != "simulated" or "switching_discount" not in book.scalars:
        return out
    known = {p.name for p in company.products}
    valued = {
        n: k for n, k in lines.links.items() if k.anchor is not None and k.worth is not None and n in known
    }
    if valued:
        _response(book, company, valued)
        book.section("Inputs", "s.worth")
        book.section("Record", "s.worth")
    for name in _leaders_first(valued, lines.follows):
        link = valued[name]
        assert link.anchor is not None and link.worth is not None
        if link.bounds.pricing != "shared":
            raise InputError(
                "the workbook needs company.response.pricing=shared: the best price against rivals has no closed form"
            )
        book.section("Drivers", "s.of_line", part=name)
        first = book.next_row["Drivers"]
        _terms(book, name, link.anchor, link.worth, lines)
        _rows(book, company, name, link)
        _unsold(book, name, first)
        out[name] = link
    return out


def _unsold(book: Book, name: str, first: int) -> None:
    """Show a dash in the years in which a line is not sold: what formulas hold there stands for no price."""
    last, years = book.next_row["Drivers"] - 1, len(book.years)
    sheet, row = book.rows[f"in.asp:{name}"]
    asked = f"{book.quoted(sheet)}!{xl_rowcol_to_cell(row, book.column(0), row_abs=True)}"
    rule = {"type": "formula", "criteria": f"={asked}<=0", "format": book.format("absent")}
    book.sheets["Drivers"].conditional_format(first, book.column(0), last, book.column(years - 1), rule)


def _leaders_first(valued: Mapping[str, Link], follows: Mapping[str, tuple[str, float]]) -> list[str]:
    """The lines in an order in which each one's leader stands before it."""
    out: list[str] = []
    while len(out) < len(valued):
        ready = [n for n in valued if n not in out and (follows.get(n, ("", 0))[0] in {*out, ""}
                                                        or follows[n][0] not in valued)]  # fmt: skip
        out += ready or [n for n in valued if n not in out]
    return out


def _terms(book: Book, name: str, anchor: Anchor, worth: Worth, lines: Lines) -> None:
    """The scalars of a line: what its buyer may and does spend, at the anchor and now."""

    def record(key: str, value: float) -> None:
        book.input(f"{key}:{name}", value, unit="CNY", source="src.simulation", tier="assumption", number="#,##0",
                   sheet="Record")  # fmt: skip

    other, then = float(np.asarray(anchor.other_cost_cny)), float(np.asarray(anchor.value_in_use_price_cny))
    record("anchor_other", other)
    kept = book.cell(f"anchor_other:{name}")
    value, mine = (float(np.asarray(v)) for v in (worth.value_in_use_price_cny, worth.other_cost_cny))
    leader, ratio = lines.follows.get(name, ("", 1.0))

    def scalar(key: str, formula: str, number: float) -> None:
        book.scalar("Drivers", f"{key}:{name}", formula, number, unit="CNY", number="#,##0")

    if name in lines.ends:
        record("anchor_allowed", then + other)
        formula = f"{book.cell(f'value_in_use{lines.ends[name]}')}+{kept}"
    elif _follows_live(book, lines, leader, ratio * other, ratio, value + other):
        book.input(
            f"worth_ratio:{name}",
            ratio,
            unit="x",
            source="src.company_file",
            tier="assumption",
            number="0.00",
            bounds=(1e-9, math.inf),
        )
        times = book.cell(f"worth_ratio:{name}")
        if leader in lines.ends:
            # The leader's anchor is that of the scenario that stands for it, whatever scenario this book is of.
            record("leader_anchor", (then + other) / ratio)
            before, now = (
                book.cell(f"leader_anchor:{name}"),
                f"({book.cell(f'event_value{lines.ends[leader]}')}+{kept})",
            )
        else:
            before, now = book.cell(f"anchor_allowed:{leader}"), book.cell(f"market_allowed:{leader}")
        scalar("anchor_allowed", f"{times}*{before}", then + other)
        scalar("market_allowed", f"{times}*{now}", value + other)
        formula = book.cell(f"market_allowed:{name}")
    else:
        record("anchor_allowed", then + other)
        record("replaced", (value + mine) / (1 - book.value("switching_discount")))
        record("other", mine)
        replaced = f"{book.cell(f'replaced:{name}')}*(1-{book.cell('switching_discount')})"
        formula = f"{replaced}-{book.cell(f'other:{name}')}+{kept}"
    scalar("allowed", formula, value + other)


def _follows_live(book: Book, lines: Lines, leader: str, spent: float, ratio: float, now: float) -> bool:
    """Whether a leader's worth by this book is the one that the line follows: not where a recorded anchor is stale."""
    if leader in lines.ends:
        found = ratio * book.value(f"event_value{lines.ends[leader]}") + spent
    elif f"market_allowed:{leader}" in book.scalars:
        found = ratio * book.value(f"market_allowed:{leader}")
    else:
        return False
    return abs(found - now) <= 1e-6 * abs(now)


def _rows(book: Book, company: Company, name: str, link: Link) -> None:
    """The declared law of ``market.link`` by formulas."""
    sheet, n = Sheet(book, "Drivers"), len(company.years)
    line = next(p for p in company.products if p.name == name)
    asp = np.array([float(line.asp_kcny.get(y, 0.0)) for y in company.years])
    cost = np.array([float(line.unit_cost_kcny.get(y, 0.0)) for y in company.years])
    sold = asp > 0
    base = np.where(sold, asp, 1.0) * 1e3
    floor = np.minimum(np.where(sold, cost, 1.0) * 1e3, base)
    allowed, x0 = max(book.value(f"allowed:{name}"), 1e-12), book.value(f"anchor_other:{name}")
    before = (base + x0) / book.value(f"anchor_allowed:{name}")
    gain = round(float(np.log(allowed / book.value(f"anchor_allowed:{name}"))), 14)
    wished = (base + x0) * np.exp(book.value("value_share") * gain) - x0
    price = np.maximum(wished if link.bounds.below_cost else np.maximum(wished, floor), 0.0)
    may, x = f"MAX({{allowed:{name}}},1E-12)", f"{{anchor_other:{name}}}"
    # The first logarithm keeps only the digits in which spreadsheets agree: at the anchor it is nothing.
    book.scalar("Drivers", f"gain:{name}", fill(f"ROUND(LN({may}/{{anchor_allowed:{name}}}),14)", book, 0), gain,
                number="0.000000")  # fmt: skip
    unit_cost = f"[in.unit_cost:{name}]" if f"in.unit_cost:{name}" in book.rows else "0"
    plan, least = f"[link.asp_plan:{name}]", "0" if link.bounds.below_cost else f"[link.floor:{name}]"
    _row(
        sheet, f"link.asp_plan:{name}", f"IF([in.asp:{name}]>0,[in.asp:{name}],1)*1000", base, "CNY", "#,##0"
    )
    lowest = f"IF([in.asp:{name}]>0,MIN({unit_cost},[in.asp:{name}]),1)*1000"
    _row(sheet, f"link.floor:{name}", lowest, floor, "CNY", "#,##0")
    _row(sheet, f"link.before:{name}", f"({plan}+{x})/{{anchor_allowed:{name}}}", before)
    wish = f"({plan}+{x})*EXP({{value_share}}*{{gain:{name}}})-{x}"
    _row(sheet, f"link.price:{name}", f"MAX({wish},{least},0)", price, "CNY", "#,##0")
    _row(
        sheet,
        f"link.asp:{name}",
        f"[link.price:{name}]/{plan}",
        np.broadcast_to(np.asarray(link.asp_factor).reshape(-1), n),
    )
    _units(sheet, name, link, (before, price, allowed, x0))


def _units(sheet: Sheet, name: str, link: Link, terms: tuple[Any, ...]) -> None:
    """The logit with its outside option, the market's own growth, and what can be made."""
    (before, price, allowed, x0), b = terms, link.bounds
    after = f"LN(([link.price:{name}]+{{anchor_other:{name}}})/MAX({{allowed:{name}}},1E-12))-LN([link.before:{name}])"
    cost = np.round(np.log((price + x0) / allowed) - np.log(before), 14)
    weight = np.exp(-sheet.book.value("price_sensitivity") * cost)
    share = np.broadcast_to(np.asarray(b.share, dtype=float).reshape(-1), cost.shape)
    _row(sheet, f"link.cost:{name}", f"ROUND({after},14)", cost)
    _row(
        sheet,
        f"link.share:{name}",
        f"MIN([in.units:{name}]*[in.asp:{name}]/MAX([in.market_size],1),1)",
        share,
    )
    _row(sheet, f"link.weight:{name}", f"EXP(-{{price_sensitivity}}*[link.cost:{name}])", weight)
    s, w = f"[link.share:{name}]", f"[link.weight:{name}]"
    free = f"{w}/(1-{s}+{s}*{w})*EXP(-{{demand_elasticity}}*{s}*[link.cost:{name}])"
    grown = np.exp(-b.demand_elasticity * share * cost)
    _row(sheet, f"link.free:{name}", free, weight / (1 - share + share * weight) * grown)
    units = np.broadcast_to(np.asarray(link.units_factor).reshape(-1), cost.shape)
    _row(sheet, f"link.units:{name}", f"MIN([link.free:{name}],[in.headroom])", units)


def _row(sheet: Sheet, key: str, formula: str, values: Any, unit: str = "", number: str = "0.000000") -> None:
    sheet.row(key, formula, [float(v) for v in np.asarray(values).reshape(-1)], unit=unit, number=number)


def _response(book: Book, company: Company, links: Mapping[str, Link]) -> None:
    """What the lines' answers share: what can be made over the plan, the market's size and its own growth."""
    n, market, first = (
        len(company.years),
        np.full(len(company.years), NO_MARKET),
        next(iter(links.values())).bounds,
    )
    for name, link in links.items():
        share = np.broadcast_to(np.asarray(link.bounds.share, dtype=float).reshape(-1), n)
        line = next(p for p in company.products if p.name == name)
        sold = [float(line.units.get(y, 0.0)) * float(line.asp_kcny.get(y, 0.0)) for y in company.years]
        market = np.where(share > 0, np.array(sold) / np.where(share > 0, share, 1.0), market)
    most = np.broadcast_to(np.asarray(first.most, dtype=float).reshape(-1), n)
    book.section("Inputs", "s.answer")
    book.input(
        "demand_elasticity",
        first.demand_elasticity,
        source="src.company_file",
        tier="assumption",
        number="0.00",
    )
    book.input_row("in.headroom", most.tolist(), unit="x plan", source="src.headroom",
                   tier="assumption", number="0.00")  # fmt: skip
    book.input_row("in.market_size", market.tolist(), unit="kCNY", source="src.market_size",
                   tier="derived")  # fmt: skip
