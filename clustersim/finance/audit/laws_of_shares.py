"""Laws of what a share is worth: values a share, their blend, and what follows from the price."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import partial

from clustersim.finance.audit.figures import Interval, total
from clustersim.finance.audit.law import ONE, Choice, Law, Parts, as_is, law_of, made_of
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import fx
from clustersim.finance.audit.quantities import Typed, Valuation, typed
from clustersim.finance.audit.records import Record

__all__ = ["market_laws", "share_laws", "target_laws"]


def _rated(v: Valuation, money: Typed, a_share: Typed) -> Interval | None:
    """What turns an amount of the statements' currency into that of a value a share."""
    if currency_of(money.record.unit) == currency_of(a_share.record.unit):
        return ONE
    return fx(v.tables)


def share_laws(v: Valuation) -> Iterator[Law]:
    """A value a share: of equity over shares, or of a multiple times earnings or book value."""
    count = v.one("shares")
    values = list(v.all("value"))
    # A target of several methods is their blend, and none of them.
    blended = v.one("method_weight") is not None
    for value in values or ([] if blended else v.all("target")):
        choices = [*_of_equity(v, value, count), *_of_multiple(v, value)]
        if choices:
            yield law_of(f"{value.label.strip()} of its parts", value, *choices)
    target = v.one("target")
    for equity in v.all("equity"):
        if (
            target and count and equity.method in {"", target.method} and re.search(r"target|目标", equity.label, re.I)
            and currency_of(equity.record.unit) == currency_of(target.record.unit)
        ):  # fmt: skip
            way = Choice(made_of(target, count), lambda p: p[0].scaled(1e3) * p[1], "target price x shares")
            yield law_of(f"{equity.label.strip()} of target and shares", equity, way)


def _of_equity(v: Valuation, value: Typed, count: Typed | None) -> Iterator[Choice]:
    for equity in v.all("equity"):
        method = equity.method or ("dcf" if v.one("sum_pv") else "")
        rate = _rated(v, equity, value)
        single = len(list(v.all("value"))) < 2
        if (
            count
            and rate is not None
            and (
                value.method == method
                or (single and not value.method)
                or (not equity.method and value.method.startswith(("ev_", "dcf")))
            )
        ):
            yield Choice(
                made_of(equity, count),
                partial(_each, rate),
                "equity value over shares",
            )


def _each(rate: Interval, parts: Parts) -> Interval:
    """An amount in thousands over shares in millions, at a rate of exchange."""
    return parts[0].scaled(1e-3) * rate / parts[1]


def _of_multiple(v: Valuation, value: Typed) -> Iterator[Choice]:
    for multiple in v.all("multiple"):
        role = {"pe": "eps", "pb": "bvps"}.get(multiple.method, "")
        base = (
            next((t for t in v.all(role) if multiple.year in {None, t.year} or t.year is None), None)
            if role
            else None
        )
        alone = value.method == multiple.method or (
            not value.method and len(list(v.all("value"))) < 2 and v.one("equity") is None
        )
        if base and alone:
            yield Choice(made_of(multiple, base), lambda p: p[0] * p[1], f"{multiple.label} x {base.label}")


def target_laws(v: Valuation) -> Iterator[Law]:
    """The target price of the values by their weights; weights sum to 100; a single value is the target."""
    values = {t.method: t for t in v.all("value") if t.method}
    weights = {t.method: t for t in v.all("method_weight") if t.method in values}
    target = v.one("target")
    if len(weights) > 1:
        *first, last = weights.values()
        yield law_of(
            "weights of the methods sum to 100",
            last,
            Choice(made_of(*first), lambda p: ONE - total(p), "100 % less the other weights"),
        )
    if target is None:
        return
    if len(values) > 1 and set(weights) == set(values):
        parts = [x for m in values for x in (weights[m], values[m])]
        yield law_of(
            "target price of the values by their weights",
            target,
            *_also_round(target, Choice(made_of(*parts), _weighed, "values by their weights")),
        )
    elif len(values) > 1 and not weights:
        yield law_of("target price of the values", target, *(
            [Choice(made_of(*values.values()), lambda p: total(p).scaled(1 / len(p)), "mean of the values")]
            + [Choice(made_of(t), as_is, f"{t.label}") for t in values.values()]))  # fmt: skip
    elif one := v.one("value"):
        yield law_of(
            "target price and value",
            target,
            *_also_round(target, Choice(made_of(one), as_is, f"{one.label} prints {one.record.text}")),
        )


