"""Cost of capital, peers, and the way from the legs to a target price and a rating."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from clustersim.finance.audit.figures import Finding, Interval, compare, first_that_holds, total
from clustersim.finance.audit.labels import canonical_item
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.script import folded

__all__ = ["average_of", "equities", "fx", "multiple_checks", "peers_of", "quoted", "shares", "summary_of"]

RATINGS = (
    ("strong buy", ("强烈推荐", "strong buy")), ("avoid", ("回避", "avoid", "sell", "卖出")),
    ("neutral", ("中性", "neutral", "hold", "持有")), ("buy", ("推荐", "buy", "买入")),
)  # fmt: skip


def multiple_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of the cost of capital, the peers and the target price."""
    yield from _capital(tables)
    yield from _peers(tables)
    yield from _price_to_sales(tables)
    yield from _target(tables)


def _percent(record: Record) -> Interval:
    return record.interval.scaled(0.01)


def _capital(tables: Tables) -> Iterator[Finding]:
    def get(item: str) -> Record | None:
        return tables.one("wacc", item)

    risk_free, beta = get("risk_free_rate"), get("beta")
    premium = get("market_risk_premium") or get("market_risk") or get("equity_risk_premium")
    market = get("market_return")
    equity, debt, ratio = get("cost_of_equity"), get("cost_of_debt"), get("debt_to_equity")
    tax, whole = get("tax_rate"), get("wacc")
    if risk_free and beta and equity and (premium or market):
        # A premium may also be printed as the market's return.
        choices = []
        if premium:
            choices.append(("risk-free + beta x premium", _percent(premium)))
            choices.append(("with the market figure as a return", _percent(premium) - _percent(risk_free)))
        if market:
            choices.append(("with the market's return", _percent(market) - _percent(risk_free)))
        checks: list[Callable[[], Finding]] = [
            lambda p=p, name=name: compare(  # type: ignore[misc]
                "cost_of_equity from CAPM", equity.where, _percent(equity),
                _percent(risk_free) + beta.interval * p, note=f"{name} gives another figure",
            )
            for name, p in reversed(choices)
        ]  # fmt: skip
        yield first_that_holds(checks)
    if equity and debt and ratio and tax and whole:
        leverage = ratio.interval.scaled(0.01) if ratio.unit == "percent" else ratio.interval
        one = Interval.exactly(1.0)
        weight = one / (one + leverage)
        after_tax = _percent(debt) * (one - _percent(tax))
        note = "E/V cost of equity + D/V cost of debt (1 - tax)"
        yield first_that_holds(
            [
                lambda: compare("wacc", whole.where, _percent(whole), weight * _percent(equity)
                                + (one - weight) * _percent(debt), note=note),
                lambda: compare("wacc", whole.where, _percent(whole), weight * _percent(equity)
                                + (one - weight) * after_tax, note=note),
            ]
        )  # fmt: skip
    if debt and debt.value is not None and debt.value < 0:
        yield Finding(
            "sign of cost_of_debt", debt.where, debt.value, None, "misprint",
            "a cost of debt is not negative; net interest income over debt is no cost of debt",
            mends=((debt.where, -debt.value),),
        )  # fmt: skip


#: Lines of a peers' table that stand for all: what they are, by their names.
SUMMARY: dict[str, tuple[str, ...]] = {
    "average": ("average", "mean", "avg", "peer average", "peer mean", "simple average", "industry average",
                "sector average", "平均", "平均值", "均值", "平均数", "行业平均", "可比公司平均"),
    "median": ("median", "peer median", "中位数", "中位值", "中值"),
    "low": ("min", "minimum", "low", "最小值", "最低"), "high": ("max", "maximum", "high", "最大值", "最高"),
}  # fmt: skip
_SUMMARY = {name: kind for kind, names in SUMMARY.items() for name in names}
_MULTIPLE = re.compile(r"price_to|multiple|^ev_to")


def summary_of(record: Record) -> str:
    """Return which summary of the peers a line is (``average``, ``median``, ``low``, ``high``), nothing for a peer."""
    return _SUMMARY.get(folded(record.company).strip().lower().rstrip("：: "), "")


def _peers(tables: Tables) -> Iterator[Finding]:
    """Every number that a peers' table sums up: its mean, median and ends, whatever multiple it is."""
    groups: dict[tuple[str, str], list[Record]] = {}
    summaries: dict[tuple[str, str], list[Record]] = {}
    for record in tables.of("comps"):
        key = (record.item, record.period)
        if summary_of(record):
            if record.value is not None:
                summaries.setdefault(key, []).append(record)
        else:
            groups.setdefault(key, []).append(record)
    for key, members in groups.items():
        if not _MULTIPLE.search(key[0]) and key not in summaries:
            continue
        yield from _left_out(groups, key, members, named=bool(_MULTIPLE.search(key[0])))
        counted = [m for m in members if m.value is not None]
        if not counted:
            continue
        for record in summaries.get(key, ()):
            yield _summed_up(record, counted)


