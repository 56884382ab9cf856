"""Parts and their whole: segments, products, and shares of one market."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding, compare, total
from clustersim.finance.audit.labels import plain
from clustersim.finance.audit.records import Record, Tables

__all__ = ["is_whole", "part_checks"]

WHOLE = {
    "total",
    "group",
    "revenue",
    "revenues",
    "sales",
    "turnover",
    "totalrevenue",
    "sum",
    "合计",
    "总计",
    "收入",
    "总收入",
    "营业收入",
}
#: What stands before the name of a sum: that it is of all.
_OF_ALL = re.compile(r"^(?:group|consolidated|total|external|net|集团|公司|合并)+")
_WORDS = {
    "units": ("units", "volume", "unitsales", "shipments", "销量", "出货量", "数量"),
    "asp": ("asp", "price", "averageprice", "averagesellingprice", "unitprice", "单价", "均价", "平均售价"),
    "revenue": ("revenue", "sales", "收入", "销售额"),
}
#: What counts units: one of them is that many pieces.
PIECES = {"units": 1.0, "thousand_units": 1e3, "million_units": 1e6, "10thousand_units": 1e4, "count": 1.0}


def part_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of segments, products and market shares."""
    yield from _segments(tables)
    yield from _products(tables)
    yield from _shares(tables)


def _segments(tables: Tables) -> Iterator[Finding]:
    for year in tables.years("segments"):
        rows = [r for r in tables.of("segments") if r.year == year and r.value is not None]
        money = [r for r in rows if r.scaled[0].startswith("k")]
        parts = [r for r in money if not is_whole(r)]
        wholes = [r for r in money if is_whole(r)]
        revenue = tables.find("income_statement", "revenue", year)
        for whole in [*wholes, *([revenue] if revenue else [])]:
            if len(parts) > 1:
                yield compare(
                    f"segments {whole.period} sum to {whole.item}", whole.where, whole.scaled[1],
                    total(p.scaled[1] for p in parts), worse="inconsistent",
                    note=f"{len(parts)} segments from {parts[0].where} on",
                )  # fmt: skip


def is_whole(record: Record) -> bool:
    """Whether a line among segments is their sum, by its name.

    >>> from clustersim.finance.audit.tables import read_tables
    >>> rows = "EUR mn,2024\\nMobility,3\\nGroup revenue,3\\nTotal,3\\n"
    >>> [is_whole(r) for r in read_tables({"segments": rows}).of("segments")]
    [False, True, True]
    """
    name = plain(record.company or record.printed or record.item)
    return name in WHOLE or re.sub(_OF_ALL, "", name) in WHOLE


def _kind(record: Record) -> str:
    key = plain(record.printed or record.item)
    return next((kind for kind, words in _WORDS.items() if key in words), "")


def _products(tables: Tables) -> Iterator[Finding]:
    rows: dict[tuple[str, int], dict[str, Record]] = {}
    for record in tables.of("products"):
        if record.year is not None and record.value is not None and _kind(record):
            rows.setdefault((record.company, record.year), {})[_kind(record)] = record
    sold: dict[int, list[Record]] = {}
    for (name, year), found in rows.items():
        units, price, revenue = (found.get(k) for k in ("units", "asp", "revenue"))
        if revenue is not None:
            sold.setdefault(year, []).append(revenue)
        if units is not None and price is not None and revenue is not None:
            pieces = units.interval.scaled(PIECES.get(units.unit, 1.0))
            yield compare(
                f"units x price of {name} {revenue.period}", revenue.where, revenue.scaled[1],
                pieces * price.scaled[1], worse="inconsistent", note=f"{units.text} x {price.text} {price.unit}",
            )  # fmt: skip
    for year, parts in sold.items():
        whole = tables.find("income_statement", "revenue", year)
        if whole is not None:
            gap = total(p.scaled[1] for p in parts)
            # Products may be a part of revenue; they are never more than it.
            if gap.low > whole.scaled[1].high:
                yield Finding(
                    f"products {whole.period} within revenue", whole.where, whole.scaled[1].middle, gap.middle,
                    "inconsistent", "the products alone are more than revenue", cells=gap.cells | whole.scaled[1].cells,
                )  # fmt: skip
            else:
                yield Finding(
                    f"products {whole.period} within revenue", whole.where, whole.scaled[1].middle, gap.middle,
                    "ok", cells=gap.cells | whole.scaled[1].cells,
                )  # fmt: skip


def _shares(tables: Tables) -> Iterator[Finding]:
    """Shares of one market in one period sum to at most 100 %; a share of the first few is no part beside them."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in tables.records:
        found = re.fullmatch(r"([a-z0-9]+)_(?!.*top).+_share", record.item)
        if (
            found
            and record.unit == "percent"
            and record.value is not None
            and record.table in {"market", "claims"}
        ):
            groups.setdefault((record.table, found[1], record.period), []).append(record)
    for (_, market, period), members in groups.items():
        if len(members) < 2:
            continue
        whole = total(m.interval for m in members)
        wrong = whole.low > 100
        yield Finding(
            f"shares of {market} {period} within 100 %", members[-1].where, whole.middle, 100.0,
            "inconsistent" if wrong else "ok", " + ".join(m.item for m in members) if wrong else "", cells=whole.cells,
        )  # fmt: skip
