"""Roll-forwards: what a balance moves by must be a flow that is printed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.records import Record, Tables

__all__ = ["flow_checks"]

WORKING = (
    (("trade_and_notes_receivables", "trade_receivables", "receivables"), 1),
    (("inventories",), 1),
    (("trade_and_other_payables", "trade_payables", "payables"), -1),
)
OTHERS = (("other_current_assets", 1), ("other_current_liabilities", -1))
FIXED = ("property_plant_equipment", "right_of_use_assets", "intangible_assets")
#: Dealings with owners, and what may or may not pass through equity.
EQUITY_FLOWS = (
    "dividends_paid", "proceeds_from_issue_of_shares", "repurchase_of_shares", "share_based_compensation",
    "other_comprehensive_income",
)  # fmt: skip
MAYBE_EQUITY = {"share_based_compensation", "other_comprehensive_income"}
#: A roll-forward of assets leaves out disposals, leases and exchange rates; a gap below this share of the opening
#: balance is said, a larger one is a fault.
FIXED_GAP = 0.05


def flow_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the roll-forwards of equity, working capital and fixed assets."""
    yield from _equity(tables)
    yield from _retained(tables)
    yield from _working_capital(tables)
    yield from _fixed(tables)
    yield from _listing(tables)


def _equity(tables: Tables) -> Iterator[Finding]:
    for year in tables.years("balance_sheet"):
        now = tables.find("balance_sheet", "total_equity", year)
        then = tables.find("balance_sheet", "total_equity", year - 1)
        profit = tables.find("income_statement", "net_profit", year)
        if now is None or then is None or profit is None or not now.forecast:
            continue
        flows = [
            r for item in EQUITY_FLOWS for table in ("cash_flow", "income_statement")
            if (r := tables.find(table, item, year)) and r.value
        ]  # fmt: skip
        yield _roll(tables, now, then, profit, flows)


def _roll(tables: Tables, now: Record, then: Record, profit: Record, flows: list[Record]) -> Finding:
    """Equity moves by profit and by every printed dealing with its owners; pay in shares may be left in it or not."""
    check = f"total_equity {now.period} rolls forward"
    owners = [r for r in flows if r.item not in MAYBE_EQUITY]
    maybe = [r for r in flows if r.item in MAYBE_EQUITY]
    plain = total([then.scaled[1], profit.scaled[1], *(r.scaled[1] for r in owners)])
    says = " + ".join(["equity of " + then.period, "net profit", *(r.item for r in owners)])
    best = None
    for taken in (maybe, *([r] for r in maybe), []):
        expected = total([plain, *(r.scaled[1] for r in taken)])
        best = compare(
            check, now.where, now.scaled[1], expected, note=f"{says}; nothing printed explains the rest"
        )
        if best.verdict in {"ok", "rounding"}:
            return best
    assert best is not None and now.year is not None
    converted = _converted(tables, now.year)
    if converted is not None and now.scaled[1].meets(plain + converted):
        return Finding(
            check, now.where, now.scaled[1].middle, (plain + converted).middle, "info",
            "net profit and redeemable shares that turn into equity without cash explain it", cells=best.cells,
        )  # fmt: skip
    return best


def _retained(tables: Tables) -> Iterator[Finding]:
    """Retained earnings move by profit less dividends; pay in shares and gains outside of profit may be kept in them.

    A report may carry to reserves what it likes: a year is a fault only where most other years keep to the law.
    """
    rolls = []
    for year in tables.years("balance_sheet"):
        now, then = (tables.find("balance_sheet", "retained_earnings", y) for y in (year, year - 1))
        profits = [
            r for item in ("profit_attributable_to_owners", "net_profit")
            if (r := tables.find("income_statement", item, year)) is not None
        ]  # fmt: skip
        if now is not None and then is not None and now.forecast and profits:
            rolls.append(_kept(tables, now, then, profits))
    right = _right(rolls)
    yield from (f for f in rolls if f.verdict in {"ok", "rounding"} or right > len(rolls) / 2)


def _kept(tables: Tables, now: Record, then: Record, profits: list[Record]) -> Finding:
    flows = [
        r for item in ("dividends_paid", *sorted(MAYBE_EQUITY)) for table in ("cash_flow", "income_statement")
        if (r := tables.find(table, item, now.year or 0)) and r.value
    ]  # fmt: skip
    note = f"{then.period} plus the year's profit less dividends"
    return first_that_holds(
        lambda profit=profit, taken=taken: compare(  # type: ignore[misc]
            f"retained_earnings {now.period} rolls forward", now.where, now.scaled[1],
            total([then.scaled[1], profit.scaled[1], *(r.scaled[1] for r in taken)]), note=note,
        )
        for profit in profits
        for count in range(len(flows) + 1)
        for taken in combinations(flows, count)
    )  # fmt: skip