def _left_out(
    groups: Mapping[tuple[str, str], list[Record]],
    key: tuple[str, str],
    members: list[Record],
    *,
    named: bool,
) -> Iterator[Finding]:
    item, period = key
    for record in members:
        if record.value is None and not re.fullmatch(r"(?i)n\.?m\.?f?|neg\.?|亏损", record.text.strip()):
            yield Finding(
                f"{item} {period} of {record.company}", record.where, record.text, None, "omission",
                "a peer without a multiple: the mean of the others is another mean",
            )  # fmt: skip
    if named:
        every = {m.company for (other, _), rows in groups.items() for m in rows if other == item}
        for name in sorted(every - {m.company for m in members}):
            yield Finding(
                f"{item} {period} of {name}", "comps.csv", None, None, "omission", "the other peers have one"
            )


def _summed_up(record: Record, members: list[Record]) -> Finding:
    kind = summary_of(record)
    name = f"{kind} {record.item} {record.period}"
    if kind == "average":
        above = [m for m in members if (m.value or 0.0) > 0]
        return first_that_holds(
            lambda rows=rows: compare(  # type: ignore[misc]
                name, record.where, record.interval, total(m.interval for m in rows).scaled(1 / len(rows)),
                note=f"mean of {len(rows)} peers",
            )
            for rows in ([above, members] if above and len(above) < len(members) else [members])
        )  # fmt: skip
    if kind == "median":
        return compare(name, record.where, record.interval, _median(members), note=f"of {len(members)} peers")
    end = (min if kind == "low" else max)(members, key=lambda m: m.value or 0.0)
    return compare(name, record.where, record.interval, end.interval, note=f"{end.company} has {end.text}")


