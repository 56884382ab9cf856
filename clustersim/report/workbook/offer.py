"""The workbook of a proposal: bill, cost of ownership, units, comparison and cash by formulas, numbers and inputs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clustersim.econ.tco import HOURS_PER_YEAR
from clustersim.report.content.model import Teller
from clustersim.report.content.offer_sections import unit_word, word
from clustersim.report.content.proposal import Offer
from clustersim.report.labels import label
from clustersim.report.labels.units import unit_words

__all__ = ["Live", "cell_text", "cover_name", "write_offer_book"]

_TYPED = ("#,##0.######", {"font_color": "#0000FF", "bg_color": "#FFFBE6"})
_WHOLE, _MONEY, _FINE, _SHARE = "#,##0", "#,##0.00", "#,##0.000", "0.0%"
_TABLES = ("numbers", "inputs")


@dataclass(frozen=True, slots=True)
class Live:
    """A number of the answers that a cell computes: its key, the cell, and the value as exported."""

    key: str
    sheet: str
    row: int
    column: int
    value: float


@dataclass
class _Book:
    """The workbook while it is written; a cell is named by its address on its sheet."""

    book: Any
    tell: Teller
    live: list[Live] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sheets: dict[str, Any] = {}
        self._formats: dict[tuple[object, ...], Any] = {}

    def sheet(self, key: str, widths: Sequence[float]) -> None:
        """Add a sheet named in the language."""
        self.sheets[key] = sheet = self.book.add_worksheet(self.tell.say(f"sheet.{key}"))
        for i, width in enumerate(widths):
            sheet.set_column(i, i, width)
        sheet.set_default_row(18)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_paper(9)

    def look(self, number: str = "", **more: Any) -> Any:
        """A format, made once."""
        key = (number, *sorted(more.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({**({"num_format": number} if number else {}), **more})
        return self._formats[key]

    def text(self, sheet: str, row: int, column: int, text: str, **more: Any) -> None:
        """Write text; what begins like a formula stays text."""
        self.sheets[sheet].write_string(row, column, text, self.look(**more))

    def head(self, sheet: str, row: int, *keys: str, numbers: Collection[int] = ()) -> None:
        """Write the head of a table; that of a column of ``numbers`` stands over them."""
        for column, key in enumerate(keys):
            self.text(sheet, row, column, key, bold=True, bg_color="#E8EEF4", bottom=1, text_wrap=True, valign="top",
                      align="right" if column in numbers else "left",
                      indent=int(column not in numbers and column - 1 in numbers))  # fmt: skip

    def typed(self, sheet: str, row: int, column: int, value: float) -> str:
        """Write a number that may be changed."""
        self.sheets[sheet].write_number(row, column, value, self.look(_TYPED[0], **_TYPED[1]))
        return self.at(sheet, row, column)

    def formula(self, sheet: str, row: int, column: int, formula: str, value: float, number: str = _MONEY,
                key: str = "", **more: Any) -> str:  # fmt: skip
        """Write a formula with its value; ``key`` is that of the answer's number which it computes."""
        self.sheets[sheet].write_formula(row, column, f"={formula}", self.look(number, **more), value)
        if key:
            self.live.append(Live(key, self.tell.say(f"sheet.{sheet}"), row, column, value))
        return self.at(sheet, row, column)

    def at(self, sheet: str, row: int, column: int) -> str:
        """The address of a cell from any sheet."""
        return f"'{self.tell.say(f'sheet.{sheet}')}'!${chr(65 + column)}${row + 1}"


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
        book = _Book(made, tell)
        for name, widths in (("offer", (60, 18, 18, 10, 44)), ("bill", (44, 14, 16, 20, 14, 70)),
                             ("tco", (44, *[28] * 6)), ("units", (44, *[28] * 6)), ("gap", (44, 20, 20)),
                             ("cash", (14, *[20] * 5)), ("numbers", (44, 18, 16, 40, 40, 14, 70)),
                             ("inputs", (24, 44, 16, 12, 14, 14, 14, 70, 44))):  # fmt: skip
            book.sheet(name, widths)
        sites = offer.answers["offer"]["sites"]
        bought = _bills(book, sites)
        cells = _tco(book, sites, bought)
        units = _units(book, offer, sites, cells)
        _gaps(book, offer, units)
        _cash(book, offer, bought[0], cells[0])
        for name in _TABLES:
            _table(book, name, tables[name])
        _cover(book, offer)
    return book.live