def _converted(tables: Tables, year: int) -> Interval | None:
    """What redeemable shares give to equity: they fall, they were most of what was owed, and equity was below zero.

    A line that is named as redeemable need only fall.
    """
    before, owed = (tables.find("balance_sheet", i, year - 1) for i in ("total_equity", "total_liabilities"))
    for item in ("redeemable_shares", "other_non_current_liabilities"):
        moved = _moved(tables, item, year)
        if moved is None or moved.middle >= 0:
            continue
        most = owed is not None and before is not None and -moved.middle > 0.5 * owed.scaled[1].middle
        if item == "redeemable_shares" or (most and before is not None and (before.value or 0.0) < 0):
            return moved.scaled(-1.0)
    return None


def _moved(tables: Tables, item: str, year: int) -> Interval | None:
    now, then = (tables.find("balance_sheet", item, y) for y in (year, year - 1))
    return None if now is None or then is None else now.scaled[1] - then.scaled[1]


def _net(tables: Tables, year: int, *, others: bool) -> Interval | None:
    parts = []
    for names, sign in WORKING:
        record = next((r for n in names if (r := tables.find("balance_sheet", n, year))), None)
        if record is None:
            return None
        parts.append(record.interval.scaled(sign))
    if others:
        for name, sign in OTHERS:
            record = tables.find("balance_sheet", name, year)
            if record is not None:
                parts.append(record.interval.scaled(sign))
    return total(parts)


def _working_capital(tables: Tables) -> Iterator[Finding]:
    """The change in working capital against the balances, in forecast years.

    Actual years carry movements without cash. The rule (with or without other current items) is the one that most
    years keep; where none keeps two, the table follows some other rule and nothing is said.
    """
    records = [
        r for r in tables.of("cash_flow") if r.item == "change_in_working_capital" and r.forecast and r.year
    ]
    best: list[Finding] = []
    for others in (False, True):
        found = []
        for record in records:
            assert record.year is not None
            now, then = (_net(tables, y, others=others) for y in (record.year, record.year - 1))
            if now is not None and then is not None:
                found.append(
                    compare(
                        f"change_in_working_capital {record.period} from the balances", record.where, record.interval,
                        then - now, worse="inconsistent", note="receivables + inventory - payables move by this",
                    )
                )  # fmt: skip
        if _right(found) > _right(best):
            best = found
    if 2 * _right(best) > len(best):
        yield from best


def _right(findings: list[Finding]) -> int:
    return sum(f.verdict in {"ok", "rounding"} for f in findings)


def _fixed(tables: Tables) -> Iterator[Finding]:
    for year in tables.years("balance_sheet"):
        spent = tables.find("cash_flow", "purchase_of_ppe_and_intangibles", year)
        worn = tables.find("cash_flow", "depreciation_and_amortisation", year)
        now = [r for n in FIXED if (r := tables.find("balance_sheet", n, year))]
        then = [r for n in FIXED if (r := tables.find("balance_sheet", n, year - 1))]
        if spent is None or worn is None or not now or len(now) != len(then) or not spent.forecast:
            continue
        closing, opening = total(r.interval for r in now), total(r.interval for r in then)
        expected = opening - spent.interval - worn.interval
        check = f"fixed assets {spent.period} roll forward"
        found = compare(check, now[0].where, closing, expected)
        gap = closing.middle - expected.middle
        if found.verdict in {"ok", "rounding"}:
            yield found
        else:
            small = abs(gap) <= FIXED_GAP * abs(opening.middle)
            yield Finding(
                check, now[0].where, closing.middle, expected.middle, "info" if small else "inconsistent",
                "plant, right-of-use and intangible assets: opening + capital expenditure - depreciation;"
                " disposals, leases or exchange rates must explain the rest",
            )  # fmt: skip


def _listing(tables: Tables) -> Iterator[Finding]:
    """Redeemable shares that turn into equity come with a listing; its proceeds belong in the cash flow."""
    for year in tables.years("balance_sheet"):
        moved = _moved(tables, "other_non_current_liabilities", year)
        before = tables.find("balance_sheet", "total_liabilities", year - 1)
        financing = tables.find("cash_flow", "net_cash_from_financing", year)
        if (
            moved is None
            or before is None
            or financing is None
            or before.value is None
            or financing.value is None
        ):
            continue
        if -moved.middle > 0.5 * before.value > 0 and abs(financing.value) < 0.01 * -moved.middle:
            yield Finding(
                f"financing {financing.period} with the conversion of redeemable shares", financing.where,
                financing.value, None, "omission",
                f"liabilities of {-moved.middle:,.0f} turn into equity, as at a listing, but no proceeds are in the"
                " cash flow; shares counted after the listing and cash before it do not go together",
            )  # fmt: skip