#: A step of the target up to this share of it may be cut or rounded up, and up to the second only rounded.
CUT, ROUNDED = 0.01, 0.04


def _also_round(target: Typed, way: Choice) -> Iterator[Choice]:
    """A way to a target, and that way in steps of the zeros with which the target is printed (133,000; 53.00).

    A step of one per cent and less may be cut or rounded either way; a larger one only rounds, or it would forgive
    faults.
    """
    yield way
    whole, _, behind = target.record.text.strip().partition(".")
    digits = re.sub(r"\D", "", whole)
    zeros = len(digits) - len(digits.rstrip("0")) if not behind.strip("0 ") else -1
    size = abs(target.record.value or 0.0)
    for power in range(zeros, -1, -1):
        step = 10.0**power
        if step <= CUT * size:
            yield Choice(way.parts, partial(_stepped, way, step), f"{way.says}, in steps of {step:,.0f}")
            return
        if step <= ROUNDED * size:
            yield Choice(way.parts, partial(_rounded, way, step), f"{way.says}, rounded to {step:,.0f}")
            return


def _stepped(way: Choice, step: float, parts: Parts) -> Interval:
    made = way.make(parts)
    return Interval(math.floor(made.low / step) * step, math.ceil(made.high / step) * step, made.cells)


def _rounded(way: Choice, step: float, parts: Parts) -> Interval:
    made = way.make(parts)
    low, high = (math.floor(x / step + 0.5) * step for x in (made.low, made.high))
    return Interval(low, high, made.cells)


def _weighed(parts: Parts) -> Interval:
    # Weights are whole numbers: what rounds to one is no other weight.
    shares = [Interval(w.middle, w.middle, w.cells) for w in parts[::2]]
    return total(w * x for w, x in zip(shares, parts[1::2], strict=True))


def market_laws(v: Valuation) -> Iterator[Law]:
    """What follows from the share price: upside, market value, multiples and yield."""
    price, count = v.one("price"), v.one("shares")
    target, upside, cap = v.one("target") or v.one("value", ""), v.one("upside"), v.one("market_cap")
    if price is None or not price.record.value:
        return
    if target and upside:
        yield law_of(
            "upside of target and price",
            upside,
            Choice(made_of(target, price), lambda p: p[0] / p[1] - ONE, "target over price, less one"),
        )
    if cap and currency_of(cap.record.unit) == currency_of(price.record.unit):
        counts = [count] if count else [t for r in _constant_shares(v) if (t := _as_shares(r))]
        if counts:
            yield law_of(
                "market value of price and shares",
                cap,
                *(
                    Choice(made_of(price, c), lambda p: p[0].scaled(1e3) * p[1], "price x shares")
                    for c in counts
                ),
            )
    yield from _at_price(v, price, cap)


def _constant_shares(v: Valuation) -> list[Record]:
    """The printed number of shares, where every year prints one number."""
    rows = [
        r
        for t in ("income_statement", "balance_sheet")
        for r in v.tables.of(t)
        if r.item == "shares" and r.value
    ]
    return rows[:1] if rows and len({r.value for r in rows}) == 1 else []


def _as_shares(record: Record) -> Typed | None:
    return (
        Typed(record, "shares", "", record.year, record.printed)
        if record.unit.endswith("shares")
        else typed(record)
    )


def _ratio(parts: Parts) -> Interval:
    return parts[0] / parts[1]


def _inverse(parts: Parts) -> Interval:
    return parts[1] / parts[0]


#: What a share of the company is a multiple of: role, and the lines of the statements that print it a share.
A_SHARE = {"pe": ("eps", ("eps", "diluted_eps")), "pb": ("bvps", ("bps",)), "yield": ("dps", ("dividend_per_share",)),
           "ps": ("", ("sales_per_share",))}  # fmt: skip
#: What all of it is a multiple of, in which statement.
WHOLE = {
    "pe": ("income_statement", ("profit_attributable_to_owners", "net_profit")),
    "ps": ("income_statement", ("revenue",)),
    "pb": ("balance_sheet", ("equity_attributable_to_owners", "total_equity")),
    "ev_sales": ("income_statement", ("revenue",)), "ev_ebitda": ("", ("ebitda",)),
    "ev_ebit": ("income_statement", ("operating_profit", "ebit")), "ev_fcf": ("cash_flow", ("free_cash_flow",)),
}  # fmt: skip