def _median(members: list[Record]) -> Interval:
    lows, highs = sorted(m.interval.low for m in members), sorted(m.interval.high for m in members)
    n = len(members)
    if n % 2:
        return Interval(lows[n // 2], highs[n // 2])
    return Interval((lows[n // 2 - 1] + lows[n // 2]) / 2, (highs[n // 2 - 1] + highs[n // 2]) / 2)


def equities(tables: Tables) -> tuple[Record | None, Record | None]:
    """Return the printed equity value in the company's own currency, and in another."""
    own = other = None
    for record in tables.of("dcf"):
        if record.item == "equity_value" and record.value is not None:
            if currency_of(record.unit) == tables.currency:
                own = own or record
            elif currency_of(record.unit):
                other = other or record
    return own, other


def quoted(tables: Tables) -> str:
    """Return the currency of the target price, or of the printed values where no price is printed."""
    for item in ("target_price", "current_price", "value_blended", "value_dcf"):
        record = tables.one("valuation", item)
        if record is not None and currency_of(record.unit):
            return currency_of(record.unit) or tables.currency
    return tables.currency


def fx(tables: Tables) -> Interval | None:
    """Return how much of the quoted currency one unit of the company's currency is.

    One where they are the same; else from the equity value that is printed in both, a printed rate, or a given one.
    """
    own, other = equities(tables)
    if own is not None and other is not None and own.value:
        return other.scaled[1] / own.scaled[1]
    code = quoted(tables)
    if code == tables.currency:
        return Interval.exactly(1.0)
    rate = tables.one("valuation", "fx_rate")
    if rate is not None and rate.value:
        return rate.interval if rate.unit.startswith(code) else Interval.exactly(1.0) / rate.interval
    given = tables.rates.get(code)
    return Interval.exactly(1.0 / given) if given else None


def shares(tables: Tables) -> Interval | None:
    """Return shares in millions, from the market value and the price."""
    value, price = tables.one("valuation", "market_cap"), tables.one("valuation", "current_price")
    if (
        value is None
        or price is None
        or not price.value
        or currency_of(value.unit) != currency_of(price.unit)
    ):
        return None
    return value.scaled[1].scaled(1e-3) / price.interval


def peers_of(tables: Tables, period: str) -> list[Record]:
    """Return the peers' forward price-to-sales of a period, without their averages."""
    return [
        r for r in tables.of("comps")
        if r.item == "forward_price_to_sales" and r.period == period and r.value is not None
        and not summary_of(r)
    ]  # fmt: skip


def average_of(tables: Tables, period: str) -> Record | None:
    """Return the average of the peers' forward price-to-sales of a period, as their table prints it."""
    averages = (
        r for r in tables.of("comps")
        if r.item == "forward_price_to_sales" and r.period == period and summary_of(r) == "average"
    )  # fmt: skip
    return next(averages, None)


def _multiple_candidates(tables: Tables, printed: Record) -> list[tuple[str, Interval]]:
    """The peers' multiple as it may have been used: as printed to all its digits, rounded, or unrounded."""
    out = [("the rounded mean", Interval.exactly(printed.value or 0.0))]
    members = [r.interval for r in peers_of(tables, printed.period)]
    if members:
        out.append(("the unrounded mean", Interval.exactly(total(members).middle / len(members))))
    return [*out, ("any value that rounds to it", printed.interval)]


def _price_to_sales(tables: Tables) -> Iterator[Finding]:
    multiple = tables.one("valuation", "peer_average_ps")
    discount, value = tables.one("valuation", "valuation_discount"), tables.one("valuation", "value_ps")
    rate = fx(tables)
    if multiple is None:
        return
    for record in tables.of("comps"):
        of_sales = record.item == "forward_price_to_sales" or canonical_item("ratios", record.printed) == "ps"
        if summary_of(record) == "average" and of_sales and record.period == multiple.period and record.value:
            yield compare(
                "peer_average_ps in text and table", multiple.where, multiple.interval, record.interval,
                worse="inconsistent", note=f"{record.where} prints {record.text}",
            )  # fmt: skip
    if discount is None or value is None or rate is None or multiple.year is None:
        return
    revenue = tables.find("income_statement", "revenue", multiple.year)
    if revenue is None:
        return
    taken = (discount.value or 0.0) / 100
    kept = Interval.exactly(1.0) - Interval(taken, taken, discount.interval.cells)
    sales = revenue.scaled[1] * rate
    checks = [
        lambda m=m, name=name: compare(
            "value_ps", value.where, value.scaled[1], m * kept * sales,
            note=f"peers' multiple less the discount x revenue {revenue.period}",
        )
        for name, m in _multiple_candidates(tables, multiple)
    ]  # fmt: skip
    yield first_that_holds(checks)


def _target(tables: Tables) -> Iterator[Finding]:
    def get(item: str, unit: str | None = None) -> Record | None:
        return tables.one("valuation", item, unit)

    dcf, ps, blended = get("value_dcf"), get("value_ps"), get("value_blended")
    w_dcf, w_ps = get("weight_dcf"), get("weight_ps")
    if w_dcf and w_ps:
        yield compare(
            "weights sum to 100", w_ps.where, w_dcf.interval + w_ps.interval, Interval.exactly(100.0)
        )
    if dcf and ps and blended and w_dcf and w_ps:
        # Weights are whole numbers: what rounds to one is no other weight.
        parts = dcf.scaled[1] * _exact_share(w_dcf) + ps.scaled[1] * _exact_share(w_ps)
        yield compare(
            "value_blended", blended.where, blended.scaled[1], parts, note="the legs by their weights"
        )
    target, price, upside, count = get("target_price"), get("current_price"), get("upside"), shares(tables)
    if target and blended and count:
        yield compare(
            "target_price", target.where, target.interval, blended.scaled[1].scaled(1e-3) / count,
            note="blended value over the shares that market value and price give",
        )  # fmt: skip
    if target and price and upside:
        ratio = target.interval / price.interval - Interval.exactly(1.0)
        yield compare("upside", upside.where, _percent(upside), ratio, note="target over price, less one")
    low, high = get("week52_low"), get("week52_high")
    if price and low and high and None not in (price.value, low.value, high.value):
        inside = (low.value or 0) <= (price.value or 0) <= (high.value or 0)
        yield Finding(
            "price within its 52 weeks", price.where, price.value, None, "ok" if inside else "inconsistent",
            "" if inside else f"52-week range {low.text} to {high.text}",
            cells=frozenset((low.where, price.where, high.where)),
        )  # fmt: skip
    yield from _implied_multiples(tables)
    yield from _rating(tables, upside)


def _exact_share(record: Record) -> Interval:
    share = (record.value or 0.0) / 100
    return Interval(share, share, record.interval.cells)


def _implied_multiples(tables: Tables) -> Iterator[Finding]:
    rate = fx(tables)
    for record in tables.of("valuation"):
        if (
            not record.item.startswith("implied_ps_")
            or record.year is None
            or rate is None
            or record.value is None
        ):
            continue
        value = tables.one("valuation", "value_" + record.item.removeprefix("implied_ps_"))
        revenue = tables.find("income_statement", "revenue", record.year)
        if value is not None and revenue is not None:
            yield compare(
                f"{record.item} {record.period}", record.where, record.interval,
                value.scaled[1] / rate / revenue.scaled[1], note="value over revenue",
            )  # fmt: skip


def _rating(tables: Tables, upside: Record | None) -> Iterator[Finding]:
    record = next((r for r in tables.of("valuation") if r.item == "rating"), None)
    strong = tables.one("claims", "rating_strong_buy_threshold")
    if record is None or upside is None or upside.value is None or strong is None or strong.value is None:
        return
    name = next((n for n, words in RATINGS if any(w in record.text.lower() for w in words)), None)
    if name is None:
        return
    up = upside.value
    scale = (("strong buy", strong.value), ("buy", 10.0), ("neutral", -10.0))
    expected = next((n for n, least in scale if up >= least), "avoid")
    # On the border between two ratings either is right.
    border = any(abs(up - least) <= 0.5 for _, least in scale)
    verdict = "ok" if name == expected or border else "inconsistent"
    yield Finding(
        "rating on the house's own scale", record.where, record.text, expected, verdict,
        "" if verdict == "ok" else f"an upside of {upside.text} % is {expected}",
    )  # fmt: skip
