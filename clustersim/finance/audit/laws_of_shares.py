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


def _also_round(target: Typed, way: Choice) -> Iterator[Choice]:
    """A way to a target, and that way cut or rounded to the zeros with which the target is printed (133,000)."""
    yield way
    digits = re.sub(r"\D", "", target.record.text.partition(".")[0])
    zeros = len(digits) - len(digits.rstrip("0")) if "." not in target.record.text else 0
    # A step above one per cent of the target would forgive faults.
    zeros = min(zeros, len(digits) - 3)
    if zeros > 0:
        step = 10.0**zeros
        yield Choice(way.parts, partial(_stepped, way, step), f"{way.says}, in steps of {step:,.0f}")


def _stepped(way: Choice, step: float, parts: Parts) -> Interval:
    made = way.make(parts)
    return Interval(math.floor(made.low / step) * step, math.ceil(made.high / step) * step, made.cells)


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


def _at_price(v: Valuation, price: Typed, cap: Typed | None) -> Iterator[Law]:
    for t in (*v.all("implied_multiple"), *v.all("yield")):
        if t.year is None:
            continue
        role = {"pe": "eps", "pb": "bvps"}.get(t.method, "dps" if t.role == "yield" else "")
        items = {"eps": ("eps", "diluted_eps"), "bvps": ("bps",), "dps": ("dividend_per_share",)}.get(
            role, ()
        )
        rows = [
            r
            for table in ("income_statement", "ratios")
            for i in items
            if (r := v.tables.find(table, i, t.year))
        ]
        choices = [
            Choice((*made_of(price), (r, "")), _inverse if role == "dps" else _ratio, f"price and {r.item}")
            for r in rows if currency_of(r.unit) == currency_of(price.record.unit)
        ]  # fmt: skip
        for item in {"pb": ("equity_attributable_to_owners", "total_equity")}.get(t.method, ()):
            equity = v.tables.find("balance_sheet", item, t.year)
            if equity is not None and cap and currency_of(equity.unit) == currency_of(cap.record.unit):
                choices.append(
                    Choice((*made_of(cap), (equity, "")), lambda p: p[0] / p[1], f"market value over {item}")
                )
            others = v.tables.find("balance_sheet", "non_controlling_interests", t.year)
            if equity is not None and others is not None and cap and item == "total_equity":
                choices.append(
                    Choice(
                        (*made_of(cap), (equity, ""), (others, "")),
                        lambda p: p[0] / (p[1] - p[2]),
                        "market value over the owners' equity",
                    )
                )
        if choices:
            yield law_of(f"{t.label.strip()} at the share price", t, *choices)
