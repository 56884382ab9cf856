"""The workbook of a proposal: bill, cost of ownership, units, comparison and cash by formulas, numbers and inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clustersim.econ.tco import HOURS_PER_YEAR
from clustersim.report.content.model import Teller
from clustersim.report.content.offer_sections import unit_word, word
from clustersim.report.content.proposal import Offer
from clustersim.report.labels import label
from clustersim.report.workbook.offer_book import FINE, MONEY, RATE, SHARE, WHOLE, Live, OfferBook
from clustersim.report.workbook.offer_tables import write_cover, write_table

__all__ = ["write_offer_book"]

_TABLES = ("numbers", "inputs")


def write_offer_book(
    path: Path, offer: Offer, tell: Teller, tables: Mapping[str, Sequence[dict[str, Any]]]
) -> list[Live]:
    """Write the workbook and return what its formulas compute; ``tables`` are the numbers and the inputs.

    Cells of one row share a name over the sides; a formula takes what is typed on its own or an earlier sheet.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as made:
        from datetime import datetime

        made.set_properties(
            {"title": offer.inputs.name, "author": "clustersim", "created": datetime(2020, 1, 1)}
        )
        book = OfferBook(made, tell)
        across = (44, *[28] * len(offer.sides))
        for name, widths in (("offer", (60, 18, 18, 10, 44)), ("bill", (44, 14, 16, 20, 14, 70)),
                             ("tco", across), ("units", across), ("gap", (44, 20, 20)),
                             ("cash", (14, *[20] * 5)), ("numbers", (14, 46, 14, 34, 40, 12, 80)),
                             ("inputs", (22, 44, 14, 12, 14, 14, 12, 80, 26))):  # fmt: skip
            book.sheet(name, widths)
        sites = offer.answers["offer"]["sites"]
        bought = _bills(book, sites)
        cells = _tco(book, sites, bought)
        units = _units(book, offer, sites, cells)
        _gaps(book, offer, units)
        _cash(book, offer, bought[0], cells[0])
        for name in _TABLES:
            write_table(book, name, tables[name])
        write_cover(book, offer)
    return book.live


def _bills(book: OfferBook, sites: Sequence[dict[str, Any]]) -> list[str]:
    """The bill of every side; the cell of each one's purchase."""
    say, row, out = book.tell.say, 0, []
    breaks: list[int] = []
    for i, site in enumerate(sites):
        book.text("bill", row, 0, f"{site['side']} ({site['card']})", bold=True, font_size=13)
        book.head(
            "bill",
            row + 1,
            *(say(k) for k in ("part", "units", "unit_price", "book_total", "tier", "source")),
            numbers=range(1, 4),
        )
        first = row = row + 2
        for line in site["lines"]:
            book.text(
                "bill",
                row,
                0,
                f"{word(book.tell, 'group.' + line['group'], line['group'])}: {line['part']}",
            )
            many, price = (
                book.typed("bill", row, 1, line["quantity"]),
                book.typed("bill", row, 2, line["unit_price_cny"]),
            )
            book.formula("bill", row, 3, f"{many}*{price}", line["total_cny"], WHOLE)
            book.text("bill", row, 4, say(line["tier"]), indent=1)
            book.text("bill", row, 5, line["source"], text_wrap=True, valign="top")
            row += 1
        key = "tco:{}" if i == 0 else ""
        last = [book.at("bill", r, 3) for r in (first, row - 1)]
        span = f"SUM({last[0]}:{last[1].partition('!')[2]})"
        hardware = _sum(book, row, "hardware", span, site["hardware_cny"], key.format("hardware_cny"))
        rate = book.typed("bill", row + 1, 1, site["integration_share"], RATE)
        extra = _sum(book, row + 1, "integration", f"{hardware}*{rate}", site["integration_cny"],
                     key.format("integration_cny"))  # fmt: skip
        rate = book.typed("bill", row + 2, 1, site["vat_share"], RATE)
        tax = _sum(
            book, row + 2, "vat", f"({hardware}+{extra})*{rate}", site["vat_cny"], key.format("vat_cny")
        )
        out.append(_sum(book, row + 3, "capex", f"{hardware}+{extra}+{tax}", site["capex_cny"],
                        key.format("capex_cny")))  # fmt: skip
        row += 6
        breaks.append(row)
    book.sheets["bill"].set_h_pagebreaks(breaks[:-1])
    return out


def _sum(book: OfferBook, row: int, name: str, formula: str, value: float, key: str) -> str:
    book.text("bill", row, 0, book.tell.say(name), bold=True)
    return book.formula("bill", row, 3, formula, value, WHOLE, key, bold=True)


#: Typed numbers of a site's terms by the row that they stand in.
_TERMS = (("book_horizon", "horizon_years"), ("book_wacc", "wacc"), ("book_residual", "residual"),
          ("book_maintenance", "maintenance_share"), ("book_power", "facility_power_w"),
          ("book_tariff", "tariff_cny_per_kwh"), ("book_sold", "sold_share"), ("book_cards", "cards"))  # fmt: skip