def _bills(book: _Book, sites: Sequence[dict[str, Any]]) -> list[str]:
    """The bill of every side; the cell of each one's purchase."""
    say, row, out = book.tell.say, 0, []
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
            book.formula("bill", row, 3, f"{many}*{price}", line["total_cny"], _WHOLE)
            book.text("bill", row, 4, say(line["tier"]), indent=1)
            book.text("bill", row, 5, line["source"])
            row += 1
        key = "tco:{}" if i == 0 else ""
        last = [book.at("bill", r, 3) for r in (first, row - 1)]
        span = f"SUM({last[0]}:{last[1].partition('!')[2]})"
        hardware = _sum(book, row, "hardware", span, site["hardware_cny"], key.format("hardware_cny"))
        rate = book.typed("bill", row + 1, 1, site["integration_share"])
        extra = _sum(book, row + 1, "integration", f"{hardware}*{rate}", site["integration_cny"],
                     key.format("integration_cny"))  # fmt: skip
        rate = book.typed("bill", row + 2, 1, site["vat_share"])
        tax = _sum(
            book, row + 2, "vat", f"({hardware}+{extra})*{rate}", site["vat_cny"], key.format("vat_cny")
        )
        out.append(_sum(book, row + 3, "capex", f"{hardware}+{extra}+{tax}", site["capex_cny"],
                        key.format("capex_cny")))  # fmt: skip
        row += 6
    return out


def _sum(book: _Book, row: int, name: str, formula: str, value: float, key: str) -> str:
    book.text("bill", row, 0, book.tell.say(name), bold=True)
    return book.formula("bill", row, 3, formula, value, _WHOLE, key, bold=True)


#: Typed numbers of a site's terms by the row that they stand in.
_TERMS = (("book_horizon", "horizon_years"), ("book_wacc", "wacc"), ("book_residual", "residual"),
          ("book_maintenance", "maintenance_share"), ("book_power", "facility_power_w"),
          ("book_tariff", "tariff_cny_per_kwh"), ("book_sold", "sold_share"), ("book_cards", "cards"))  # fmt: skip
_FIXED = ("staff", "colocation", "building", "network_transit", "software")


