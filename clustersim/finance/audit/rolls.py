"""Balances that move by one printed flow each, and which years of such a law count as faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.records import Record, Tables

__all__ = ["kept_by_most", "moved", "nearly_all", "right", "rolled"]

Rolls = Sequence[tuple[Record, Finding]]
#: Balances -> the flows any of which, or several together, they move by: (table, item, sign).
LAWS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str, int], ...]]] = {
    "non_controlling_interests": (
        ("non_controlling_interests",),
        (("income_statement", "minority_interests", 1),),
    ),
    "treasury_shares": (("treasury_shares",), (("cash_flow", "repurchase_of_shares", 1),)),
    "paid-in capital": (
        ("share_capital", "reserves"),
        (("cash_flow", "proceeds_from_issue_of_shares", 1), ("cash_flow", "share_based_compensation", 1)),
    ),
}
#: What a mainland company sets aside of its profit, until half of its capital is reached.
SET_ASIDE = 0.10


def moved(tables: Tables, item: str, year: int) -> Interval | None:
    """Return what a balance moves by in a year, in thousands; None where one of its ends is not printed."""
    now, then = (tables.find("balance_sheet", item, y) for y in (year, year - 1))
    return None if now is None or then is None else now.scaled[1] - then.scaled[1]


def right(findings: Sequence[Finding]) -> int:
    """Return how many findings hold."""
    return sum(f.verdict in {"ok", "rounding"} for f in findings)


def _once(rolls: Rolls) -> list[tuple[Record, Finding]]:
    """The rolls with two years in a row that are off by opposite amounts as one: the balance between them is wrong."""
    out: list[tuple[Record, Finding]] = []
    for record, found in rolls:
        before = out[-1][1] if out else None
        if before is not None and _undone(before, found) and (out[-1][0].year or 0) + 1 == record.year:
            out[-1] = (
                out[-1][0],
                replace(before, note=f"{before.note}; the year after is off by as much the other way"),
            )
            out.append((record, replace(found, verdict="ok", note="")))
        else:
            out.append((record, found))
    return out


def _undone(one: Finding, two: Finding) -> bool:
    if (
        {one.verdict, two.verdict} & {"ok", "rounding", "info"}
        or one.difference is None
        or two.difference is None
    ):
        return False
    return abs(one.difference + two.difference) <= 4 * (one.half + two.half) + 1e-9 * abs(one.difference)


def nearly_all(rolls: Rolls) -> bool:
    """Whether two thirds of the years, and two at least, keep to a law: then another year is a fault, actual or not."""
    good = right([f for _, f in _once(rolls)])
    return good >= 2 and good >= 2 * (len(rolls) - good)


def kept_by_most(rolls: Rolls, *, forecasts: bool = True) -> Iterator[Finding]:
    """Yield the years that keep to a law, and those that do not where the law is the table's own.

    An actual year may carry what is not printed (exchange rates, options, write-offs): it is a fault only where nearly
    all years keep to the law. Forecasts are made by rule: more than half of them are enough. One wrong balance puts two
    years out, and counts once.
    """
    ahead = [f for r, f in rolls if r.forecast]
    ruled = 2 * right(ahead) > len(ahead)
    strict = nearly_all(rolls)
    for record, found in _once(rolls) if strict else rolls:
        if record.forecast and not forecasts:
            continue
        if found.verdict in {"ok", "rounding", "info"} or strict or (record.forecast and ruled):
            yield found


def rolled(tables: Tables) -> Iterator[Finding]:
    """Yield the roll-forwards of outside owners, own shares, paid-in capital and what is set aside."""
    for name, (items, flows) in LAWS.items():
        if name == "paid-in capital" and "retained_earnings" not in tables.items("balance_sheet"):
            continue
        yield from kept_by_most(_rolls(tables, name, items, flows))
    yield from kept_by_most(_set_aside(tables))


def _rolls(
    tables: Tables, name: str, items: tuple[str, ...], flows: tuple[tuple[str, str, int], ...]
) -> list[tuple[Record, Finding]]:
    out = []
    for year in tables.years("balance_sheet"):
        now = [r for i in items if (r := tables.find("balance_sheet", i, year))]
        then = [r for i in items if (r := tables.find("balance_sheet", i, year - 1))]
        if (
            len(now) != len(items)
            or len(then) != len(items)
            or all(year not in tables.years(t) for t, _, _ in flows)
        ):
            continue
        found = [r.scaled[1].scaled(s) for t, i, s in flows if (r := tables.find(t, i, year))]
        opening, closing = (total(r.scaled[1] for r in rows) for rows in (then, now))
        choices = [found[:k] for k in range(len(found), -1, -1)]
        out.append(
            (now[0], first_that_holds(
                lambda c=c, o=opening, w=closing, r=now[0]: compare(  # type: ignore[misc]
                    f"{name} {r.period} rolls forward", r.where, w, total([o, *c]), worse="inconsistent",
                    note="opening balance and " + " + ".join(i for _, i, _ in flows),
                )
                for c in reversed(choices)
            ))
        )  # fmt: skip
    return out


def _set_aside(tables: Tables) -> list[tuple[Record, Finding]]:
    """A tenth of the year's profit goes to the surplus reserves of a mainland company."""
    out = []
    for year in tables.years("balance_sheet"):
        now, then = (tables.find("balance_sheet", "surplus_reserves", y) for y in (year, year - 1))
        profits = [
            r
            for i in ("net_profit", "profit_attributable_to_owners")
            if (r := tables.find("income_statement", i, year))
        ]
        if now is None or then is None or not profits:
            continue
        out.append(
            (now, first_that_holds(
                lambda p=p, n=now, t=then: compare(  # type: ignore[misc]
                    f"surplus_reserves {n.period} take a tenth of profit", n.where, n.scaled[1],
                    t.scaled[1] + p.scaled[1].scaled(SET_ASIDE), worse="inconsistent",
                    note=f"opening balance and a tenth of {p.item}",
                )
                for p in profits
            ))
        )  # fmt: skip
    return out
