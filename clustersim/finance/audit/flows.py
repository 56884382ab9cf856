"""Roll-forwards: what a balance moves by must be a flow that is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.rolls import kept_by_most, moved, nearly_all, right, rolled
from clustersim.finance.audit.script import folded

__all__ = ["flow_checks"]

WORKING = (
    (("trade_and_notes_receivables", "trade_receivables", "receivables"), 1),
    (("inventories",), 1),
    (("trade_and_other_payables", "trade_payables", "payables"), -1),
)
OTHERS = (
    ("other_current_assets", 1), ("other_current_liabilities", -1), ("prepayments", 1), ("contract_liabilities", -1),
)  # fmt: skip
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
    yield from rolled(tables)
    yield from _listing(tables)


def _equity(tables: Tables) -> Iterator[Finding]:
    """Every forecast year, and the actual years where nearly all keep to the law."""
    rolls: list[tuple[Record, Finding]] = []
    paid = set(tables.years("cash_flow"))
    for year in tables.years("balance_sheet"):
        now = tables.find("balance_sheet", "total_equity", year)
        then = tables.find("balance_sheet", "total_equity", year - 1)
        profit = tables.find("income_statement", "net_profit", year)
        # Without a cash flow nobody can tell what was paid to owners.
        if now is None or then is None or profit is None or year not in paid:
            continue
        flows = [
            r for item in EQUITY_FLOWS for table in ("cash_flow", "income_statement")
            if (r := tables.find(table, item, year)) and r.value
        ]  # fmt: skip
        rolls.append((now, _roll(tables, now, then, profit, flows, _again(tables, year))))
    yield from (f for r, f in rolls if r.forecast)
    yield from kept_by_most(rolls, forecasts=False)


def _again(tables: Tables, year: int) -> list[Record]:
    """Further lines of the cash flow that deal with owners: what is paid to those of subsidiaries beside the others."""
    kinds = "|".join(re.escape(item) for item in EQUITY_FLOWS)
    return [
        r for r in tables.of("cash_flow") if r.year == year and r.value and re.fullmatch(rf"(?:{kinds})_\d+", r.item)
    ]  # fmt: skip


def _roll(
    tables: Tables, now: Record, then: Record, profit: Record, flows: list[Record], again: list[Record]
) -> Finding:
    """Equity moves by profit and by every printed dealing with its owners; pay in shares may be left in it or not."""
    check = f"total_equity {now.period} rolls forward"
    owners = [r for r in flows if r.item not in MAYBE_EQUITY]
    maybe = [*again, *(r for r in flows if r.item in MAYBE_EQUITY)]
    plain = total([then.scaled[1], profit.scaled[1], *(r.scaled[1] for r in owners)])
    says = " + ".join(["equity of " + then.period, "net profit", *(r.item for r in owners)])
    best = None
    # What passes profit by and is kept apart in the balance sheet moves equity, too.
    kept = moved(tables, "accumulated_other_comprehensive_income", now.year or 0)
    apart = [[kept], []] if kept is not None and kept.middle else [[]]
    for more, taken in product(apart, (maybe, again, *([r] for r in maybe), [])):
        expected = total([plain, *more, *(r.scaled[1] for r in taken)])
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
    rolls: list[tuple[Record, Finding]] = []
    for year in tables.years("balance_sheet"):
        now, then = (tables.find("balance_sheet", "retained_earnings", y) for y in (year, year - 1))
        profits = [
            r for item in ("profit_attributable_to_owners", "net_profit")
            if (r := tables.find("income_statement", item, year)) is not None
        ]  # fmt: skip
        if now is not None and then is not None and profits and year in tables.years("cash_flow"):
            rolls.append((now, _kept(tables, now, then, profits)))
    yield from kept_by_most(rolls)


def _kept(tables: Tables, now: Record, then: Record, profits: list[Record]) -> Finding:
    flows = [
        r.scaled[1] for item in ("dividends_paid", *sorted(MAYBE_EQUITY)) for table in ("cash_flow", "income_statement")
        if (r := tables.find(table, item, now.year or 0)) and r.value
    ]  # fmt: skip
    set_aside = moved(tables, "surplus_reserves", now.year or 0)
    if set_aside is not None and set_aside.middle:
        flows.append(set_aside.scaled(-1.0))
    note = f"{then.period} plus the year's profit less dividends and what is set aside"
    return first_that_holds(
        lambda profit=profit, taken=taken: compare(  # type: ignore[misc]
            f"retained_earnings {now.period} rolls forward", now.where, now.scaled[1],
            total([then.scaled[1], profit.scaled[1], *taken]), note=note,
        )
        for profit in reversed(profits)
        for count in range(len(flows) + 1)
        for taken in combinations(flows, count)
    )  # fmt: skip


def _converted(tables: Tables, year: int) -> Interval | None:
    """What redeemable shares give to equity: they fall, they were most of what was owed, and equity was below zero.

    A line that is named as redeemable need only fall.
    """
    before, owed = (tables.find("balance_sheet", i, year - 1) for i in ("total_equity", "total_liabilities"))
    for item in ("redeemable_shares", "other_non_current_liabilities"):
        fell = moved(tables, item, year)
        if fell is None or fell.middle >= 0:
            continue
        most = owed is not None and before is not None and -fell.middle > 0.5 * owed.scaled[1].middle
        if item == "redeemable_shares" or (most and before is not None and (before.value or 0.0) < 0):
            return fell.scaled(-1.0)
    return None


def _net(tables: Tables, year: int, more: int) -> Interval | None:
    parts = []
    for names, sign in WORKING:
        record = next((r for n in names if (r := tables.find("balance_sheet", n, year))), None)
        if record is None:
            return None
        parts.append(record.scaled[1].scaled(sign))
    for name, sign in OTHERS[:more]:
        record = tables.find("balance_sheet", name, year)
        if record is not None:
            parts.append(record.scaled[1].scaled(sign))
    return total(parts)


def _working_capital(tables: Tables) -> Iterator[Finding]:
    """The change in working capital against the balances.

    Actual years often carry movements without cash. The rule (with or without other current items) is the one that most
    years keep; where none keeps two, the table follows some other rule and nothing is said.
    """
    records = [r for r in tables.of("cash_flow") if r.item == "change_in_working_capital" and r.year]
    best: list[tuple[Record, Finding]] = []
    for more in range(0, len(OTHERS) + 1, 2):
        found = []
        for record in records:
            assert record.year is not None
            now, then = (_net(tables, y, more) for y in (record.year, record.year - 1))
            if now is not None and then is not None:
                found.append(
                    (record, compare(
                        f"change_in_working_capital {record.period} from the balances", record.where, record.scaled[1],
                        then - now, worse="inconsistent", note="receivables + inventory - payables move by this",
                    ))
                )  # fmt: skip
        if right([f for _, f in found]) > right([f for _, f in best]):
            best = found
    yield from kept_by_most(best)


#: What is written off and what is bought besides the lines of these names, by the names of their lines.
_WORN = re.compile(r"depreciation|amorti[sz]ation|折旧|摊销", re.I)
_BOUGHT = re.compile(
    r"^(?!.*(?:proceeds|disposal)).*(?:intangible|software|development|无形资产|软件|开发)", re.I
)


def _fixed(tables: Tables) -> Iterator[Finding]:
    """Fixed assets by what is bought and written off: the lines of each are those by which most years keep to it."""
    best: list[tuple[Record, Finding]] = []
    for rule in product((FIXED, FIXED[:2], FIXED[:1]), (False, True), (False, True)):
        rolls = [
            r for year in tables.years("balance_sheet") if (r := _fixed_in(tables, year, *rule)) is not None
        ]
        if not best or right([f for _, f in rolls]) > right([f for _, f in best]):
            best = rolls
    strict = [f.check for f in kept_by_most(best)] if nearly_all(best) else []
    kept = right([f for _, f in best])
    for record, found in best:
        small = abs(found.difference or 0.0) <= FIXED_GAP * abs(found.recomputed or 0.0)  # type: ignore[arg-type]
        if found.check in strict or found.verdict in {"ok", "rounding"}:
            yield found
        elif record.forecast:
            yield replace(found, verdict="info" if small or not kept else "inconsistent")


def _fixed_in(
    tables: Tables, year: int, names: tuple[str, ...], all_bought: bool, all_worn: bool
) -> tuple[Record, Finding] | None:
    spent = tables.find("cash_flow", "purchase_of_ppe_and_intangibles", year)
    worn = tables.find("cash_flow", "depreciation_and_amortisation", year)
    now = [r for n in names if (r := tables.find("balance_sheet", n, year))]
    then = [r for n in names if (r := tables.find("balance_sheet", n, year - 1))]
    if spent is None or worn is None or not now or len(now) != len(then):
        return None
    others = [r for r in tables.of("cash_flow") if r.year == year and r.value and r not in (spent, worn)]
    flows = [spent, worn]
    flows += [
        r for r in others if all_bought and (r.value or 0.0) < 0 and _BOUGHT.search(r.printed or r.item)
    ]
    flows += [
        r for r in others if all_worn and (r.value or 0.0) > 0 and _WORN.search(folded(r.printed or r.item))
    ]
    closing, opening = total(r.scaled[1] for r in now), total(r.scaled[1] for r in then)
    return spent, compare(
        f"fixed assets {spent.period} roll forward", now[0].where, closing,
        opening - total(r.scaled[1] for r in flows), worse="inconsistent",
        note="plant, right-of-use and intangible assets: opening + capital expenditure - depreciation;"
        " disposals, leases or exchange rates must explain the rest",
    )  # fmt: skip


def _listing(tables: Tables) -> Iterator[Finding]:
    """Redeemable shares that turn into equity come with a listing; its proceeds belong in the cash flow."""
    for year in tables.years("balance_sheet"):
        fell = moved(tables, "other_non_current_liabilities", year)
        before = tables.find("balance_sheet", "total_liabilities", year - 1)
        financing = tables.find("cash_flow", "net_cash_from_financing", year)
        if (
            fell is None
            or before is None
            or financing is None
            or before.value is None
            or financing.value is None
        ):
            continue
        if (
            -fell.middle > 0.5 * before.scaled[1].middle > 0
            and abs(financing.scaled[1].middle) < 0.01 * -fell.middle
        ):
            yield Finding(
                f"financing {financing.period} with the conversion of redeemable shares", financing.where,
                financing.value, None, "omission",
                f"liabilities of {-fell.middle:,.0f} turn into equity, as at a listing, but no proceeds are in the"
                " cash flow; shares counted after the listing and cash before it do not go together",
            )  # fmt: skip