def _at_price(v: Valuation, price: Typed, cap: Typed | None) -> Iterator[Law]:
    for t in (*v.all("implied_multiple"), *v.all("yield"), *_unused(v)):
        # What every value of a blend implies is held by its name.
        if t.year is None or t.record.item.startswith("implied_"):
            continue
        method = "yield" if t.role == "yield" else t.method
        choices = [
            c
            for p in _prices(v, t, price)
            for c in (*_a_share(v, t, p, method), *_of_all(v, t, p, cap, method))
        ]
        if choices:
            yield law_of(f"{t.label.strip()} at the share price", t, *choices)


#: What a multiple is called that values something, or that is of others.
_APPLIED = re.compile(
    r"target|fair|applied|justified|peer|average|mean|median|sector|目标|合理|给予|可比|同业|平均|中位", re.I
)


def _unused(v: Valuation) -> Iterator[Typed]:
    """Multiples by which nothing is valued and that are no peers': they tell what the price means."""
    for t in v.all("multiple"):
        role = A_SHARE.get(t.method, ("-",))[0] or "-"
        based = [b for b in v.all(role) if b.year in {None, t.year}]
        if not _APPLIED.search(t.label) and not (
            based or any(x.method == t.method for r in ("value", "ev", "equity") for x in v.all(r))
        ):  # fmt: skip
            yield t


def _prices(v: Valuation, t: Typed, price: Typed) -> list[Typed]:
    """The price that a multiple is at: the one that its label names, else either."""
    target = v.one("target")
    if re.search(r"target|目标", t.label, re.I):
        return [target] if target else []
    if target is None or re.search(r"current|clos|market|share price|last|现价|当前|收", t.label, re.I):
        return [price]
    return [price, target] if t.role != "yield" else [price]


def _a_share(v: Valuation, t: Typed, price: Typed, method: str) -> Iterator[Choice]:
    role, items = A_SHARE.get(method, ("", ()))
    rows = [
        (r, "") for table in ("income_statement", "ratios", "balance_sheet", *v.tables.schedules) for i in items
        if (r := v.tables.find(table, i, t.year or 0))
    ]  # fmt: skip
    rows += [(b.record, b.role) for b in v.all(role or "-") if b.year == t.year]
    for r, as_role in rows:
        if currency_of(r.unit) == currency_of(price.record.unit):
            make = _inverse if method == "yield" else _ratio
            yield Choice((*made_of(price), (r, as_role)), make, f"{price.label} and {r.item}")


def _of_all(v: Valuation, t: Typed, price: Typed, cap: Typed | None, method: str) -> Iterator[Choice]:
    """Market value over a line of the statements; with net debt where the multiple is of the enterprise."""
    table, items = WHOLE.get(method, ("", ()))
    count = v.one("shares")
    worth: list[tuple[tuple[tuple[Record, str], ...], int]] = []
    if cap and price.role == "price":
        worth.append((made_of(cap), 1))
    if count:
        worth.append((made_of(price, count), 2))
    places = [table] if table else ["income_statement", "ratios", *v.tables.schedules]
    bases = [r for p in places for i in items if (r := v.tables.find(p, i, t.year or 0)) and r.value]
    others = v.tables.find("balance_sheet", "non_controlling_interests", t.year or 0)
    owed = [x for x in (v.one("net_debt"), v.one("minorities")) if x]
    for base in bases:
        if currency_of(base.unit) != currency_of(price.record.unit):
            continue
        for parts, n in worth:
            if method.startswith("ev_"):
                for more in (owed, owed[:1]):
                    yield Choice(
                        (*parts, (base, ""), *made_of(*more)),
                        partial(_enterprise, n),
                        f"enterprise value over {base.item}",
                    )
            else:
                yield Choice((*parts, (base, "")), partial(_market, n), f"market value over {base.item}")
                if base.item == "total_equity" and others is not None:
                    yield Choice(
                        (*parts, (base, ""), (others, "")),
                        partial(_owners, n),
                        "market value over the owners' equity",
                    )


def _worth(n: int, parts: Parts) -> Interval:
    return parts[0] if n == 1 else parts[0].scaled(1e3) * parts[1]


def _market(n: int, parts: Parts) -> Interval:
    return _worth(n, parts) / parts[n]


def _owners(n: int, parts: Parts) -> Interval:
    return _worth(n, parts) / (parts[n] - parts[n + 1])


def _enterprise(n: int, parts: Parts) -> Interval:
    return total([_worth(n, parts), *parts[n + 1 :]]) / parts[n]
