"""Sums below the totals of a balance sheet, and cash that passes equity by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.records import Record, Tables

__all__ = ["balance_checks", "balance_sums"]

#: whole -> its parts with their signs; every part must be printed
SUMS: tuple[tuple[str, str, tuple[tuple[str, int], ...]], ...] = (
    ("balance_sheet", "total_liabilities_and_equity", (("total_liabilities", 1), ("total_equity", 1))),
    ("balance_sheet", "total_assets", (("total_liabilities_and_equity", 1),)),
    ("balance_sheet", "total_assets_less_current_liabilities",
     (("total_non_current_assets", 1), ("net_current_assets", 1))),
    ("balance_sheet", "total_assets_less_current_liabilities",
     (("total_assets", 1), ("total_current_liabilities", -1))),
    ("balance_sheet", "total_assets_less_current_liabilities",
     (("total_non_current_assets", 1), ("total_current_assets", 1), ("total_current_liabilities", -1))),
    ("balance_sheet", "net_current_assets", (("total_current_assets", 1), ("total_current_liabilities", -1))),
    ("balance_sheet", "total_equity", (("equity_attributable_to_owners", 1), ("non_controlling_interests", 1))),
    ("income_statement", "net_profit", (("profit_attributable_to_owners", 1), ("minority_interests", 1))),
)  # fmt: skip


def balance_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the sums of equity and of both sides, and what passes equity by."""
    yield from balance_sums(tables)
    yield from _free(tables)
    yield from _again(tables)
    yield from _passed_by(tables)
    yield from _plug(tables)
    yield from _untaken(tables)


_PURCHASED = re.compile(
    r"^(?!.*(?:business|subsidiar|securit|financial|股权|子公司|理财|金融))"
    r".*(?:purchase|payments? for|investment in|additions|capitali[sz]|development|购|资本化|开发支出)", re.I,
)  # fmt: skip


def _free(tables: Tables) -> Iterator[Finding]:
    """Free cash flow: operating cash less capital expenditure, with or without the other things that are bought."""
    for year in tables.years("cash_flow"):
        target, cash, spent = (
            tables.find("cash_flow", i, year)
            for i in ("free_cash_flow", "net_cash_from_operating", "purchase_of_ppe_and_intangibles")
        )
        if target is None or cash is None or spent is None:
            continue
        more = [
            r for r in tables.of("cash_flow")
            if r.year == year and r is not spent and (r.value or 0.0) < 0 and _PURCHASED.search(r.printed or r.item)
            and not r.item.startswith(("repurchase", "repayment"))
        ]  # fmt: skip
        sets = [[cash, spent, *more], [cash, spent]] if more else [[cash, spent]]
        yield first_that_holds(partial(_parted, target, rows) for rows in sets)


def _parted(target: Record, rows: list[Record]) -> Finding:
    return compare(
        f"free_cash_flow {target.period} from its parts", target.where, target.interval,
        total(r.interval for r in rows), note="should be " + " + ".join(r.item for r in rows),
    )  # fmt: skip


def balance_sums(tables: Tables) -> Iterator[Finding]:
    """Yield the totals that are made of two named lines."""
    for table, whole, parts in SUMS:
        parts = _oriented(tables, table, whole, parts)
        for year in tables.years(table):
            target = tables.find(table, whole, year)
            found = [(r, s) for item, s in parts if (r := tables.find(table, item, year))]
            if target is not None and len(found) == len(parts):
                yield compare(
                    f"{whole} {target.period} from its parts", target.where, target.interval,
                    total(r.interval.scaled(s) for r, s in found),
                    note="should be " + " + ".join(r.item for r, _ in found),
                )  # fmt: skip


_Parts = tuple[tuple[str, int], ...]


def _oriented(tables: Tables, table: str, whole: str, parts: _Parts) -> _Parts:
    """Parts with the sign that most years want: what outside owners get may be printed as a deduction."""
    if ("minority_interests", 1) not in parts:
        return parts
    turned = tuple((item, -sign if item == "minority_interests" else sign) for item, sign in parts)

    def kept(choice: _Parts) -> int:
        return sum(
            all(found) and target is not None
            and target.interval.meets(total(r.interval.scaled(s) for r, (_, s) in zip(found, choice, strict=True) if r))
            for year in tables.years(table)
            for target in (tables.find(table, whole, year),)
            for found in ([tables.find(table, item, year) for item, _ in choice],)
        )  # fmt: skip

    return turned if kept(turned) > kept(parts) else parts


def _again(tables: Tables) -> Iterator[Finding]:
    """A total that its table prints on a second line, under this or another name."""
    for record in tables.of("balance_sheet"):
        base = re.sub(r"_\d+$", "", record.item)
        if (
            base == record.item
            or not base.startswith("total_")
            or record.year is None
            or record.value is None
        ):
            continue
        first = tables.find("balance_sheet", base, record.year)
        if first is not None:
            yield compare(f"{base} {record.period} on two lines", record.where, record.interval, first.interval,
                          worse="inconsistent", note=f"{first.where} prints {first.text}")  # fmt: skip


def _change(tables: Tables, item: str, year: int) -> Interval | None:
    now, then = (tables.find("balance_sheet", item, y) for y in (year, year - 1))
    return None if now is None or then is None else now.scaled[1] - then.scaled[1]


def _forecast_years(tables: Tables, table: str) -> list[int]:
    return sorted({r.year for r in tables.of(table) if r.year is not None and r.forecast})


