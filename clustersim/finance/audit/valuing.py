"""The laws of a valuation as data: what each printed line is made of, under whatever names, and how.

One list serves twice: to hold every line to its parts, and to run the valuation again with a figure mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from clustersim.finance.audit.discounting import net_cash
from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import fx, summary_of
from clustersim.finance.audit.quantities import Typed, Valuation, method_of, typed, value_of, year_in
from clustersim.finance.audit.records import Record, Tables

__all__ = ["Choice", "Law", "law_findings", "laws"]

ONE = Interval.exactly(1.0)
Parts = Sequence[Interval]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to a line: its parts and what is made of them."""

    parts: tuple[tuple[Record, str], ...]
    make: Callable[[Parts], Interval]
    says: str

    def value(self) -> Interval:
        """What the printed parts come to."""
        return self.make([value_of(r, role) for r, role in self.parts])


@dataclass(frozen=True, slots=True)
class Law:
    """A printed line and the ways to it; any that holds will do."""

    name: str
    target: Record
    role: str
    choices: tuple[Choice, ...]

    def check(self) -> Finding:
        """Hold the line to its parts."""
        printed = value_of(self.target, self.role)
        return first_that_holds(
            partial(self._as, choice, printed) for choice in reversed(self.choices)
        )  # fmt: skip

    def _as(self, choice: Choice, printed: Interval) -> Finding:
        return compare(self.name, self.target.where, printed, choice.value(), note=choice.says)