_RATES = {"wacc", "residual", "maintenance_share", "sold_share"}
_FIXED = ("staff", "colocation", "building", "network_transit", "software")


def _tco(book: OfferBook, sites: Sequence[dict[str, Any]], bought: Sequence[str]) -> list[dict[str, str]]:
    """The cost of a year and of the horizon of every side, a column each; their cells by name."""
    say = book.tell.say
    sides = range(1, len(sites) + 1)
    book.head("tco", 0, say("item"), *(f"{s['side']} ({s['card']})" for s in sites), numbers=sides)
    out = []
    for i, (site, capex) in enumerate(zip(sites, bought, strict=True)):
        c: dict[str, str] = {}
        row = 1
        for name, source in _TERMS:
            book.text("tco", row, 0, say(name))
            scale = 1e-3 if name == "book_power" else 1.0
            rate = {"number": RATE} if source in _RATES else {}
            c[source] = book.typed("tco", row, i + 1, site[source] * scale, **rate)
            row += 1
        years, wacc, residual = c["horizon_years"], c["wacc"], c["residual"]
        terms = site["terms_cny_per_year"]
        factor = site["wacc"] / (1 - (1 + site["wacc"]) ** -site["horizon_years"]) if site["wacc"] else (
            1 / site["horizon_years"])  # fmt: skip
        lines: list[tuple[str, str, str, float, str, str]] = [
            ("capex", say("book_capex"), capex, site["capex_cny"], WHOLE, ""),
            ("factor", say("book_factor"), f"IF({wacc}=0,1/{years},{wacc}/(1-(1+{wacc})^-{years}))", factor,
             "0.000000", ""),
        ]  # fmt: skip
        formulas = {
            "capital": f"{{capex}}*(1-{residual}*(1+{wacc})^-{years})*{{factor}}",
            "electricity": f"{c['facility_power_w']}*{HOURS_PER_YEAR:.0f}*{c['tariff_cny_per_kwh']}",
            "maintenance": f"{c['maintenance_share']}*{{capex}}",
        }
        for name in terms:
            key = f"tco:terms_cny_per_year.{name}" if i == 0 else ""
            said = label(f"cost.{name}", book.tell.language)
            lines.append((name, said, formulas.get(name, ""), terms[name], WHOLE, key))
        year = "+".join(f"{{{name}}}" for name in terms)
        opex = "+".join(f"{{{name}}}" for name in terms if name != "capital")
        tell_own = "tco:{}" if i == 0 else ""
        hours = f"{c['cards']}*{HOURS_PER_YEAR:.0f}*{c['sold_share']}"
        back = f"{residual}*{{capex}}"
        lines += [
            ("year", say("book_year"), year, site["cost_cny_per_year"], WHOLE, ""),
            ("opex", say("book_opex"), opex, site["opex_cny_per_year"], WHOLE, tell_own.format("opex_cny_per_year")),
            ("tco", say("book_tco"), f"{{capex}}-{back}+{{opex}}*{years}", site["tco_cny"], WHOLE,
             tell_own.format("tco_cny")),
            ("discounted", say("book_discounted"), f"{{capex}}-{back}*(1+{wacc})^-{years}+{{opex}}/{{factor}}",
             site["tco_discounted_cny"], WHOLE, tell_own.format("tco_discounted_cny")),
            ("hour", say("hour"), f"{{year}}/({hours})", site["cny_per_card_hour"], MONEY,
             f"compare:sides.{i}.cny_per_card_hour"),
        ]  # fmt: skip
        for name, said, formula, value, number, key in lines:
            book.text("tco", row, 0, said)
            if name in _FIXED:
                c[name] = book.typed("tco", row, i + 1, value)
            else:
                c[name] = book.formula("tco", row, i + 1, formula.format(**c), value, number, key)
            row += 1
        out.append(c)
    return out


def _units(
    book: OfferBook, offer: Offer, sites: Sequence[dict[str, Any]], cells: Sequence[dict[str, str]]
) -> dict[tuple[str, str, str], str]:
    """The cost of a unit of every workload on every side, by term; the cells of the terms."""
    say, row = book.tell.say, 0
    out: dict[tuple[str, str, str], str] = {}
    for k, work in enumerate(offer.works):
        name, unit = work["name"], work["unit"]
        book.text("units", row, 0, say("unit_table", work=name, unit=unit_word(book.tell, unit)), bold=True)
        book.head(
            "units", row + 1, say("item"), *(s["side"] for s in sites), numbers=range(1, len(sites) + 1)
        )
        book.text("units", row + 2, 0, say("per_hour"))
        book.text("units", row + 3, 0, say("cost"), bold=True)
        terms = list(sites[0]["terms_cny_per_year"])
        for i, (site, c) in enumerate(zip(sites, cells, strict=True), 1):
            mine = site["works"][k]
            made = book.typed("units", row + 2, i, mine["units_per_card_hour"])
            key = f"compare:workloads.{offer.rows[name, site['side']]}.cny_per_{unit}"
            cost = book.formula(
                "units", row + 3, i, f"{c['hour']}/{made}", mine["cny_per_unit"], MONEY, key, bold=True
            )
            for j, term in enumerate(terms):
                share = site["terms_cny_per_year"][term] / site["cost_cny_per_year"]
                out[name, site["side"], term] = book.formula(
                    "units", row + 4 + j, i, f"{cost}*{c[term]}/{c['year']}", mine["cny_per_unit"] * share, FINE,
                    f"compare:terms.{name}.{site['side']}.{term}",
                )  # fmt: skip
        for j, term in enumerate(terms):
            book.text("units", row + 4 + j, 0, label(f"cost.{term}", book.tell.language))
        row += 6 + len(terms)
    return out


