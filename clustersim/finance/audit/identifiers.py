"""Tickers and units: identifiers that stand twice, codes that no exchange gives, units that cannot be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.records import STATEMENTS, Tables

__all__ = ["identifier_checks", "unit_checks"]

#: Exchange -> what its codes look like.
CODES = {
    "SH": r"(60|68|90)\d{4}", "SZ": r"(00|30|20)\d{4}", "BJ": r"[489]\d{5}", "HK": r"\d{4,5}",
    "US": r"[A-Z]{1,5}", "KS": r"\d{6}", "TW": r"\d{4}", "T": r"\d{4}",
}  # fmt: skip


#: Lines of a statement that have a unit of their own.
OWN_UNIT = {"eps", "diluted_eps", "dividend_per_share", "bps", "shares", "diluted_shares"}


def _codes(text: str) -> list[str]:
    """Split ``9988. HK/BABA. US`` into plain codes."""
    return [re.sub(r"\s+", "", part).upper() for part in text.split("/") if part.strip()]


def identifier_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of tickers."""
    owners: dict[str, dict[str, str]] = {}
    listed: dict[str, tuple[str, list[str]]] = {}
    for line, company, text in tables.tickers:
        where = f"tickers.csv:{line}"
        listed[company] = (where, _codes(text))
        for code in _codes(text):
            owners.setdefault(code, {})[company] = where
            name, _, exchange = code.rpartition(".")
            pattern = CODES.get(exchange)
            if not name or pattern is None or not re.fullmatch(pattern, name):
                yield Finding(
                    f"ticker of {company}", where, code, None, "misprint", "no exchange gives such a code"
                )
    for code, who in owners.items():
        if len(who) > 1:
            yield Finding(
                f"ticker {code}", ", ".join(who.values()), ", ".join(who), None, "inconsistent",
                "one code stands for several companies: in one of these places it is misplaced",
            )  # fmt: skip
    seen: dict[str, tuple[str, str]] = {}
    for record in tables.of("comps"):
        if not record.ticker:
            continue
        code = _codes(record.ticker)[0]
        name = record.company_zh or record.company
        if name in seen and seen[name][0] != code:
            yield Finding(f"ticker of {name}", record.where, code, seen[name][0], "inconsistent",
                          f"{seen[name][1]} prints another")  # fmt: skip
        if name in seen:
            continue
        seen[name] = (code, record.where)
        if name in listed:
            where, codes = listed[name]
            same = code in codes
            yield Finding(
                f"ticker of {name} printed twice", where, "/".join(codes), code, "ok" if same else "inconsistent",
                "" if same else f"{record.where} prints {code}",
            )  # fmt: skip


def unit_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of units."""
    for table in STATEMENTS:
        rows = [r for r in tables.of(table) if re.sub(r"_\d+$", "", r.item) not in OWN_UNIT]
        units = Counter(r.unit for r in rows)
        if len(units) > 1:
            usual = units.most_common(1)[0][0]
            for record in rows:
                if record.unit != usual:
                    yield Finding(
                        f"unit of {record.item} {record.period}", record.where, record.unit, usual, "misprint",
                        "the rest of the statement is in another unit",
                    )  # fmt: skip
    for record in tables.records:
        if record.unit.lower().startswith("printed"):
            yield Finding(
                f"unit of {record.item}", record.where, record.unit, None, "misprint",
                "what is printed beside the number is no unit of this quantity",
            )  # fmt: skip
        value = record.value
        part = record.unit == "percent" and re.search(r"(_share|share_|_pct_|_pct$|weight_)", record.item)
        if value is not None and part and not 0 <= value <= 100:
            yield Finding(f"{record.item} {record.period} is a share", record.where, value, None, "misprint",
                          "a share lies between 0 and 100 %")  # fmt: skip
        if value is not None and record.item.endswith("_margin") and record.unit == "percent" and value > 100:
            yield Finding(f"{record.item} {record.period} is a margin", record.where, value, None, "misprint",
                          "a margin is at most 100 %")  # fmt: skip
    money = {"revenue", "gross_profit", "total_assets"}
    for record in tables.records:
        if record.item in money and currency_of(record.unit) is None:
            yield Finding(f"unit of {record.item} {record.period}", record.where, record.unit, None, "misprint",
                          "money needs a currency and a scale")  # fmt: skip
