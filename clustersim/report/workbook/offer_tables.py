"""Sheets of a proposal's workbook that hold tables: its numbers and inputs, and the first one, of main numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from clustersim.report.content.model import Teller
from clustersim.report.content.offer_sections import unit_word, word
from clustersim.report.content.proposal import Offer
from clustersim.report.labels.units import unit_words
from clustersim.report.workbook.offer_book import WHOLE, OfferBook

__all__ = ["cell_text", "cover_name", "write_cover", "write_table"]

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


def write_table(book: OfferBook, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows with a filter; keys and sources as they are, units, tiers and words of our own in the language."""
    if not rows:
        return
    numbers = [k for k, key in enumerate(rows[0]) if key in _NUMBERS]
    book.head(name, 0, *(book.tell.say(f"col.{key}") for key in rows[0]), numbers=numbers)
    for i, row in enumerate(rows, 1):
        for k, (key, value) in enumerate(row.items()):
            if isinstance(value, int | float) and not isinstance(value, bool):
                book.sheets[name].write_number(i, k, value, book.look(_number(value), valign="top"))
            elif value:
                book.text(name, i, k, cell_text(book.tell, key, str(value)), indent=int(k - 1 in numbers),
                          text_wrap=True, valign="top")  # fmt: skip
    book.sheets[name].autofilter(0, 0, len(rows), len(rows[0]) - 1)
    book.sheets[name].freeze_panes(1, 0)
    book.sheets[name].repeat_rows(0)


def _number(value: float) -> str:
    """How a number of any size is shown: what is very large or small by its power of ten."""
    return "#,##0.######" if value == 0 or 1e-4 <= abs(value) < 1e9 else "0.####E+00"


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


def write_cover(book: OfferBook, offer: Offer) -> None:
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
        number = WHOLE if abs(one.value) >= 1e4 else "#,##0.0000"
        book.sheets["offer"].write_number(row, 1, one.value, book.look(number))
        live = f"'{one.sheet}'!${chr(65 + one.column)}${one.row + 1}"
        now = book.formula("offer", row, 2, live, one.value, number)
        then = book.at("offer", row, 1)
        book.formula("offer", row, 3, f"IF(ABS({now}-{then})<=0.000000001*ABS({then}),1,0)", 1.0, "0")
        book.text("offer", row, 4, one.key, indent=1)
        row += 1
    book.sheets["offer"].activate()
