"""Margins, growth and compound rates, and what the text says beside the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds
from clustersim.finance.audit.multiples import shares
from clustersim.finance.audit.ratios import profit_of
from clustersim.finance.audit.records import Record, Tables

__all__ = ["claim_checks"]

#: What a margin or a growth rate is named after, where it is not the item itself.
NAMES = {"adjusted_net": "adjusted_net_profit", "adjusted_profit": "adjusted_net_profit", "gross": "gross_profit",
         "net": "net_profit", "attributable_net": "profit_attributable_to_owners",
         "ebit": "ebit", "operating": "operating_profit"}  # fmt: skip
ONE = Interval.exactly(1.0)


def claim_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of ratios, growth and claims."""
    yield from _margins(tables)
    yield from _growth(tables)
    yield from _compound(tables)
    yield from _deals(tables)
    yield from _part_of_market(tables)
    yield from _ranks(tables)
    yield from _unlock(tables)


def _level(tables: Tables, item: str, year: int, table: str | None = None) -> Record | None:
    """The level of an item: the statements first, then wherever else it stands, in the finest digits."""
    for name in ("income_statement", "balance_sheet", "cash_flow"):
        record = tables.find(name, item, year)
        if record is not None and table is None:
            return record
    found = [
        r for name in ("claims", "market", "ratios") if table in {None, name}
        for r in tables.by_key.get((name, item, year), [])
    ]  # fmt: skip
    return min(found, key=lambda r: r.scaled[1].high - r.scaled[1].low, default=None)


def _margins(tables: Tables) -> Iterator[Finding]:
    for record in tables.records:
        if (
            record.table not in {"ratios", "claims"}
            or not record.item.endswith("_margin")
            or record.year is None
        ):
            continue
        if record.value is None:
            continue
        stem = record.item.removesuffix("_margin")
        item = NAMES.get(stem, stem)
        revenue = tables.find("income_statement", "revenue", record.year)
        # A net margin is of all net profit or of that of the owners: reports print either.
        items = ("profit_attributable_to_owners", item) if item == "net_profit" else (item,)
        made = [(i, p) for i in items if (p := profit_of(tables, i, record.year)) is not None]
        if made and revenue is not None and revenue.value:
            yield first_that_holds(
                partial(
                    compare, f"{record.item} {record.period} ({record.figure or record.table})", record.where,
                    record.interval.scaled(0.01), profit / revenue.scaled[1], note=f"{name} over revenue",
                ) for name, profit in made
            )  # fmt: skip


def _growth(tables: Tables) -> Iterator[Finding]:
    for record in tables.records:
        found = re.fullmatch(r"(.+?)_growth(_yoy)?", record.item)
        if not found or record.year is None or record.table not in {"ratios", "claims", "market"}:
            continue
        stem = found[1]
        table = "market" if record.table == "market" else None
        item = NAMES.get(stem, stem)
        now, then = (_level(tables, item, y, table) for y in (record.year, record.year - 1))
        if now is None or then is None or now.scaled[0] != then.scaled[0] or (then.value or 0.0) <= 0:
            continue
        rate = now.scaled[1] / then.scaled[1] - ONE
        name = f"{record.item} {record.period} ({record.figure or record.table})"
        if record.text.startswith((">", "<")):
            yield _bound(record, name, rate)
        elif record.value is not None:
            yield compare(
                name, record.where, record.interval.scaled(0.01), rate, note=f"from {item} of both years"
            )
        elif not record.text and record.status == "forecast":
            yield Finding(
                name, record.where, None, round(100 * rate.middle, 1), "omission", "both years are printed"
            )


def _bound(record: Record, name: str, rate: Interval) -> Finding:
    """``>5x`` may mean growth by five times or growth to five times; ``>520 %`` means growth."""
    digits = re.sub(r"[^\d.]", "", record.text)
    limit = float(digits) if digits else 0.0
    growth = rate.high * (100 if record.unit == "percent" else 1)
    reached = growth + (0 if record.unit == "percent" else 1)
    holds = reached > limit if record.text.startswith(">") else rate.low * 100 < limit
    return Finding(
        name, record.where, record.text, round(growth, 2), "ok" if holds else "mismatch",
        "" if holds else "the levels of both years give less",
    )  # fmt: skip


def _compound(tables: Tables) -> Iterator[Finding]:
    for record in tables.records:
        span = re.fullmatch(r"(\d{4})[AE]?\s*-\s*(\d{4})[AE]?", record.period)
        if not record.item.endswith("_cagr") or span is None or record.value is None:
            continue
        stem, first, last = record.item.removesuffix("_cagr"), int(span[1]), int(span[2])
        table = "market" if record.table == "market" else None
        then, now = _level(tables, stem, first, table), _level(tables, stem, last, table)
        if then is None or now is None or then.scaled[0] != now.scaled[0] or last <= first:
            continue
        ratio = now.scaled[1] / then.scaled[1]
        if ratio.low <= 0:
            continue
        power = 1 / (last - first)
        rate = Interval(ratio.low**power - 1, ratio.high**power - 1, ratio.cells)
        point = ((now.scaled[1].middle / then.scaled[1].middle) ** power) - 1
        yield compare(f"{record.item} {record.period}", record.where, record.interval.scaled(0.01), rate, point=point,
                      note=f"{then.text} to {now.text} {now.unit}")  # fmt: skip