def _tco(book: _Book, sites: Sequence[dict[str, Any]], bought: Sequence[str]) -> list[dict[str, str]]:
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
            c[source] = book.typed("tco", row, i + 1, site[source] * scale)
            row += 1
        years, wacc, residual = c["horizon_years"], c["wacc"], c["residual"]
        terms = site["terms_cny_per_year"]
        factor = site["wacc"] / (1 - (1 + site["wacc"]) ** -site["horizon_years"]) if site["wacc"] else (
            1 / site["horizon_years"])  # fmt: skip
        lines: list[tuple[str, str, str, float, str, str]] = [
            ("capex", say("book_capex"), capex, site["capex_cny"], _WHOLE, ""),
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
            lines.append((name, said, formulas.get(name, ""), terms[name], _WHOLE, key))
        year = "+".join(f"{{{name}}}" for name in terms)
        opex = "+".join(f"{{{name}}}" for name in terms if name != "capital")
        tell_own = "tco:{}" if i == 0 else ""
        hours = f"{c['cards']}*{HOURS_PER_YEAR:.0f}*{c['sold_share']}"
        back = f"{residual}*{{capex}}"
        lines += [
            ("year", say("book_year"), year, site["cost_cny_per_year"], _WHOLE, ""),
            ("opex", say("book_opex"), opex, site["opex_cny_per_year"], _WHOLE, tell_own.format("opex_cny_per_year")),
            ("tco", say("book_tco"), f"{{capex}}-{back}+{{opex}}*{years}", site["tco_cny"], _WHOLE,
             tell_own.format("tco_cny")),
            ("discounted", say("book_discounted"), f"{{capex}}-{back}*(1+{wacc})^-{years}+{{opex}}/{{factor}}",
             site["tco_discounted_cny"], _WHOLE, tell_own.format("tco_discounted_cny")),
            ("hour", say("hour"), f"{{year}}/({hours})", site["cny_per_card_hour"], _MONEY,
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
    book: _Book, offer: Offer, sites: Sequence[dict[str, Any]], cells: Sequence[dict[str, str]]
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
                "units", row + 3, i, f"{c['hour']}/{made}", mine["cny_per_unit"], _MONEY, key, bold=True
            )
            for j, term in enumerate(terms):
                share = site["terms_cny_per_year"][term] / site["cost_cny_per_year"]
                out[name, site["side"], term] = book.formula(
                    "units", row + 4 + j, i, f"{cost}*{c[term]}/{c['year']}", mine["cny_per_unit"] * share, _FINE,
                    f"compare:terms.{name}.{site['side']}.{term}",
                )  # fmt: skip
        for j, term in enumerate(terms):
            book.text("units", row + 4 + j, 0, label(f"cost.{term}", book.tell.language))
        row += 6 + len(terms)
    return out


def _gaps(book: _Book, offer: Offer, units: dict[tuple[str, str, str], str]) -> None:
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
                        _SHARE,
                        f"{at}.terms.{k - row - 2}.share",
                    )
            ends = [book.at("gap", r, 1) for r in (row + 2, total - 1)]
            book.text("gap", total, 0, say("all"), bold=True)
            book.formula("gap", total, 1, f"SUM({ends[0]}:{ends[1].partition('!')[2]})", gap["gap_cny"],
                         "+#,##0.000;-#,##0.000", f"{at}.gap_cny", bold=True)  # fmt: skip
            shares = [book.at("gap", r, 2) for r in (row + 2, total - 1)]
            book.formula(
                "gap", total, 2, f"SUM({shares[0]}:{shares[1].partition('!')[2]})", 1.0, _SHARE, bold=True
            )
            row = total + 3


def _cash(book: _Book, offer: Offer, capex: str, c: dict[str, str]) -> None:
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
            book.formula("cash", i + 1, k, text, row[name], _WHOLE, f"offer:cash.{i}.{name}")
            for k, (text, name) in enumerate(
                ((bought, "capex_cny"), (spent, "opex_cny"), (back, "residual_cny")), 1
            )
        ]
        total = book.formula("cash", i + 1, 4, f"{parts[0]}+{parts[1]}-{parts[2]}", row["total_cny"], _WHOLE,
                             f"offer:cash.{i}.total_cny")  # fmt: skip
        book.formula("cash", i + 1, 5, f"{total}*(1+{c['wacc']})^-{year}", row["discounted_cny"], _WHOLE,
                     f"offer:cash.{i}.discounted_cny")  # fmt: skip
        before = year
    last = len(found) + 1
    book.text("cash", last, 0, say("cash_sum"), bold=True)
    for k, name in ((4, "total_cny"), (5, "discounted_cny")):
        ends = [book.at("cash", r, k) for r in (1, last - 1)]
        value = sum(row[name] for row in found)
        book.formula("cash", last, k, f"SUM({ends[0]}:{ends[1].partition('!')[2]})", value, _WHOLE, bold=True)


#: Columns of the tables that hold numbers.
_NUMBERS = {"value", "low", "high"}
_MORE = re.compile(r"(.*) and (\d+) more")


