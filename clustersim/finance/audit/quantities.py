# ruff: noqa: E501 (a list of words stays on its lines)
"""What a line of a valuation is, by what its label says and what its unit measures: a role, a method and a year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clustersim.finance.audit.figures import Interval
from clustersim.finance.audit.labels import canonical_item
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.script import folded, unmarked

__all__ = ["Typed", "Valuation", "method_of", "role_of", "typed", "value_of", "values_told", "year_in"]

#: Ways to a value by how they are written.
METHODS = tuple(
    (name, re.compile(words)) for name, words in (
        ("ev_ebitda", r"ev\s*/\s*ebitda|ev-to-ebitda|ebitda multiple|企业价值倍数"),
        ("ev_ebit", r"ev\s*/\s*ebit(?!d)"), ("ev_sales", r"ev\s*/\s*(?:sales|revenue)"), ("ev_fcf", r"ev\s*/\s*(?:u?fcf|free cash flow)"),
        ("pb", r"(?<![a-z])p\s*/\s*b(?:v|r)?(?![a-z])|(?<![a-z])pb[rv]?(?![a-z])|(?<![a-z])p\s*/\s*(?:nav|tbv)(?![a-z])|price[- ]to[- ](?:book|nav|net asset)|市净率|市账率"),
        ("pe", r"(?<![a-z])p\s*/\s*e(?:r)?(?![a-z])|(?<![a-z])per(?=[)）,]| \(| ?fy| at|\s*20|\s*$)|(?<![a-z])pe(?![a-z])|price[- ]to[- ]earnings|price[- ]earnings|市盈率|earnings multiple"),
        ("ps", r"(?<![a-z])p\s*/\s*s(?:r)?(?![a-z])|(?<![a-z])ps(?![a-z])|price[- ]to[- ]sales|市销率"),
        ("dcf", r"dcf|discounted cash|现金流折现|现金流贴现|折现现金流"), ("ddm", r"ddm|dividend discount|股利折现"),
    )
)  # fmt: skip
_DEBT, _EQUITY = r"(?:debt|债务|负债)", r"(?:equity|权益|股权|股东|股本)"
#: dimension -> roles in the order in which they are tried.
ROLES: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    dimension: tuple((role, re.compile(words)) for role, words in rows) for dimension, rows in {
        "percent": (
            ("debt_weight", rf"d\s*/\s*\(\s*(?:d\s*\+\s*e|e\s*\+\s*d)\s*\)|d/v\b|(?:weight|share|proportion)[^,]*\b{_DEBT}|{_DEBT}[^,]*(?:weight|权重|占比|比重|/ ?(?:total )?capital)"),
            ("equity_weight", rf"e\s*/\s*\(\s*(?:d\s*\+\s*e|e\s*\+\s*d)\s*\)|e/v\b|(?:weight|share|proportion)[^,]*\b{_EQUITY}|{_EQUITY}[^,]*(?:weight|权重|占比|比重|/ ?(?:total )?capital)"),
            ("after_tax_debt", r"(?:after[- ]?tax|post[- ]?tax|net of tax).*cost of (?:debt|borrowing)|cost of (?:debt|borrowing).*(?:after|post|net of)[- ]?tax|税后.*(?:债务|借款|负债).*成本|(?:债务|借款|负债)成本.*税后"),
            ("cost_of_debt", r"cost of (?:debt|borrowing)|borrowing (?:cost|rate)|(?:债务|借款|负债)成本"),
            ("wacc", r"wacc|加权平均资[本金]成本|weighted average cost|discount rate|折现率|贴现率"),
            ("cost_of_equity", r"cost of equity|\bcoe\b|权益成本|股权成本|股本成本|required return"),
            ("risk_free", r"risk[- ]?free|无风险"), ("market_return", r"market return|市场回报|市场收益率"),
            ("premium", r"(?:equity|market)(?: risk)? premium|\berp\b|风险溢价|\bmrp\b"),
            ("tax_rate", r"tax rate|税率"),
            ("growth", r"(?:terminal|perpetual|perpetuity|long[- ](?:term|run)|sustainable)(?: dividend)? growth|永续增长|长期增长|永久增长"),
            ("roe", r"return on (?:tangible )?equity|\broe\b|\brote\b|净资产收益率|股本回报率"),
            ("yield", r"(?:dividend|distribution|dp[su]) yield|股息率|股利收益率|股息收益率|派息率"),
            ("upside", r"upside|(?:implied|expected) return|升幅|上涨空间|上升空间|total return|potential return|涨幅空间"),
            ("method_weight", r"weight|权重|比重"),
        ),
        "times": (
            ("beta", r"beta|贝塔"), ("debt_to_equity", r"debt[- /]+(?:to[- ])?equity|^d\s*/\s*e"),
            ("implied_multiple", r"\bat (?:the |our )?(?:\w+ ){0,2}(?:price|target|close)\b|当前|现价|现股价|trad(?:es|ing)|implied|对应"),
            ("multiple", r"multiple|倍数|市盈率|市净率|市销率|ev\s*/|p\s*/|(?<![a-z])p[ebs]r?(?![a-z])|price[- ]to"),
        ),
        "per_share": (
            ("pv_terminal_a_share", r"(?:pv|present value|discounted).*(?:terminal|continuing|\btv\b)|终值.*现值|终值.*折现"),
            ("pv_dps", r"(?:pv|present value|discounted).*(?:dividend|distribution|dp[su]\b)|(?:股息|股利|派息|分红).*(?:现值|折现)"),
            ("terminal_a_share", r"terminal value|continuing value|\btv\b|终值"),
            ("bvps", r"book value|\bbv?ps\b|\bnavp?[su]?\b|每股(?:净资产|账面|资产净值)|net assets? (?:value )?per (?:share|unit)"),
            ("target", r"target|目标价|目标价格"),
            ("value", r"(?:value|worth)\b.*(?:per share|per unit|a share|dcf|ddm|p/e|p/b|ev/)|每股(?:价值|权益价值|股权价值|内在价值)|(?:fair|intrinsic|equity) value|合理价值|内在价值"),
            ("price", r"price|close|收盘价|收市价|现价|股价|最新价|last traded"),
            ("dps", r"dividend|dp[su]\b|distribution|每股(?:股息|股利|派息|分红)"),
            ("eps", r"\beps\b|earnings|net income per|每股(?:收益|盈利|溢利|利润)"),
            ("value", r"value|价值"),
        ),
        "money": (
            ("pv_terminal", r"(?:pv|present value|discounted|npv).*(?:terminal|continuing|perpetuity|\btv\b)|(?:terminal|continuing).*(?:pv|present value|discounted)|终值.*(?:现值|折现)|(?:现值|折现).*终值|永续.*现值"),
            ("terminal", r"terminal value|continuing value|\btv\b|终值|残值|永续价值"),
            ("sum_pv", r"(?:pv|present values?|npv|discounted).*(?:fcf|cash flows?)|(?:自由)?现金流.*(?:现值|折现值)|sum of (?:pv|present)|现值合计"),
            ("minorities", r"minorit|non[- ]?controlling|少数股东|非控股|非控制"),
            ("net_debt", r"net (?:financial |bank |interest-bearing )?(?:debt|borrowings|indebtedness)|净负债|净债务|净借款|净有息"), ("net_cash", r"net cash|净现金"),
            ("market_cap", r"^(?!.*(?:target|目标)).*(?:market (?:cap|value)|市值)"),
            ("equity", r"equity value|value of equity|股权价值|权益价值|股东价值|股本价值|target market (?:cap|value)|目标市值|合理市值"),
            ("ev", r"enterprise value|firm value|\bev\b|企业价值|公司价值"),
            ("fcf", r"free cash flow|\bu?fcf\b|自由现金流"),
        ),
        "shares": (("shares", r"^(?!.*(?:unlock|解禁|lock-?up|限售|new shares|增发|repurchase|回购|treasury|库存|float|流通(?!在外))).*"),),
    }.items()
}  # fmt: skip
#: Rows of a cash-flow table, whatever unit their table is headed in.
_ROWS = tuple(
    (role, re.compile(words)) for role, words in (
        ("factor", r"(?:discount(?:ing)?|pv|present value) factor|(?:折现|贴现|现值)(?:系数|因子)"),
        ("present", r"(?:pv|present value|discounted).*(?:fcf|cash flow)|^(?:pv|present value|npv)\b|(?:自由)?现金流.*(?:现值|折现)|^现值|折现现金流"),
        ("flow", r"^(?!.*growth).*(?:free cash flow|fcff?|自由现金流)"),
    )
)  # fmt: skip
_YEAR = re.compile(
    r"(?<!\d)20\d\d/(?P<split>\d\d)(?!\d)|fy\s?\d{1,2}/(?P<two>\d\d)(?!\d)|(?<!\d)(?P<four>20\d\d)(?!\d)|fy\s?'?(?P<short>\d\d)(?!\d)|(?<!\d)(?P<cn>\d\d)年"
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A figure of the valuation with what it is; ``method`` is empty where the label names none."""

    record: Record
    role: str
    method: str
    year: int | None
    label: str

    @property
    def value(self) -> Interval:
        """All values that round to it, in thousands, per share in the currency, million shares, or as a fraction."""
        return value_of(self.record, self.role)