def law_findings(tables: Tables, known: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the checks of the laws that no check in ``known`` holds already at the same line."""
    held: dict[str, list[frozenset[str]]] = {}
    for f in known:
        held.setdefault(f.where, []).append(f.cells)
    for law in laws(tables):
        found = law.check()
        if not any(found.cells <= cells or cells <= found.cells for cells in held.get(found.where, ()) if len(cells) > 1):
            yield found


def laws(tables: Tables) -> Iterator[Law]:
    """Yield the laws of a valuation from the cost of capital to the target price, each after those of its parts."""
    v = Valuation(tables)
    if not v.rows:
        return
    for group in (_capital, _ties, _multiples, _factors, _terminal, _worth, _per_share, _target, _market):
        yield from group(v)


def _of(*parts: Typed) -> tuple[tuple[Record, str], ...]:
    return tuple((p.record, p.role) for p in parts)


def _law(name: str, target: Typed, *choices: Choice) -> Law:
    return Law(name, target.record, target.role, choices)


def _capital(v: Valuation) -> Iterator[Law]:
    """Cost of equity, debt after tax, the two weights, and the WACC."""
    free, beta, premium, market = (v.one(r) for r in ("risk_free", "beta", "premium", "market_return"))
    equity, debt, after, tax = (v.one(r) for r in ("cost_of_equity", "cost_of_debt", "after_tax_debt", "tax_rate"))
    e, d, whole = v.one("equity_weight"), v.one("debt_weight"), v.one("wacc")
    if equity and free and beta and (premium or market):
        choices = [Choice(_of(free, beta, premium), lambda p: p[0] + p[1] * p[2], "risk-free + beta x premium")] if premium else []
        if market:
            choices.append(Choice(_of(free, beta, market), lambda p: p[0] + p[1] * (p[2] - p[0]), "with the market's return"))
        yield _law("cost_of_equity of its parts", equity, *choices)
    if after and debt and tax:
        yield _law("cost of debt after tax", after, Choice(_of(debt, tax), lambda p: p[0] * (ONE - p[1]), "cost of debt x (1 - tax rate)"))
    if e and d:
        yield _law("weights of the capital sum to 100", d, Choice(_of(e), lambda p: ONE - p[0], "100 % less the weight of equity"))
    one = after or debt
    if whole and equity and one and (e or d):
        weight: tuple[Callable[[Interval], Interval], Typed] = ((lambda x: x), e) if e else ((lambda x: ONE - x), d or equity)
        share, line = weight
        choices = [Choice(_of(line, equity, one), lambda p: share(p[0]) * p[1] + (ONE - share(p[0])) * p[2], "E/V cost of equity + D/V cost of debt")]
        if not after and tax and debt:
            choices.insert(0, Choice(_of(line, equity, debt, tax), lambda p: share(p[0]) * p[1] + (ONE - share(p[0])) * p[2] * (ONE - p[3]), "E/V cost of equity + D/V cost of debt (1 - tax)"))
        yield _law("wacc of its parts", whole, *choices)


def _plain(parts: Parts) -> Interval:
    return parts[0]


#: Lines of a valuation that another table prints: role -> the table and its items.
TIED = {
    "eps": (("income_statement", ("diluted_eps", "eps")), ("ratios", ("eps",))),
    "dps": (("income_statement", ("dividend_per_share",)), ("ratios", ("dividend_per_share",))),
    "bvps": (("ratios", ("bps",)),),
    "income:net_profit": (("income_statement", ("net_profit", "profit_attributable_to_owners")),),
    "income:profit_attributable_to_owners": (("income_statement", ("profit_attributable_to_owners", "net_profit")),),
    "income:revenue": (("income_statement", ("revenue",)),), "income:ebitda": (("income_statement", ("ebitda",)),),
    "income:operating_profit": (("income_statement", ("operating_profit", "ebit")),),
    "minorities": (("balance_sheet", ("non_controlling_interests",)),),
}  # fmt: skip
_DEBTS = ("borrowings", "lease_liabilities")


def _last_year(v: Valuation) -> int | None:
    """The last balance sheet that is no forecast."""
    years = [r.year for r in v.tables.of("balance_sheet") if r.year is not None and not r.forecast]
    return max(years, default=None)


def _ties(v: Valuation) -> Iterator[Law]:
    """Lines that the statements print: earnings, book value, profit, what is owed to others, net debt."""
    for t in v.rows:
        year = t.year or (_last_year(v) if t.role in {"minorities", "net_debt", "net_cash"} else None)
        if year is None or (t.record.table == "dcf" and t.record.year is not None):
            continue
        found = [
            r for table, items in TIED.get(t.role, ()) for i in items if (r := v.tables.find(table, i, year)) is not None
        ]  # fmt: skip
        found = [r for r in found if currency_of(r.unit) == currency_of(t.record.unit)]
        choices = [Choice(((r, ""),), _plain if (r.value or 0.0) >= 0 else _minus, f"{r.where} prints {r.text} {r.unit}") for r in found]
        if t.role == "income:ebitda" and not found:
            choices = list(_ebitda(v, year))
        if t.role in {"net_debt", "net_cash"} and t.record is not net_cash(v.tables):
            choices = list(_net_debt(v, year, t))
        if t.role == "bvps" and not found:
            choices = list(_book(v, year, t))
        if choices:
            yield _law(f"{t.label.strip()} and the statements", t, *choices)


def _minus(parts: Parts) -> Interval:
    return parts[0].scaled(-1.0)


def _summed(signs: Sequence[float]) -> Callable[[Parts], Interval]:
    return lambda p: total(x.scaled(s) for x, s in zip(p, signs, strict=True))


def _ebitda(v: Valuation, year: int) -> Iterator[Choice]:
    """Operating profit and what is written off, by the lines of the cash flow that say so."""
    profit = v.tables.find("income_statement", "operating_profit", year) or v.tables.find("income_statement", "ebit", year)
    worn = [
        r for r in v.tables.of("cash_flow")
        if r.year == year and r.value and any(w in (r.printed or r.item).lower() for w in ("depreciation", "amorti", "折旧", "摊销"))
    ]  # fmt: skip
    if profit is not None and worn:
        yield Choice(tuple((r, "") for r in (profit, *worn)), total, "operating profit and what is written off")


def _net_debt(v: Valuation, year: int, t: Typed) -> Iterator[Choice]:
    cash = v.tables.find("balance_sheet", "cash_and_cash_equivalents", year)
    debts = [r for r in v.tables.of("balance_sheet") if r.item.startswith(_DEBTS) and r.year == year and r.value]
    if cash is None or not debts or currency_of(cash.unit) != currency_of(t.record.unit):
        return
    sign = -1.0 if t.role == "net_cash" else 1.0
    loans = [r for r in debts if "borrowings" in r.item]
    others = v.tables.find("balance_sheet", "non_controlling_interests", year)
    invested = v.tables.find("balance_sheet", "short_term_investments", year)
    sets = [debts, loans] if 0 < len(loans) < len(debts) else [debts]
    for owed in sets:
        yield Choice(((cash, ""), *((r, "") for r in owed)), _summed([-sign, *[sign] * len(owed)]), f"debt less cash of {year}")
        for more, s in ((others, sign), (invested, -sign)):
            if more is not None:
                yield Choice(((cash, ""), *((r, "") for r in owed), (more, "")), _summed([-sign, *[sign] * len(owed), s]), f"debt less cash of {year}, with {more.item}")


def _book(v: Valuation, year: int, t: Typed) -> Iterator[Choice]:
    count = next((r for table in ("income_statement", "balance_sheet") if (r := v.tables.find(table, "shares", year))), None)
    for item in ("equity_attributable_to_owners", "total_equity"):
        equity = v.tables.find("balance_sheet", item, year)
        if equity is not None and count is not None:
            yield Choice(((equity, ""), (count, "")), lambda p: p[0].scaled(1e-3) / p[1], f"{item} over shares")


def _multiples(v: Valuation) -> Iterator[Law]:
    """The multiple that is applied: that of the peers where it says so, or what growth and returns give."""
    for t in v.all("multiple"):
        if any(w in t.label.lower() for w in ("peer", "average", "mean", "median", "可比", "同业", "平均", "中位")):
            kind = "median" if any(w in t.label.lower() for w in ("median", "中位")) else "average"
            rows = [
                r for r in v.tables.of("comps")
                if summary_of(r) == kind and r.value is not None and method_of(r.printed or r.item) == t.method
                and (t.year is None or (r.year or year_in(r.column or r.period)) == t.year)
            ]  # fmt: skip
            if rows:
                yield _law(f"{t.label.strip()} and the peers", t, *(Choice(((r, ""),), _plain, f"{r.where} prints {r.text}") for r in rows))
        roe, cost, growth = v.one("roe"), v.one("cost_of_equity"), v.one("growth")
        if t.method == "pb" and roe and cost and growth:
            yield _law("price to book of return and growth", t, Choice(_of(roe, cost, growth), lambda p: (p[0] - p[2]) / (p[1] - p[2]), "(return - growth) / (cost of equity - growth)"))


def _factors(v: Valuation) -> Iterator[Law]:
    """Discount factors at the printed rate, present values, and their sum."""
    rate = v.one("wacc")
    factors, flows, values = v.by_year("factor"), v.by_year("flow"), v.by_year("present")
    if factors and rate:
        first, shift = min(factors), _shift(factors, rate)
        if shift is None:
            yield _law("wacc of the discount factors", rate, Choice(_of(*factors.values()), _implied, "the rate that the factors imply"))
        else:
            for year, t in factors.items():
                at = year - first + shift
                yield _law(f"discount factor {t.record.period}", t, Choice(_of(rate), partial(_discounted, at), f"at the printed rate over {at:g} years"))
    for year, t in values.items():
        flow, factor = flows.get(year), factors.get(year)
        if flow and factor:
            yield _law(f"present value {t.record.period}", t, Choice(_of(flow, factor), lambda p: p[0] * p[1], "free cash flow x discount factor"))
    sums = [t for t in v.all("sum_pv") if t.record.year is None]
    rows = tuple(values.values())
    if sums and len(rows) > 1:
        yield _law("sum of the present values", sums[0], Choice(_of(*rows), total, f"of {len(rows)} years"))
    elif sums and len(factors) > 1 and set(factors) == set(flows):
        pairs = _of(*flows.values(), *factors.values())
        yield _law("sum of the present values", sums[0], Choice(pairs, _products, "free cash flows x discount factors"))


def _products(parts: Parts) -> Interval:
    half = len(parts) // 2
    return total(a * b for a, b in zip(parts[:half], parts[half:], strict=True))


def _discounted(years: float, parts: Parts) -> Interval:
    rate = parts[0]
    return Interval((1 + rate.high) ** -years, (1 + rate.low) ** -years, rate.cells)


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


def _terminal(v: Valuation) -> Iterator[Law]:
    """The terminal value of the last flow, and its present value."""
    rate, growth, terminal, present = (v.one(r) for r in ("wacc", "growth", "terminal", "pv_terminal"))
    flows, factors = v.by_year("flow"), v.by_year("factor")
    if terminal and rate and growth and flows and rate.value.low > growth.value.high:
        last = flows[max(flows)]
        yield _law("terminal value of the last flow", terminal,
                   Choice(_of(last, rate, growth), lambda p: p[0] * (ONE + p[2]) / (p[1] - p[2]), "flow x (1 + growth) / (WACC - growth)"),
                   Choice(_of(last, rate, growth), lambda p: p[0] / (p[1] - p[2]), "flow / (WACC - growth)"))  # fmt: skip
    if present and terminal and factors:
        yield _law("present value of the terminal value", present, Choice(_of(terminal, factors[max(factors)]), lambda p: p[0] * p[1], "terminal value x the last discount factor"))
    elif present and terminal and rate and flows:
        count = len(flows)
        choices = (Choice(_of(terminal, rate), lambda p, n=n: p[0] * _discounted(n, p[1:]), f"discounted over {n:g} years") for n in (count, count - 0.5, count - 1.0, count + 1.0))  # type: ignore[misc]
        yield _law("present value of the terminal value", present, *choices)


def _worth(v: Valuation) -> Iterator[Law]:
    """Enterprise value of its legs or of a multiple, and equity as what is left of it."""
    for ev in v.all("ev"):
        legs = (v.one("sum_pv"), v.one("pv_terminal"))
        multiple = next((m for m in v.all("multiple") if m.method.startswith("ev_") and ev.method in {"", m.method}), None)
        driver = _driver(v, multiple) if multiple else None
        if legs[0] and legs[1] and ev.method in {"", "dcf"}:
            yield _law("enterprise value of its legs", ev, Choice(_of(legs[0], legs[1]), total, "the two present values together"))
        elif multiple and driver:
            yield _law("enterprise value of the multiple", ev, Choice(_of(multiple, driver), lambda p: p[0] * p[1], f"{multiple.label} x {driver.label}"))
    ev = v.one("ev")
    for equity in v.all("equity"):
        if ev and equity.method in {"", ev.method, "dcf"} and currency_of(ev.record.unit) == currency_of(equity.record.unit):
            choices = list(_left(v, ev))
            if choices:
                yield _law(f"{equity.label.strip()} from enterprise value", equity, *choices)
        multiple, driver = v.one("multiple", equity.method or "-"), None
        driver = _driver(v, multiple) if multiple and multiple.method in {"pe", "ps", "pb"} else None
        if multiple and driver and currency_of(driver.record.unit) == currency_of(equity.record.unit):
            yield _law(f"{equity.label.strip()} of the multiple", equity, Choice(_of(multiple, driver), lambda p: p[0] * p[1], f"{multiple.label} x {driver.label}"))


_DRIVERS = {"ev_ebitda": ("income:ebitda",), "ev_sales": ("income:revenue",), "ps": ("income:revenue",),
            "ev_ebit": ("income:ebit", "income:operating_profit"),
            "pe": ("income:profit_attributable_to_owners", "income:net_profit")}  # fmt: skip


def _driver(v: Valuation, multiple: Typed) -> Typed | None:
    rows = [t for role in _DRIVERS.get(multiple.method, ()) for t in v.all(role)]
    return next((t for t in rows if multiple.year in {None, t.year}), None)


def _left(v: Valuation, ev: Typed) -> Iterator[Choice]:
    debt, cash, others = v.one("net_debt"), v.one("net_cash"), v.one("minorities")
    rows = [(t, s) for t, s in ((debt, -1.0), (cash, 1.0), (others, -1.0)) if t is not None]
    if rows:
        yield Choice(_of(ev, *(t for t, _ in rows)), _summed([1.0, *(s for _, s in rows)]), "enterprise value, net cash and what is owed to others")
    # Deductions may all be printed with a minus.
    taken = [t for t, s in rows if s < 0]
    if len(taken) > 1 and all((t.record.value or 0.0) < 0 for t in taken):
        yield Choice(_of(ev, *(t for t, _ in rows)), _summed([1.0] * (len(rows) + 1)), "enterprise value and its deductions")


def _rated(v: Valuation, money: Typed, a_share: Typed) -> Interval | None:
    """What turns an amount of the statements' currency into that of a value a share."""
    if currency_of(money.record.unit) == currency_of(a_share.record.unit):
        return ONE
    return fx(v.tables)


def _per_share(v: Valuation) -> Iterator[Law]:
    """A value a share: of equity over shares, or of a multiple times earnings or book value."""
    count = v.one("shares")
    values = list(v.all("value"))
    # A target of several methods is their blend, and none of them.
    blended = v.one("method_weight") is not None
    for value in values or ([] if blended else v.all("target")):
        choices = [*_of_equity(v, value, count), *_of_multiple(v, value)]
        if choices:
            yield _law(f"{value.label.strip()} of its parts", value, *choices)


def _of_equity(v: Valuation, value: Typed, count: Typed | None) -> Iterator[Choice]:
    for equity in v.all("equity"):
        method = equity.method or ("dcf" if v.one("sum_pv") else "")
        rate = _rated(v, equity, value)
        single = len(list(v.all("value"))) < 2
        if count and rate is not None and (value.method == method or (single and not value.method) or not equity.method and value.method.startswith(("ev_", "dcf"))):
            yield Choice(_of(equity, count), lambda p, r=rate: p[0].scaled(1e-3) * r / p[1], "equity value over shares")  # type: ignore[misc]


def _of_multiple(v: Valuation, value: Typed) -> Iterator[Choice]:
    for multiple in v.all("multiple"):
        role = {"pe": "eps", "pb": "bvps"}.get(multiple.method, "")
        base = next((t for t in v.all(role) if multiple.year in {None, t.year} or t.year is None), None) if role else None
        alone = value.method == multiple.method or (not value.method and len(list(v.all("value"))) < 2 and v.one("equity") is None)
        if base and alone:
            yield Choice(_of(multiple, base), lambda p: p[0] * p[1], f"{multiple.label} x {base.label}")


def _target(v: Valuation) -> Iterator[Law]:
    """The target price of the values by their weights; weights sum to 100; a single value is the target."""
    values = {t.method: t for t in v.all("value") if t.method}
    weights = {t.method: t for t in v.all("method_weight") if t.method in values}
    target = v.one("target")
    if len(weights) > 1:
        *first, last = weights.values()
        yield _law("weights of the methods sum to 100", last, Choice(_of(*first), lambda p: ONE - total(p), "100 % less the other weights"))
    if target is None:
        return
    if len(values) > 1 and set(weights) == set(values):
        parts = [x for m in values for x in (weights[m], values[m])]
        yield _law("target price of the values by their weights", target, Choice(_of(*parts), _weighed, "values by their weights"))
    elif len(values) > 1 and not weights:
        yield _law("target price of the values", target, *(
            [Choice(_of(*values.values()), lambda p: total(p).scaled(1 / len(p)), "mean of the values")]
            + [Choice(_of(t), _plain, f"{t.label}") for t in values.values()]))  # fmt: skip
    elif one := v.one("value"):
        yield _law("target price and value", target, Choice(_of(one), _plain, f"{one.label} prints {one.record.text}"))


def _weighed(parts: Parts) -> Interval:
    # Weights are whole numbers: what rounds to one is no other weight.
    shares = [Interval(w.middle, w.middle, w.cells) for w in parts[::2]]
    return total(w * x for w, x in zip(shares, parts[1::2], strict=True))


def _market(v: Valuation) -> Iterator[Law]:
    """What follows from the share price: upside, market value, multiples and yield."""
    price, count = v.one("price"), v.one("shares")
    target, upside, cap = v.one("target") or v.one("value", ""), v.one("upside"), v.one("market_cap")
    if price is None or not price.record.value:
        return
    if target and upside:
        yield _law("upside of target and price", upside, Choice(_of(target, price), lambda p: p[0] / p[1] - ONE, "target over price, less one"))
    if cap and currency_of(cap.record.unit) == currency_of(price.record.unit):
        counts = [count] if count else [t for r in _constant_shares(v) if (t := _as_shares(r))]
        if counts:
            yield _law("market value of price and shares", cap, *(Choice(_of(price, c), lambda p: p[0].scaled(1e3) * p[1], "price x shares") for c in counts))
    yield from _at_price(v, price, cap)


def _constant_shares(v: Valuation) -> list[Record]:
    """The printed number of shares, where every year prints one number."""
    rows = [r for t in ("income_statement", "balance_sheet") for r in v.tables.of(t) if r.item == "shares" and r.value]
    return rows[:1] if rows and len({r.value for r in rows}) == 1 else []


def _as_shares(record: Record) -> Typed | None:
    return Typed(record, "shares", "", record.year, record.printed) if record.unit.endswith("shares") else typed(record)


def _at_price(v: Valuation, price: Typed, cap: Typed | None) -> Iterator[Law]:
    for t in (*v.all("implied_multiple"), *v.all("yield")):
        if t.year is None:
            continue
        role = {"pe": "eps", "pb": "bvps"}.get(t.method, "dps" if t.role == "yield" else "")
        items = {"eps": ("eps", "diluted_eps"), "bvps": ("bps",), "dps": ("dividend_per_share",)}.get(role, ())
        rows = [r for table in ("income_statement", "ratios") for i in items if (r := v.tables.find(table, i, t.year))]
        choices = [
            Choice((*_of(price), (r, "")), (lambda p: p[1] / p[0]) if role == "dps" else (lambda p: p[0] / p[1]), f"price and {r.item}")
            for r in rows if currency_of(r.unit) == currency_of(price.record.unit)
        ]  # fmt: skip
        for item in {"pb": ("equity_attributable_to_owners", "total_equity")}.get(t.method, ()):
            equity = v.tables.find("balance_sheet", item, t.year)
            if equity is not None and cap and currency_of(equity.unit) == currency_of(cap.record.unit):
                choices.append(Choice((*_of(cap), (equity, "")), lambda p: p[0] / p[1], f"market value over {item}"))
            others = v.tables.find("balance_sheet", "non_controlling_interests", t.year)
            if equity is not None and others is not None and cap and item == "total_equity":
                choices.append(Choice((*_of(cap), (equity, ""), (others, "")), lambda p: p[0] / (p[1] - p[2]), "market value over the owners' equity"))
        if choices:
            yield _law(f"{t.label.strip()} at the share price", t, *choices)
