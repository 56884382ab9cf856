"""Laws from the cost of capital to equity: factors, present and terminal values, what is left of the enterprise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from clustersim.finance.audit.figures import Interval, total
from clustersim.finance.audit.law import ONE, Choice, Law, Parts, law_of, made_of, summed
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.quantities import Typed, Valuation
from clustersim.finance.audit.script import folded

__all__ = ["capital_laws", "factor_laws", "over", "terminal_laws", "worth_laws"]


def capital_laws(v: Valuation) -> Iterator[Law]:
    """Cost of equity, debt after tax, the two weights, and the WACC."""
    free, beta, premium, market = (v.one(r) for r in ("risk_free", "beta", "premium", "market_return"))
    equity, debt, after, tax = (
        v.one(r) for r in ("cost_of_equity", "cost_of_debt", "after_tax_debt", "tax_rate")
    )
    e, d, whole = v.one("equity_weight"), v.one("debt_weight"), v.one("wacc")
    if equity and free and beta and (premium or market):
        choices = (
            [Choice(made_of(free, beta, premium), lambda p: p[0] + p[1] * p[2], "risk-free + beta x premium")]
            if premium
            else []
        )
        if market:
            choices.append(
                Choice(
                    made_of(free, beta, market),
                    lambda p: p[0] + p[1] * (p[2] - p[0]),
                    "with the market's return",
                )
            )
        yield law_of("cost_of_equity of its parts", equity, *choices)
    if after and debt and tax:
        yield law_of(
            "cost of debt after tax",
            after,
            Choice(made_of(debt, tax), lambda p: p[0] * (ONE - p[1]), "cost of debt x (1 - tax rate)"),
        )
    if e and d:
        yield law_of(
            "weights of the capital sum to 100",
            d,
            Choice(made_of(e), lambda p: ONE - p[0], "100 % less the weight of equity"),
        )
    one = after or debt
    if whole and equity and one and (e or d):
        weight: tuple[Callable[[Interval], Interval], Typed] = (
            ((lambda x: x), e) if e else ((lambda x: ONE - x), d or equity)
        )
        share, line = weight
        choices = [
            Choice(
                made_of(line, equity, one),
                lambda p: share(p[0]) * p[1] + (ONE - share(p[0])) * p[2],
                "E/V cost of equity + D/V cost of debt",
            )
        ]
        if not after and tax and debt:
            choices.insert(
                0,
                Choice(
                    made_of(line, equity, debt, tax),
                    lambda p: share(p[0]) * p[1] + (ONE - share(p[0])) * p[2] * (ONE - p[3]),
                    "E/V cost of equity + D/V cost of debt (1 - tax)",
                ),
            )
        yield law_of("wacc of its parts", whole, *choices)


def factor_laws(v: Valuation) -> Iterator[Law]:
    """Discount factors at the printed rate, present values, and their sum."""
    rate = v.one("wacc")
    factors, flows, values = v.by_year("factor"), v.by_year("flow"), v.by_year("present")
    if factors and rate:
        first, shift = min(factors), _shift(factors, rate)
        if shift is None:
            yield law_of(
                "wacc of the discount factors",
                rate,
                Choice(made_of(*factors.values()), _implied, "the rate that the factors imply"),
            )
        else:
            for year, t in factors.items():
                at = year - first + shift
                yield law_of(
                    f"discount factor {t.record.period}",
                    t,
                    Choice(made_of(rate), partial(_discounted, at), f"at the printed rate over {at:g} years"),
                )
    for year, t in values.items():
        flow, factor = flows.get(year), factors.get(year)
        if flow and factor:
            yield law_of(
                f"present value {t.record.period}",
                t,
                Choice(made_of(flow, factor), lambda p: p[0] * p[1], "free cash flow x discount factor"),
            )
    sums = [t for t in v.all("sum_pv") if t.record.year is None]
    rows = tuple(values.values())
    if sums and len(rows) > 1:
        yield law_of(
            "sum of the present values", sums[0], Choice(made_of(*rows), total, f"of {len(rows)} years")
        )
    elif sums and len(factors) > 1 and set(factors) == set(flows):
        pairs = made_of(*flows.values(), *factors.values())
        yield law_of(
            "sum of the present values",
            sums[0],
            Choice(pairs, _products, "free cash flows x discount factors"),
        )


def _products(parts: Parts) -> Interval:
    half = len(parts) // 2
    return total(a * b for a, b in zip(parts[:half], parts[half:], strict=True))


def _discounted(years: float, parts: Parts) -> Interval:
    rate = parts[0]
    return Interval((1 + rate.high) ** -years, (1 + rate.low) ** -years, rate.cells)


def over(years: float, parts: Parts) -> Interval:
    """An amount discounted at a rate over so many years."""
    return parts[0] * _discounted(years, parts[1:])


def _implied(parts: Parts) -> Interval:
    """The rate between the first and the last factor."""
    ratio = parts[0] / parts[-1]
    power = 1 / max(len(parts) - 1, 1)
    return Interval(max(ratio.low, 1e-9) ** power - 1, ratio.high**power - 1, ratio.cells)


def _shift(factors: dict[int, Typed], rate: Typed) -> float | None:
    """How many years before the first flow its factor counts: what fits most factors, half of them at least."""
    first = min(factors)

    def fits(shift: float) -> int:
        return sum(t.value.meets(_discounted(y - first + shift, [rate.value])) for y, t in factors.items())

    best = max((1.0, 0.5, 0.0), key=fits)
    return best if 2 * fits(best) >= len(factors) else None


def terminal_laws(v: Valuation) -> Iterator[Law]:
    """The terminal value of the last flow, and its present value."""
    rate, growth, terminal, present = (v.one(r) for r in ("wacc", "growth", "terminal", "pv_terminal"))
    flows, factors = v.by_year("flow"), v.by_year("factor")
    if terminal and rate and growth and flows and rate.value.low > growth.value.high:
        last = flows[max(flows)]
        parts = made_of(last, rate, growth)
        yield law_of(
            "terminal value of the last flow",
            terminal,
            Choice(
                parts, lambda p: p[0] * (ONE + p[2]) / (p[1] - p[2]), "flow x (1 + growth) / (WACC - growth)"
            ),
            Choice(parts, lambda p: p[0] / (p[1] - p[2]), "flow / (WACC - growth)"),
        )
    if present and terminal and factors:
        yield law_of(
            "present value of the terminal value",
            present,
            Choice(
                made_of(terminal, factors[max(factors)]),
                lambda p: p[0] * p[1],
                "terminal value x the last discount factor",
            ),
        )
    elif present and terminal and rate and flows:
        count = len(flows)
        choices = (
            Choice(
                made_of(terminal, rate),
                partial(over, n),
                f"discounted over {n:g} years",
            )
            for n in (count, count - 0.5, count - 1.0, count + 1.0)
        )
        yield law_of("present value of the terminal value", present, *choices)


def worth_laws(v: Valuation) -> Iterator[Law]:
    """Enterprise value of its legs or of a multiple, and equity as what is left of it."""
    for ev in v.all("ev"):
        legs = (v.one("sum_pv"), v.one("pv_terminal"))
        multiple = next(
            (m for m in v.all("multiple") if m.method.startswith("ev_") and ev.method in {"", m.method}), None
        )
        driver = _driver(v, multiple) if multiple else None
        if legs[0] and legs[1] and ev.method in {"", "dcf"}:
            yield law_of(
                "enterprise value of its legs",
                ev,
                Choice(made_of(legs[0], legs[1]), total, "the two present values together"),
            )
        elif multiple and driver:
            yield law_of(
                "enterprise value of the multiple",
                ev,
                Choice(
                    made_of(multiple, driver), lambda p: p[0] * p[1], f"{multiple.label} x {driver.label}"
                ),
            )
    applied_once = [m for m in v.all("multiple") if m.method in {"pe", "ps", "pb"} and _applied(m)]
    for equity in v.all("equity"):
        whole = v.one("ev", equity.method) or v.one("ev")
        if (
            whole
            and equity.method in {"", whole.method, "dcf"}
            and currency_of(whole.record.unit) == currency_of(equity.record.unit)
        ):
            choices = [*_left(v, whole), *_between(v, whole, equity)]
            if choices:
                yield law_of(f"{equity.label.strip()} from enterprise value", equity, *choices)
        applied = v.one("multiple", equity.method or "-")
        if applied is None and not equity.method and len(applied_once) == 1:
            applied = applied_once[0]
        profit = _driver(v, applied) if applied and applied.method in {"pe", "ps", "pb"} else None
        if applied and profit and currency_of(profit.record.unit) == currency_of(equity.record.unit):
            way = Choice(made_of(applied, profit), lambda p: p[0] * p[1], f"{applied.label} x {profit.label}")
            yield law_of(f"{equity.label.strip()} of the multiple", equity, way)


_DRIVERS = {"ev_ebitda": ("income:ebitda",), "ev_sales": ("income:revenue",), "ev_fcf": ("fcf",),
            "ps": ("income:revenue",),
            "ev_ebit": ("income:ebit", "income:operating_profit"),
            "pe": ("income:profit_attributable_to_owners", "income:net_profit")}  # fmt: skip


def _driver(v: Valuation, multiple: Typed) -> Typed | None:
    rows = [t for role in _DRIVERS.get(multiple.method, ()) for t in v.all(role)]
    return next((t for t in rows if multiple.year in {None, t.year}), None)


def _applied(multiple: Typed) -> bool:
    """Whether a multiple is one that the valuation uses, by its words."""
    return re.search(r"target|fair|applied|justified|目标|合理|给予|采用", multiple.label, re.I) is not None


#: Lines between enterprise and equity value that belong to owners, however they are called.
_OWNED = re.compile(
    r"cash(?! flow)|invest|associate|joint venture|\bplus\b|\badd\b|现金|投资|联营|合营|^加", re.I
)


def _between(v: Valuation, ev: Typed, equity: Typed) -> Iterator[Choice]:
    """What stands between the two lines of one table: taken off, or added where owners have it."""
    rows = [r for r in v.tables.of(ev.record.table) if r.file == ev.record.file and r.value is not None]
    places = {r.where: k for k, r in enumerate(rows)}
    first, last = places.get(ev.record.where), places.get(equity.record.where)
    if first is None or last is None:
        return
    own = currency_of(ev.record.unit)
    lines = [
        r for r in rows[first + 1 : last]
        if r.scaled[0].startswith("k") and currency_of(r.unit) == own and not r.unit.endswith("per_share")
    ]  # fmt: skip
    signs = [
        1.0 if (r.value or 0.0) < 0 or _OWNED.search(folded(r.printed or r.item)) else -1.0 for r in lines
    ]
    if len(lines) > 1:
        yield Choice(
            ((ev.record, ""), *((r, "") for r in lines)),
            summed([1.0, *signs]),
            "enterprise value and the lines below it",
        )


def _left(v: Valuation, ev: Typed) -> Iterator[Choice]:
    debt, cash, others = v.one("net_debt"), v.one("net_cash"), v.one("minorities")
    rows = [(t, s) for t, s in ((debt, -1.0), (cash, 1.0), (others, -1.0)) if t is not None]
    if rows:
        yield Choice(
            made_of(ev, *(t for t, _ in rows)),
            summed([1.0, *(s for _, s in rows)]),
            "enterprise value, net cash and what is owed to others",
        )
    # Deductions may all be printed with a minus.
    taken = [t for t, s in rows if s < 0]
    if len(taken) > 1 and all((t.record.value or 0.0) < 0 for t in taken):
        yield Choice(
            made_of(ev, *(t for t, _ in rows)),
            summed([1.0] * (len(rows) + 1)),
            "enterprise value and its deductions",
        )