def cell_text(tell: Teller, column: str, text: str) -> str:
    """Return a text of a table as the language has it; names, keys and quoted sources stay as they are."""
    if column == "tier":
        return tell.say(text)
    if column == "unit":
        return unit_words(text, tell.language)
    if column == "weakest_input" and (found := _MORE.fullmatch(text)):
        return tell.say("more", first=found[1], more=int(found[2]) + (tell.language == "zh"))
    return word(tell, text, text) if column == "source" else text


def _table(book: _Book, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows with a filter; keys and sources as they are, units, tiers and words of our own in the language."""
    if not rows:
        return
    numbers = [k for k, key in enumerate(rows[0]) if key in _NUMBERS]
    book.head(name, 0, *(book.tell.say(f"col.{key}") for key in rows[0]), numbers=numbers)
    for i, row in enumerate(rows, 1):
        for k, (key, value) in enumerate(row.items()):
            if isinstance(value, int | float) and not isinstance(value, bool):
                book.sheets[name].write_number(i, k, value)
            elif value:
                book.text(name, i, k, cell_text(book.tell, key, str(value)), indent=int(k - 1 in numbers))
    book.sheets[name].autofilter(0, 0, len(rows), len(rows[0]) - 1)
    book.sheets[name].freeze_panes(1, 0)


#: Numbers of the offer's own site that its first sheet shows, by their words.
_COVER = {
    "hardware_cny": "book_hardware", "integration_cny": "book_integration", "vat_cny": "book_vat",
    "capex_cny": "book_capex", "opex_cny_per_year": "book_opex", "tco_cny": "book_tco",
    "tco_discounted_cny": "book_discounted",
}  # fmt: skip


def cover_name(tell: Teller, offer: Offer, key: str) -> str:
    """Return the words of a number on the first sheet; empty for one that its own sheet alone shows."""
    room, _, rest = key.partition(":")
    first, *at = rest.split(".")
    if room == "tco":
        return tell.say(_COVER[first]) if first in _COVER else ""
    if room == "compare" and first == "sides":
        return tell.say("slide_hour", side=offer.answers["compare"]["sides"][int(at[0])]["side"])
    units = {work["name"]: unit_word(tell, work["unit"]) for work in offer.works}
    if room == "compare" and first == "workloads":
        row = offer.answers["compare"]["workloads"][int(at[0])]
        said = tell.say("unit_table", work=row["workload"], unit=units[row["workload"]])
        return f"{said} ({row['side']})"
    if room == "offer" and first == "gaps" and at[-1] == "gap_cny":
        name = ".".join(at[:-2])
        side = offer.answers["offer"]["gaps"][name][int(at[-2])]["side"]
        return tell.say("gap_table", work=name, side=side, unit=units[name])
    return ""


def _cover(book: _Book, offer: Offer) -> None:
    """Main numbers as exported beside what the formulas make of them now."""
    say = book.tell.say
    book.text("offer", 0, 0, offer.inputs.name, bold=True, font_size=16)
    book.text("offer", 1, 0, say("book_said"))
    columns = ("number", "as_exported", "live", "holds", "col.key")
    book.head("offer", 3, *(say(c) for c in columns), numbers=range(1, 4))
    row = 4
    for one in book.live:
        name = cover_name(book.tell, offer, one.key)
        if not name:
            continue
        book.text("offer", row, 0, name)
        number = _WHOLE if abs(one.value) >= 1e4 else "#,##0.0000"
        book.sheets["offer"].write_number(row, 1, one.value, book.look(number))
        live = f"'{one.sheet}'!${chr(65 + one.column)}${one.row + 1}"
        now = book.formula("offer", row, 2, live, one.value, number)
        then = book.at("offer", row, 1)
        book.formula("offer", row, 3, f"IF(ABS({now}-{then})<=0.000000001*ABS({then}),1,0)", 1.0, "0")
        book.text("offer", row, 4, one.key, indent=1)
        row += 1
    book.sheets["offer"].activate()