@lru_cache(maxsize=20_000)
def _label(record_label: str) -> str:
    text = unicodedata.normalize("NFKC", unmarked(folded(record_label))).lower().replace("_", " ")
    return re.sub(r"\s+", " ", text).strip()


def year_in(text: str) -> int | None:
    """The year that a label names; None for none or several.

    >>> year_in("EBITDA 2026E"), year_in("EPS FY3/26E"), year_in("2025年归母净利润"), year_in("2024-2027")
    (2026, 2026, 2025, None)
    """
    found = [
        m["split"] or m["four"] or m["two"] or m["short"] or m["cn"] for m in _YEAR.finditer(text.lower())
    ]
    whole = {int(d) if len(d) == 4 else 2000 + int(d) for d in found}
    return whole.pop() if len(whole) == 1 else None


def method_of(text: str) -> str:
    """The way to a value that a label names; empty for none.

    >>> [method_of(t) for t in ("Value per share on EV/EBITDA", "PE法每股价值", "Fair value", "PER FY3/26E")]
    ['ev_ebitda', 'pe', '', 'pe']
    """
    low = _label(text)
    return next((name for name, words in METHODS if words.search(low)), "")


def dimension_of(record: Record) -> str:
    """What the unit of a valuation's line measures; money without a scale is an amount a share."""
    unit = record.unit
    if unit in {"percent", "bps"}:
        return "percent"
    if unit.endswith("shares"):
        return "shares"
    if unit.endswith("per_share") or (currency_of(unit) == unit and unit):
        return "per_share"
    return "money" if currency_of(unit) else "times" if unit == "x" else ""


