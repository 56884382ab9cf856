"""What a finding is worth per share: the printed valuation run once more with the figure mended.

Every printed figure below a mended one keeps its own residual: ``new = printed + calc(mended) - calc(as printed)``.
So a report whose lines do not agree with each other is still moved by what the mend does, and by nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from clustersim.finance.audit.capital import net_amounts
from clustersim.finance.audit.discounting import ROWS, convention, flows_of, net_cash, present, year_end
from clustersim.finance.audit.figures import Finding, Interval, follow, half_digit
from clustersim.finance.audit.money import scale_of
from clustersim.finance.audit.multiples import average_of, fx, peers_of, shares
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.replay import Replay
from clustersim.finance.audit.statements import MEMO, RUNNING

__all__ = ["mended", "mends_of", "worth_per_share"]


def worth_per_share(tables: Tables) -> Callable[[Finding], float | None]:
    """Return what tells how much the target price moves, in its currency per share, when a finding is mended.

    None where the tables hold no target price with its legs, or the finding states no figure that would be right;
    zero where the figure enters no step of the valuation.
    """
    places = {r.where: r for r in tables.records if r.value is not None}
    printed = _Price(tables)
    again = Replay(tables)

    def worth(finding: Finding) -> float | None:
        mends = dict(finding.mends) or mends_of(finding, places)
        if not mends or not (printed.known or again.known):
            return None
        if not printed.known:
            moved = again.moved(mends)
            return moved if math.isfinite(moved) else None
        moved = _Price(mended(tables, mends)).less(printed)
        return moved if math.isfinite(moved) else None

    return worth


def mends_of(finding: Finding, places: Mapping[str, Record]) -> dict[str, float]:
    """Return the figure that a finding mends, in the printed unit, where it holds the figure of its place.

    A check of a ratio or of several cells stands at one of them without meaning it: it mends nothing by itself.
    """
    record, right = places.get(finding.where), finding.recomputed
    if (
        record is None
        or record.value is None
        or isinstance(right, str | None)
        or isinstance(finding.printed, str | None)
    ):
        return {}
    factor = finding.printed / record.value if record.value else finding.half / half_digit(record.text)
    known = (1.0, 0.01, scale_of(record.unit)[1])
    return (
        {finding.where: right / factor} if any(math.isclose(factor, k, rel_tol=1e-9) for k in known) else {}
    )


def mended(tables: Tables, mends: Mapping[str, float]) -> Tables:
    """Return the tables with other figures in some places, in their printed units."""
    records = tuple(
        replace(r, text=repr(r.sign * mends[r.where])) if r.where in mends and r.value is not None else r
        for r in tables.records
    )
    return replace(tables, records=records)


@dataclass(frozen=True)
class _Price:
    """The steps of a valuation over one set of tables; money in thousands."""

    tables: Tables

    def _one(self, table: str, item: str) -> float | None:
        record = self.tables.one(table, item)
        return None if record is None else record.scaled[1].middle

    def _share(self, *places: tuple[str, str]) -> float | None:
        """A printed percentage as a share."""
        for table, item in places:
            record = self.tables.one(table, item)
            if record is not None and record.value is not None:
                return record.value / 100
        return None

    @property
    def known(self) -> bool:
        """Whether there is a target price that these figures lead to."""
        needed = (self.target, self.blended, self.fx, self.shares_m, self._share(("valuation", "weight_dcf")))
        return all(needed)

    @cached_property
    def target(self) -> float | None:
        """The printed target price."""
        record = self.tables.one("valuation", "target_price")
        return None if record is None else record.value

    @cached_property
    def blended(self) -> float | None:
        """The printed value of both legs."""
        return self._one("valuation", "value_blended")

    @cached_property
    def fx(self) -> float | None:
        """The quoted currency per unit of the company's."""
        found = fx(self.tables)
        return None if found is None else found.middle

    @cached_property
    def shares_m(self) -> float | None:
        """Shares in millions: of market value and price, else those that the target price implies."""
        found = shares(self.tables)
        if found is not None:
            return found.middle
        return self.blended / 1e3 / self.target if self.blended and self.target else None

    def less(self, old: _Price) -> float:
        """The target price of these figures less that of others, each printed line with its own residual."""
        assert self.target and old.target and self.blended and old.blended and self.shares_m and old.shares_m
        legs = ("dcf", "ps")
        then = sum(old._weight(leg) * old._leg(leg) for leg in legs)
        now = sum(self._weight(leg) * (old._leg(leg) + self._leg_moved(old, leg)) for leg in legs)
        blended = self.blended + _follow(old.tables.one("valuation", "value_blended"), then, now)
        then, now = (v / 1e3 for v in (old.blended / old.shares_m, blended / self.shares_m))
        return self.target - old.target + _follow(old.tables.one("valuation", "target_price"), then, now)

    def _weight(self, leg: str) -> float:
        own, dcf = self._share(("valuation", f"weight_{leg}")), self._share(("valuation", "weight_dcf"))
        return own if own is not None else 1.0 - (dcf or 0.0)

    def _leg(self, leg: str) -> float:
        """The printed value of a leg, in the quoted currency."""
        return self._one("valuation", f"value_{leg}") or 0.0

    def _leg_moved(self, old: _Price, leg: str) -> float:
        printed = old.tables.one("valuation", f"value_{leg}")
        own = self._leg(leg) - old._leg(leg)
        if leg == "ps":
            then, now = old._sales(old), self._sales(old)
            return own + (_follow(printed, then, now) if then else 0.0)
        assert self.fx and old.fx
        equity = old._one("dcf", "equity_value") or old._leg("dcf") / old.fx
        return own + _follow(printed, equity * old.fx, (equity + self._equity_moved(old)) * self.fx)

    def _sales(self, old: _Price) -> float:
        """The value that sales give: peers' multiple less the discount, times revenue, in the quoted currency."""
        multiple = self.tables.one("valuation", "peer_average_ps")
        year = multiple.year if multiple is not None else None
        revenue = self.tables.find("income_statement", "revenue", year or 0)
        if multiple is None or multiple.value is None or revenue is None:
            return 0.0
        level = multiple.value + self._mean_moved(old, multiple.period)
        kept = 1.0 - (self._share(("valuation", "valuation_discount")) or 0.0)
        return level * kept * revenue.scaled[1].middle * (self.fx or 1.0)

    def _mean_moved(self, old: _Price, period: str) -> float:
        """How the multiple moves: with the average that the peers' table prints, which moves with the peers."""
        then, now = (p._mean(period) for p in (old, self))
        printed, mended = (average_of(p.tables, period) for p in (old, self))
        if (
            printed is not None
            and mended is not None
            and printed.value is not None
            and mended.value is not None
        ):
            follows = _follow(printed, then, now) if then else 0.0
            then, now = printed.value, mended.value + follows
        return _follow(old.tables.one("valuation", "peer_average_ps"), then, now) if then else 0.0

    def _mean(self, period: str) -> float:
        members = [r.value or 0.0 for r in peers_of(self.tables, period)]
        return sum(members) / len(members) if members else 0.0

    def _equity_moved(self, old: _Price) -> float:
        moved = sum(self._present(old)) - sum(old._present(old))
        for item in ("pv_of_free_cash_flow", "pv_of_terminal_value", "enterprise_value"):
            moved += (self._one("dcf", item) or 0.0) - (old._one("dcf", item) or 0.0)
        now, then = (p._one("dcf", "equity_value") or 0.0 for p in (self, old))
        return moved + self._net_cash_moved(old) + now - then

    def _net_cash_moved(self, old: _Price) -> float:
        then, now = (net_cash(p.tables) for p in (old, self))
        if then is None or now is None:
            return 0.0
        printed, own = then.scaled[1], now.scaled[1].middle - then.scaled[1].middle
        for year in old.tables.years("balance_sheet"):
            mended = dict(net_amounts(self.tables, year))
            for name, amount in net_amounts(old.tables, year):
                if name in mended and amount.meets(printed):
                    return own + mended[name].middle - amount.middle
        return own

    def _present(self, old: _Price) -> tuple[float, float]:
        """Present values of the flows under the printed convention; zero where they cannot be formed."""
        rate, growth = self._rate(old), self._share(("dcf", "terminal_growth"), ("wacc", "terminal_growth"))
        flows = flows_of(self.tables)
        if rate is None or growth is None or not flows:
            return 0.0, 0.0
        if growth >= rate:
            return math.nan, math.nan
        moved = [r.scaled[1].middle + self._flow_moved(old, r.year or 0) for r in flows]
        return present(moved, rate, growth, convention(old.tables) or year_end(len(flows)))

    def _rate(self, old: _Price) -> float | None:
        """The WACC: the printed one, moved by its printed parts; a mend of either of two printings is one of both."""
        places = (("dcf", "wacc"), ("wacc", "wacc"))
        printed = old._share(*places)
        if printed is None:
            return None
        own = sum((self._share(place) or 0.0) - (old._share(place) or 0.0) for place in places)
        now, then = self._capital(old), old._capital(old)
        record = old.tables.one("wacc", "wacc") or old.tables.one("dcf", "wacc")
        parts = _follow(record, 100 * then, 100 * now) / 100 if now is not None and then is not None else 0.0
        return printed + own + parts

    def _capital(self, old: _Price) -> float | None:
        """E/V cost of equity + D/V cost of debt (1 - tax); the cost of equity follows rf + beta x premium."""
        equity, debt = self._share(("wacc", "cost_of_equity")), self._share(("wacc", "cost_of_debt"))
        ratio = self.tables.one("wacc", "debt_to_equity")
        if equity is None:
            return None
        now, then = self._of_risk(), old._of_risk()
        if now is not None and then is not None:
            equity += _follow(old.tables.one("wacc", "cost_of_equity"), 100 * then, 100 * now) / 100
        if debt is None or ratio is None or ratio.value is None:
            return equity
        leverage = ratio.value / 100 if ratio.unit == "percent" else ratio.value
        return (equity + leverage * debt * (1.0 - self._tax_rate)) / (1.0 + leverage)

    def _of_risk(self) -> float | None:
        free, beta = self._share(("wacc", "risk_free_rate")), self.tables.one("wacc", "beta")
        premium = self._share(*(("wacc", f"{item}") for item in ("market_risk_premium", "market_risk",
                                                                 "equity_risk_premium")))  # fmt: skip
        return (
            None if free is None or premium is None or beta is None else free + (beta.value or 0.0) * premium
        )

    def _flow_moved(self, old: _Price, year: int) -> float:
        """How a year's flow moves by its lines: tax follows EBIT at its own rate, EBIT the income statement."""

        def moved(item: str) -> float:
            now, then = (p.tables.find("dcf", item, year) for p in (self, old))
            return (
                now.scaled[1].middle - then.scaled[1].middle if now is not None and then is not None else 0.0
            )

        ebit = moved("ebit") + self._income_moved(old, year)
        levied = self._levied_moved(old, year, ebit)
        lines = [r for item in ROWS if (r := old.tables.find("dcf", item, year)) is not None]
        then = sum(r.scaled[1].middle for r in lines)
        now = then + ebit + levied + sum(moved(item) for item in ROWS if item != "ebit")
        return _follow(old.tables.find("dcf", "free_cash_flow", year), then, now)

    def _levied_moved(self, old: _Price, year: int, ebit: float) -> float:
        """How the tax of a year moves with its EBIT and the rate; not at all where it is that of the mended EBIT."""
        tax, profit, rate = (
            old.tables.find("dcf", "tax", year),
            old.tables.find("dcf", "ebit", year),
            old._tax_rate,
        )
        base = -tax.scaled[1].middle / rate if tax is not None and rate else 0.0
        if base <= 0 or profit is None:
            return 0.0
        then = -rate * profit.scaled[1].middle
        return _follow(tax, then, then - rate * ebit) - (self._tax_rate - rate) * (base + ebit)

    @cached_property
    def _tax_rate(self) -> float:
        return self._share(("wacc", "tax_rate"), ("dcf", "tax_rate")) or 0.0

    def _income_moved(self, old: _Price, year: int) -> float:
        """How the subtotal of the income statement that is the flow's EBIT moves; zero where none is."""
        ebit = old.tables.find("dcf", "ebit", year)
        then = now = financed = interest = 0.0
        for item in old.tables.items("income_statement"):
            line, before = (p.tables.find("income_statement", item, year) for p in (self, old))
            if line is None or before is None or item in MEMO:
                continue
            own = line.scaled[1].middle - before.scaled[1].middle
            if item not in RUNNING:
                then, now = then + before.scaled[1].middle, now + line.scaled[1].middle
                if any(word in item for word in ("finance", "interest")):
                    financed, interest = financed + own, interest + before.scaled[1].middle
                continue
            own += _follow(before, then, now)
            # EBIT is a printed subtotal, or the profit before tax less what finance earned or cost.
            if ebit is not None and before.scaled[1].meets(ebit.scaled[1]):
                return own
            if ebit is not None and (before.scaled[1] - Interval.exactly(interest)).meets(ebit.scaled[1]):
                return own - financed
            then = before.scaled[1].middle
            now = then + own
        return 0.0


def _follow(printed: Record | None, then: float, now: float) -> float:
    """How a printed line moves with what it is made of."""
    return follow(printed.scaled[1] if printed is not None else None, then, now)
