"""Rows of the links: how the card's worth moves price and units of its line, live where the Cluster sheet gives it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clustersim.finance.company import Company
from clustersim.market.link import Link
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import Sheet

__all__ = ["write_links"]

_NAMES = {"link.before": "cost of the buyer over what it may be, at the anchor",
          "link.price": "price that the worth gives, CNY", "link.asp": "factor on the price",
          "link.units": "factor on the units"}  # fmt: skip


def write_links(book: Book, company: Company, links: Mapping[str, Link], live: str | None) -> dict[str, Link]:
    """Write the factor rows on the Drivers sheet and return the links that have them.

    ``live`` is the line whose worth the Cluster sheet computes; the factors of the others are typed on Inputs, and a
    link that moves nothing has no row.
    """
    book.sheet("Drivers", "drivers")
    out: dict[str, Link] = {}
    for name, link in links.items():
        if company.drivers.product_mode != "simulated":
            continue
        if name == live:
            _live(book, company, name, link)
        elif np.any(np.asarray(link.asp_factor) != 1) or np.any(np.asarray(link.units_factor) != 1):
            n = len(company.years)
            for what, value in (("asp", link.asp_factor), ("units", link.units_factor)):
                row = np.broadcast_to(np.asarray(value, dtype=float).reshape(-1), n)
                book.input_row(f"link.{what}:{name}", row.tolist(), unit="", number="0.000000",
                               source="simulation of the line's scenario", tier="assumption")  # fmt: skip
        else:
            continue
        out[name] = link
    return out


def _live(book: Book, company: Company, name: str, link: Link) -> None:
    """The declared law of ``market.link`` by formulas."""
    sheet, n = Sheet(book, "Drivers"), len(company.years)
    line = next(p for p in company.products if p.name == name)
    asp = np.array([float(line.asp_kcny.get(y, 0.0)) for y in company.years])
    cost = np.array([float(line.unit_cost_kcny.get(y, 0.0)) for y in company.years])
    sold = asp > 0
    base, floor = (
        np.where(sold, asp, 1.0) * 1e3,
        np.minimum(np.where(sold, cost, 1.0), np.where(sold, asp, 1.0)) * 1e3,
    )
    worth, anchor = book.value("value_in_use"), book.value("anchor_value_in_use")
    x1, x0 = book.value("other_cost"), book.value("anchor_other_cost")
    held = max(worth + x1, 1e-12)
    before = (base + x0) / (anchor + x0)
    gain = np.log(before) - np.log((base + x1) / held)
    wished = held * before * np.exp(-(1 - book.value("value_share")) * gain) - x1
    price = np.maximum(np.maximum(wished, floor), 0.0)
    book.section("Drivers", f"link: {name}")

    def row(key: str, formula: str, values: np.ndarray, unit: str = "", number: str = "0.000000") -> None:
        sheet.row(f"{key}:{name}", formula, [float(v) for v in values], unit=unit, number=number,
                  name=_NAMES.get(key, key.removeprefix("link.").replace("_", " ")))  # fmt: skip

    row("link.asp_plan", f"IF([in.asp:{name}]>0,[in.asp:{name}],1)*1000", base, "CNY", "#,##0")
    unit_cost = f"[in.unit_cost:{name}]" if f"in.unit_cost:{name}" in book.rows else "0"
    row("link.floor", f"IF([in.asp:{name}]>0,MIN({unit_cost},[in.asp:{name}]),1)*1000", floor, "CNY", "#,##0")
    row(
        "link.before",
        f"([link.asp_plan:{name}]+{{anchor_other_cost}})/({{anchor_value_in_use}}+{{anchor_other_cost}})",
        before,
    )
    allowed = "MAX({value_in_use}+{other_cost},1E-12)"
    row("link.gain", f"LN([link.before:{name}])-LN(([link.asp_plan:{name}]+{{other_cost}})/{allowed})", gain)
    row("link.price",
        f"MAX({allowed}*[link.before:{name}]*EXP(-(1-{{value_share}})*[link.gain:{name}])-{{other_cost}},"
        f"[link.floor:{name}],0)", price, "CNY", "#,##0")  # fmt: skip
    row("link.asp", f"[link.price:{name}]/[link.asp_plan:{name}]",
        np.broadcast_to(np.asarray(link.asp_factor).reshape(-1), n))  # fmt: skip
    after = f"LN(([link.price:{name}]+{{other_cost}})/{allowed})-LN([link.before:{name}])"
    row("link.units", f"EXP(-{{price_sensitivity}}*({after}))",
        np.broadcast_to(np.asarray(link.units_factor).reshape(-1), n))  # fmt: skip