def role_of(label: str, dimension: str) -> str:
    """The role of a label among those that its dimension allows; empty for none.

    >>> role_of("Cost of debt (after tax)", "percent"), role_of("减：净负债", "money"), role_of("Fair price to book", "times")
    ('after_tax_debt', 'net_debt', 'multiple')
    """
    low = _label(label)
    return next((role for role, words in ROLES.get(dimension, ()) if words.search(low)), "")


def values_told(rows: Iterable[Sequence[str]]) -> bool:
    """Whether lines without a known name are a valuation: most name a role of one, and a value a share is reached.

    >>> rows = [["Target EV/EBITDA", "x", "7.5"], ["Equity value", "EUR mn", "900"], ["Fair value", "EUR", "45"]]
    >>> values_told([["Item", "Unit", "Value"], *rows]), values_told([["a", "1"], ["b", "2"]])
    (True, False)
    """
    labels = [row[0] for row in rows if row and row[0].strip() and len([c for c in row if c.strip()]) <= 4][
        1:
    ]
    known = [
        {role for d in ("percent", "times", "per_share", "money") if (role := role_of(label, d))} for label in labels
    ]  # fmt: skip
    told = sum(bool(roles) for roles in known)
    return told >= 3 and 2 * told >= len(labels) and any(roles & {"target", "value"} for roles in known)


def value_of(record: Record, role: str = "") -> Interval:
    """All values that round to a figure of a valuation, in the base unit of its dimension."""
    if role == "factor":
        return record.interval
    dimension = dimension_of(record)
    if dimension == "percent":
        return record.interval.scaled(1e-4 if record.unit == "bps" else 0.01)
    if dimension == "per_share":
        return record.interval.scaled(0.01 if record.unit.endswith("cent_per_share") else 1.0)
    return record.scaled[1]


def typed(record: Record) -> Typed | None:
    """What a line of a valuation is; None for one that no law knows."""
    label = record.printed or record.item
    if record.value is None:
        return None
    year = record.year or year_in(label)
    if record.table == "dcf" and record.year is not None:
        low = _label(label)
        role = next((r for r, words in _ROWS if words.search(low)), "")
        return Typed(record, role, "dcf", record.year, label) if role else None
    dimension = dimension_of(record)
    role = role_of(label, dimension)
    if not role and dimension == "money":
        item = canonical_item(
            "income_statement",
            re.sub(r"(?i)(?:FY)?\s*\d{0,2}/?(?:20)?\d\d\s*年?[AEF]?(?![A-Za-z0-9])", "", folded(label)),
        )
        role = f"income:{item}" if item else ""
    return Typed(record, role, method_of(label), year, label) if role else None


class Valuation:
    """The lines of the valuation tables by role."""

    def __init__(self, tables: Tables) -> None:
        rows = (typed(r) for t in ("dcf", "wacc", "valuation") for r in tables.of(t))
        self.rows = tuple(t for t in rows if t is not None)
        self.tables = tables

    def all(self, role: str, method: str | None = None) -> Iterator[Typed]:
        """Yield the lines of a role, of one method where it is given."""
        return (t for t in self.rows if t.role == role and method in {None, t.method})

    def one(self, role: str, method: str | None = None) -> Typed | None:
        """Return the only line of a role and method; the first where it stands more than once."""
        return next(self.all(role, method), None)

    def by_year(self, role: str) -> dict[int, Typed]:
        """Return the rows of a role by year."""
        return {t.year: t for t in self.all(role) if t.year is not None and t.record.year is not None}