def _passed_by(tables: Tables) -> Iterator[Finding]:
    """An exchange effect moves cash; where equity moves by profit alone, some balance must take it up unseen."""
    found: list[Record] = []
    for year in _forecast_years(tables, "cash_flow"):
        effect = tables.find("cash_flow", "fx_effect", year)
        profit, change = (
            tables.find("income_statement", "net_profit", year),
            _change(tables, "total_equity", year),
        )
        if effect is None or profit is None or change is None or not effect.value:
            continue
        moved = effect.scaled[1]
        half = max(moved.high - moved.low, 1.0)
        left = change - profit.scaled[1]
        # Liabilities that turn into equity bring no exchange effect, either.
        turned = _change(tables, "other_non_current_liabilities", year) or Interval.exactly(0.0)
        alone = min(abs(left.middle), abs((left + turned).middle)) < 0.01 * abs(moved.middle)
        if abs(moved.middle) > 10 * half and alone:
            found.append(effect)
    if found:
        yield Finding(
            "fx_effect enters equity", found[0].where, found[0].value, 0.0, "inconsistent",
            f"cash moves by an exchange effect in {', '.join(r.period for r in found)} and equity by profit alone; no"
            " other comprehensive income is printed", cells=frozenset(r.where for r in found),
        )  # fmt: skip


def _plug(tables: Tables) -> Iterator[Finding]:
    """Other non-current assets against the only flow that can move them."""
    gaps: list[tuple[Record, float]] = []
    for year in _forecast_years(tables, "balance_sheet"):
        now, change = (
            tables.find("balance_sheet", "other_non_current_assets", year),
            _change(tables, "other_non_current_assets", year),
        )
        flow = tables.find("cash_flow", "other_investing", year)
        if now is None or change is None or flow is None or flow.value is None:
            continue
        gap = change + flow.scaled[1]
        if not (gap.low <= 0 <= gap.high) and abs(gap.middle) > 0.02 * abs(now.scaled[1].middle or 1.0):
            gaps.append((now, gap.middle))
    if len(gaps) > 1:
        says = ", ".join(f"{gap:+,.0f} in {r.period}" for r, gap in gaps)
        yield Finding(
            "other_non_current_assets move by other_investing", gaps[0][0].where, gaps[0][0].scaled[1].middle,
            (gaps[0][0].scaled[1].middle - gaps[0][1]), "inconsistent",
            f"they move by more than that flow ({says}): they take up what passes the other lines by",
            cells=frozenset(r.where for r, _ in gaps),
        )  # fmt: skip


#: Flows of a forecast that some balance or equity must take up, each on its own.
_FREE = (
    "other_operating",
    "other_investing",
    "other_financing",
    "proceeds_from_disposal_of_ppe_and_intangibles",
    "fx_effect",
)
_FIXED = ("property_plant_equipment", "right_of_use_assets", "intangible_assets")


def _untaken(tables: Tables) -> Iterator[Finding]:
    """Flows that move cash and no balance but one: in every forecast year other assets move by all of them together.

    Equity then moves by profit alone, and each of these flows passes it and every other balance by.
    """
    years = _forecast_years(tables, "cash_flow")
    seen = [(y, parts) for y in years if (parts := _unclaimed(tables, y)) is not None]
    if len(years) < 2 or len(seen) != len(years):
        return
    for item in _FREE:
        rows = [(r, flow) for _, parts in seen for r, flow in parts if r.item == item and flow.middle]
        if len(rows) < 2 or item == "fx_effect":
            continue
        says = ", ".join(f"{flow.middle:+,.0f} in {r.period}" for r, flow in rows)
        yield Finding(
            f"{item} is taken up by no balance of its own", rows[0][0].where, rows[0][0].value, None, "inconsistent",
            f"cash moves by it ({says}), equity by profit alone, and only other_non_current_assets take it up, together"
            f" with {', '.join(i for i in _FREE if i != item)}",
            cells=frozenset(r.where for r, _ in rows),
        )  # fmt: skip


def _unclaimed(tables: Tables, year: int) -> list[tuple[Record, Interval]] | None:
    """The free flows of a year, where other assets move by them, by what fixed assets leave, and by nothing else."""
    moved = _change(tables, "other_non_current_assets", year)
    spent, worn = (
        tables.find("cash_flow", i, year)
        for i in ("purchase_of_ppe_and_intangibles", "depreciation_and_amortisation")
    )
    fixed = [c for i in _FIXED if (c := _change(tables, i, year)) is not None]
    if moved is None or spent is None or worn is None or not fixed:
        return None
    flows: list[tuple[Record, Interval]] = []
    for item in _FREE:
        record = tables.find("cash_flow", item, year)
        if record is not None and record.value is not None:
            flows.append((record, record.scaled[1]))
    tax, before = (
        tables.find("income_statement", "income_tax", year),
        tables.find("cash_flow", "profit_before_tax", year),
    )
    taken = [
        # A cash flow that starts before tax pays it among its other lines.
        (r, f - tax.scaled[1]) if r.item == "other_operating" and tax and before is not None else (r, f)
        for r, f in flows
    ]  # fmt: skip
    left = total([*fixed, spent.scaled[1], worn.scaled[1]])
    whole = moved + left + total(f for _, f in taken)
    return taken if whole.low <= 0 <= whole.high and len(taken) > 2 else None