def _gaps(book: OfferBook, offer: Offer, units: dict[tuple[str, str, str], str]) -> None:
    """What makes the difference of every other side, each term as a share of it."""
    say, row = book.tell.say, 0
    for work in offer.works:
        for j, gap in enumerate(offer.answers["offer"]["gaps"].get(work["name"], [])):
            at = f"offer:gaps.{work['name']}.{j}"
            said = say(
                "gap_table", work=work["name"], side=gap["side"], unit=unit_word(book.tell, work["unit"])
            )
            book.text("gap", row, 0, said, bold=True)
            book.head(
                "gap", row + 1, say("term"), say("difference"), say("share_of_gap"), numbers=range(1, 3)
            )
            total = row + 2 + len(gap["terms"])
            for k, term in enumerate(gap["terms"], row + 2):
                book.text("gap", k, 0, label(f"cost.{term['term']}", book.tell.language))
                there, here = (units[work["name"], s, term["term"]] for s in (gap["side"], offer.inputs.name))
                mine = book.formula("gap", k, 1, f"{there}-{here}", term["cny"], "+#,##0.000;-#,##0.000",
                                    f"{at}.terms.{k - row - 2}.cny")  # fmt: skip
                whole = book.at("gap", total, 1)
                if term["share"] is not None:
                    book.formula(
                        "gap",
                        k,
                        2,
                        f"{mine}/{whole}",
                        term["share"],
                        SHARE,
                        f"{at}.terms.{k - row - 2}.share",
                    )
            ends = [book.at("gap", r, 1) for r in (row + 2, total - 1)]
            book.text("gap", total, 0, say("all"), bold=True)
            book.formula("gap", total, 1, f"SUM({ends[0]}:{ends[1].partition('!')[2]})", gap["gap_cny"],
                         "+#,##0.000;-#,##0.000", f"{at}.gap_cny", bold=True)  # fmt: skip
            shares = [book.at("gap", r, 2) for r in (row + 2, total - 1)]
            book.formula(
                "gap", total, 2, f"SUM({shares[0]}:{shares[1].partition('!')[2]})", 1.0, SHARE, bold=True
            )
            row = total + 3


def _cash(book: OfferBook, offer: Offer, capex: str, c: dict[str, str]) -> None:
    """Cash by year of what is offered."""
    say, found = book.tell.say, offer.answers["offer"]["cash"]
    wacc = f"{100 * offer.answers['offer']['sites'][0]['wacc']:.3g}%"
    book.head("cash", 0, say("year_end"), say("capex"), say("cash_opex"), say("cash_back"), say("cash_total"),
              say("cash_discounted", wacc=wacc), numbers=range(1, 6))  # fmt: skip
    before = ""
    for i, row in enumerate(found):
        year = book.typed("cash", i + 1, 0, row["year"])
        bought = capex if i == 0 else "0"
        spent = f"{c['opex']}*({year}-{before})" if before else "0"
        back = f"{c['residual']}*{capex}" if i == len(found) - 1 and i else "0"
        parts = [
            book.formula("cash", i + 1, k, text, row[name], WHOLE, f"offer:cash.{i}.{name}")
            for k, (text, name) in enumerate(
                ((bought, "capex_cny"), (spent, "opex_cny"), (back, "residual_cny")), 1
            )
        ]
        total = book.formula("cash", i + 1, 4, f"{parts[0]}+{parts[1]}-{parts[2]}", row["total_cny"], WHOLE,
                             f"offer:cash.{i}.total_cny")  # fmt: skip
        book.formula("cash", i + 1, 5, f"{total}*(1+{c['wacc']})^-{year}", row["discounted_cny"], WHOLE,
                     f"offer:cash.{i}.discounted_cny")  # fmt: skip
        before = year
    last = len(found) + 1
    book.text("cash", last, 0, say("cash_sum"), bold=True)
    for k, name in ((4, "total_cny"), (5, "discounted_cny")):
        ends = [book.at("cash", r, k) for r in (1, last - 1)]
        value = sum(row[name] for row in found)
        book.formula("cash", last, k, f"SUM({ends[0]}:{ends[1].partition('!')[2]})", value, WHOLE, bold=True)
