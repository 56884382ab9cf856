"""Rows of the links: how the card's worth moves price and units of its line, live where the Cluster sheet gives it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clustersim.finance.company import Company
from clustersim.market.link import Anchor, Link, Worth
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import Sheet

__all__ = ["write_links"]

_NAMES = {"link.before": "cost of the buyer over what it may be, at the anchor",
          "link.price": "price that the worth gives, CNY", "link.asp": "factor on the price",
          "link.units": "factor on the units"}  # fmt: skip


def write_links(book: Book, company: Company, links: Mapping[str, Link], live: str | None) -> dict[str, Link]:
    """Write the factor rows on the Drivers sheet and return the links that have them.

    ``live`` is the line whose worth the Cluster sheet computes. The worth of the others is typed as exported, before
    the switching discount, so that discount, value share and sensitivity move every line.
    """
    book.sheet("Drivers", "drivers")
    out: dict[str, Link] = {}
    if company.drivers.product_mode != "simulated" or "switching_discount" not in book.scalars:
        return out
    book.section("Inputs", "worth of the product lines, CNY per card")
    for name, link in links.items():
        if link.anchor is None or link.worth is None or name not in {p.name for p in company.products}:
            continue
        _terms(book, name, link.anchor, link.worth, name == live)
        _rows(book, company, name, link)
        out[name] = link
    return out


def _terms(book: Book, name: str, anchor: Anchor, worth: Worth, live: bool) -> None:
    """The scalars of a line: what its buyer may and does spend, at the anchor and now."""

    def typed(key: str, value: float, what: str) -> None:
        book.input(f"{key}:{name}", value, unit="CNY", source="simulation of the line's scenario", tier="assumption",
                   number="#,##0", name=f"{what}, {name}")  # fmt: skip

    typed(
        "anchor_allowed",
        anchor.value_in_use_price_cny + anchor.other_cost_cny,
        "what a card may cost, at the anchor",
    )
    typed("anchor_other", anchor.other_cost_cny, "other costs of the buyer, at the anchor")
    value, other = (float(np.asarray(v)) for v in (worth.value_in_use_price_cny, worth.other_cost_cny))
    if live:
        whole = f"{book.cell('value_in_use')}+{book.cell('other_cost')}"
        book.scalar("Drivers", f"allowed:{name}", whole, value + other, unit="CNY", number="#,##0",
                    name=f"what a card may cost, {name}")  # fmt: skip
        book.scalar("Drivers", f"other:{name}", book.cell("other_cost"), other, unit="CNY", number="#,##0",
                    name=f"other costs of the buyer, {name}")  # fmt: skip
        return
    discount = book.value("switching_discount")
    typed(
        "replaced", (value + other) / (1 - discount), "what the incumbent's work costs, before the discount"
    )
    typed("other", other, "other costs of the buyer")
    formula = f"{book.cell(f'replaced:{name}')}*(1-{book.cell('switching_discount')})"
    book.scalar("Drivers", f"allowed:{name}", formula, value + other, unit="CNY", number="#,##0",
                name=f"what a card may cost, {name}")  # fmt: skip


def _rows(book: Book, company: Company, name: str, link: Link) -> None:
    """The declared law of ``market.link`` by formulas."""
    sheet, n = Sheet(book, "Drivers"), len(company.years)
    line = next(p for p in company.products if p.name == name)
    asp = np.array([float(line.asp_kcny.get(y, 0.0)) for y in company.years])
    cost = np.array([float(line.unit_cost_kcny.get(y, 0.0)) for y in company.years])
    sold = asp > 0
    base = np.where(sold, asp, 1.0) * 1e3
    floor = np.minimum(np.where(sold, cost, 1.0) * 1e3, base)
    allowed, other = max(book.value(f"allowed:{name}"), 1e-12), book.value(f"other:{name}")
    x0 = book.value(f"anchor_other:{name}")
    before = (base + x0) / book.value(f"anchor_allowed:{name}")
    gain = np.log(before) - np.log((base + other) / allowed)
    wished = allowed * before * np.exp(-(1 - book.value("value_share")) * gain) - other
    price = np.maximum(np.maximum(wished, floor), 0.0)

    def row(key: str, formula: str, values: np.ndarray, unit: str = "", number: str = "0.000000") -> None:
        sheet.row(f"{key}:{name}", formula, [float(v) for v in values], unit=unit, number=number,
                  name=_NAMES.get(key, key.removeprefix("link.").replace("_", " ")))  # fmt: skip

    may, x = f"MAX({{allowed:{name}}},1E-12)", f"{{other:{name}}}"
    unit_cost = f"[in.unit_cost:{name}]" if f"in.unit_cost:{name}" in book.rows else "0"
    row("link.asp_plan", f"IF([in.asp:{name}]>0,[in.asp:{name}],1)*1000", base, "CNY", "#,##0")
    row("link.floor", f"IF([in.asp:{name}]>0,MIN({unit_cost},[in.asp:{name}]),1)*1000", floor, "CNY", "#,##0")
    row("link.before", f"([link.asp_plan:{name}]+{{anchor_other:{name}}})/{{anchor_allowed:{name}}}", before)
    row("link.gain", f"ROUND(LN([link.before:{name}])-LN(([link.asp_plan:{name}]+{x})/{may}),14)",
        np.round(gain, 14))  # fmt: skip
    wish = f"{may}*[link.before:{name}]*EXP(-(1-{{value_share}})*[link.gain:{name}])-{x}"
    row("link.price", f"MAX({wish},[link.floor:{name}],0)", price, "CNY", "#,##0")
    asp_factor, units_factor = (
        np.broadcast_to(np.asarray(v).reshape(-1), n) for v in (link.asp_factor, link.units_factor)
    )
    row("link.asp", f"[link.price:{name}]/[link.asp_plan:{name}]", asp_factor)
    after = f"LN(([link.price:{name}]+{x})/{may})-LN([link.before:{name}])"
    row("link.units", f"EXP(-{{price_sensitivity}}*({after}))", units_factor)
