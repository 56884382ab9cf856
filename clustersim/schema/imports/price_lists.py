"""Lists of prices (CSV or XLSX, in CNY or USD) as a price book that lies over another.

Prices of a book are without VAT: a column that says it includes it is divided by 1.13 (the rate of goods in China).
Dollars become CNY at the rate of the book beneath, which the line says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from clustersim.errors import InputError, Problem, suggest
from clustersim.schema.base import validate
from clustersim.schema.imports.price_tables import (
    Columns,
    amount_of,
    currency_of,
    has_prices,
    is_sum,
    price_tables,
)
from clustersim.schema.imports.source import Imported, ImportOptions, Source, refuse
from clustersim.schema.prices import MONTH, PriceBook
from clustersim.schema.profiles import read_document
from clustersim.schema.yamlfile import Document

__all__ = ["has_prices", "read_prices"]

#: The book beneath where the user names none.
BASE = "cn-2026"
VAT = 1.13


def read_prices(source: Source, options: ImportOptions) -> Imported:
    """Return the list as a price book over ``--given base=`` (default the shipped one), checked as a file's would be.

    Raises InputError naming missing columns and every line that is no price.
    """
    said: list[str] = []
    tables = list(price_tables(source, said))
    base = options.given.get("base", BASE)
    lower = validate(PriceBook, read_document("hwprofiles/prices", base), require_source=True)
    month = options.given.get("date", source.changed[:7])
    if not re.fullmatch(MONTH, month):
        raise InputError(f"--given date={month}: write a month, as 2026-06")
    problems: list[Problem] = []
    said.insert(0, f"a list of prices, laid over {base}")
    parts: dict[str, dict[str, Any]] = {}
    for where, table, columns in tables:
        for line, row in table.numbered():
            _line(_At(where, line, source.path.name), row, columns, lower, options, parts, problems, said)
    if not parts and not problems:
        problems.append(Problem(source.name, None, "", "holds no line of a part"))
    refuse(source, "a list of prices", problems)
    fresh = [name for name in parts if name not in lower.parts]
    taken = len(parts) - len(fresh)
    said.append(f"{taken} parts of {base} have a price of this list; {len(lower.parts) - taken} keep theirs")
    said += [f"{name}: is no part of {base}: it counts where a profile names it; {suggest(name, list(lower.parts))}"
             for name in fresh[:10]]  # fmt: skip
    if any(columns.with_vat for _, _, columns in tables):
        said.append(f"prices with VAT are divided by {VAT:g}")
    name = options.name or source.stem
    notes = [f"from {source.path.name}, sha256 {source.sha256}"]
    data = {"kind": "prices", "name": name, "date": month, "base": base, "notes": notes, "parts": parts}
    book = validate(PriceBook, Document(source.name, data, {}), require_source=True)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=118)
    rows = tuple({"part": key, **part} for key, part in parts.items())
    return Imported("prices", name, "hwprofiles/prices", text, book, rows, tuple(said))


@dataclass(frozen=True, slots=True)
class _At:
    """Where a line stands: the table's name for messages, the line, and the file's own name."""

    where: str
    line: int
    file: str


def _line(
    at: _At, row: Mapping[str, str], columns: Columns, lower: PriceBook, options: ImportOptions,
    parts: dict[str, dict[str, Any]], problems: list[Problem], said: list[str],
) -> None:  # fmt: skip
    def cell(what: str) -> str:
        return row[columns.of[what]].strip() if what in columns.of else ""

    def problem(key: str, what: str, hint: str = "") -> None:
        problems.append(Problem(at.where, at.line, key, what, hint))

    name, text = cell("part"), cell("price")
    if not name and not text:
        return None
    if not name:
        return problem(columns.of["part"], "no part is named")
    if is_sum(name):
        said.append(f"line {at.line}: {name} is a sum of others, left out")
        return None
    value = amount_of(text)
    if isinstance(value, str):
        return problem(columns.of["price"], value)
    named = [currency_of(cell("currency")), currency_of(text), columns.currency]
    if cell("currency") and not named[0]:
        return problem(columns.of["currency"], f"{cell('currency')!r} is none of CNY, USD, HKD")
    stated = list(dict.fromkeys(filter(None, named))) or [options.given.get("currency", "")]
    if len(stated) > 1:
        return problem(columns.of["price"], f"is in {stated[0]} by one cell and in {stated[1]} by another")
    currency = stated[0]
    if not currency:
        return problem(columns.of["price"], "is of no stated currency", "give --given currency=CNY (or USD)")
    if currency != "CNY" and currency not in lower.currencies:
        return problem(columns.of["price"], f"is in {currency}, and {lower.name} has no rate for it")
    rate = 1.0 if currency == "CNY" else float(lower.currencies[currency].rate.value)
    factor = columns.scale * rate / (VAT if columns.with_vat else 1.0)
    origin = f"{at.file} line {at.line}" + (f", {cell('supplier')}" if cell("supplier") else "")
    if currency != "CNY":
        origin += f": {value * columns.scale:g} {currency} at {rate:g} CNY/{currency} ({lower.name})"
    part: dict[str, Any] = {"value": f"{value * factor:.10g} CNY"}
    for end in ("low", "high"):
        bound = amount_of(cell(end)) if cell(end) else ""
        if isinstance(bound, float):
            part[end] = f"{bound * factor:.10g} CNY"
        elif bound:
            problem(columns.of[end], bound)
    part |= {"source": origin, "tier": "derived" if currency != "CNY" or columns.with_vat else "published"}
    weeks = (
        re.match(r"(\d+(?:\.\d+)?)\s*(weeks?|周|w)?$", cell("lead"), re.IGNORECASE) if cell("lead") else None
    )
    if cell("lead") and weeks is None:
        problem(columns.of["lead"], f"{cell('lead')!r} is no number of weeks")
    if weeks:
        part["lead_time"] = f"{weeks[1]} week"
    key = _key(name, lower)
    if key in parts and parts[key]["value"] != part["value"]:
        return problem(columns.of["part"], f"{key} stands twice, with unlike prices")
    parts[key] = part
    return None


def _key(name: str, lower: PriceBook) -> str:
    """The book's part that a name is, or the name as one."""
    plain = re.sub(r"[\s_/]+", "-", name.strip().lower()).strip("-.")
    return next((part for part in lower.parts if part in (name.strip(), plain)), plain)