def _deals(tables: Tables) -> Iterator[Finding]:
    """Deals times their average value is revenue, within the digits printed."""
    for record in tables.of("claims"):
        if record.item != "average_deal_value" or record.year is None or record.value is None:
            continue
        deals = tables.find("claims", "deals", record.year)
        revenue = tables.find("income_statement", "revenue", record.year)
        if deals is not None and revenue is not None:
            product = Interval.exactly(deals.value or 0.0) * record.scaled[1]
            found = compare(f"deals x average_deal_value {record.period}", record.where, product, revenue.scaled[1],
                            worse="inconsistent", note=f"revenue is {revenue.text} {revenue.unit}")  # fmt: skip
            # Revenue may hold a little that is no deal: a few per cent are no fault.
            near = abs(product.middle / revenue.scaled[1].middle - 1) < 0.05
            yield Finding(found.check, found.where, found.printed, found.recomputed,
                          "rounding" if near else found.verdict, "" if near else found.note)  # fmt: skip


def _part_of_market(tables: Tables) -> Iterator[Finding]:
    """A part of a market against the whole: the whole taken back by its compound rate, times the part's share."""
    for region in ("china", "global"):
        whole = next(
            (r for r in tables.of("market") if r.item == f"{region}_ai_chip_market" and r.value), None
        )
        rate = next(
            (r for r in tables.of("market") if r.item == f"{region}_ai_chip_market_cagr" and r.value), None
        )
        share = next((r for r in tables.of("market") if r.item == f"gpgpu_share_{region}" and r.value), None)
        if whole is None or rate is None or share is None or share.year is None or whole.year is None:
            continue
        part = tables.find("market", f"{region}_gpgpu_market", share.year)
        if part is None or part.scaled[0] != whole.scaled[0]:
            continue
        back, growth = whole.year - share.year, rate.interval.scaled(0.01)
        factor = Interval((1 + growth.high) ** -back, (1 + growth.low) ** -back, growth.cells)
        yield compare(
            f"{part.item} {part.period} as a share of the whole market", part.where, part.scaled[1],
            whole.scaled[1] * factor * share.interval.scaled(0.01), worse="inconsistent",
            note=f"{whole.item} {whole.period} taken back by {rate.text} % a year, times {share.text} %",
        )  # fmt: skip


def _ranks(tables: Tables) -> Iterator[Finding]:
    """A ranking runs downhill, and its members do not sum to more than the whole."""
    ranked = [
        r for r in tables.of("market") if re.fullmatch(r".*_rank_\d+_tokens", r.item) and r.value is not None
    ]
    ranked.sort(key=lambda r: r.item)
    for above, below in pairwise(ranked):
        if (below.value or 0) > (above.value or 0):
            yield Finding(f"order of {below.item}", below.where, below.value, above.value, "inconsistent",
                          "a lower rank has more")  # fmt: skip
    whole = next(
        (r for r in tables.of("market") if r.item.endswith("_tokens_monthly") and r.value is not None), None
    )
    if ranked and whole is not None and whole.unit == ranked[0].unit:
        total = sum(r.value or 0.0 for r in ranked)
        if total > (whole.value or 0.0):
            yield Finding("ranked members within the whole", whole.where, whole.value, total, "inconsistent",
                          "the members alone are more")  # fmt: skip


def _unlock(tables: Tables) -> Iterator[Finding]:
    """Shares that become tradable: their number against the shares outstanding and the shares of both floats."""
    count, part = tables.one("valuation", "unlock_shares"), tables.one("valuation", "unlock_pct_total")
    before, after = (
        tables.one("valuation", "unlock_pct_float_before"),
        tables.one("valuation", "unlock_pct_float_after"),
    )
    if before and after and before.value and after.value:
        ratio = before.interval.scaled(0.01)
        expected = ratio / (ONE + ratio)
        yield compare("unlock_pct_float_after", after.where, after.interval.scaled(0.01), expected,
                      worse="inconsistent", note="u / (1 + u) of the share before the unlock")  # fmt: skip
    outstanding = shares(tables)
    if not (count and part and outstanding and count.value and part.value):
        return
    whole = count.interval / part.interval.scaled(0.01)
    if whole.meets(outstanding.scaled(1e6)):
        yield compare("unlock_shares over unlock_pct_total", count.where, whole, outstanding.scaled(1e6))
        return
    powers = [k for k in range(-6, 10) if abs(whole.middle * 10.0**k / (outstanding.middle * 1e6) - 1) < 0.05]
    note = (
        f"fits only when the number is in units of 10^{powers[0]}" if powers else
        f"{count.text} {count.unit} at {part.text} % mean {whole.middle:,.0f} shares; price and market value give"
        f" {outstanding.middle * 1e6:,.0f}, and no power of ten reconciles them"
    )  # fmt: skip
    shares_meant = round(outstanding.middle * 1e6 * part.value / 100)
    verdict = "misprint" if powers else "inconsistent"
    yield Finding(
        "unlock_shares over unlock_pct_total", count.where, count.value, shares_meant, verdict, note
    )
