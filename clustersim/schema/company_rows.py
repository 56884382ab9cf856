"""Rows by year in a company file: years as keys, one source for the row; and the names that statement lines go by."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, model_validator

from clustersim.errors import InputError, suggest
from clustersim.provenance import TIERS
from clustersim.schema.base import Model
from clustersim.schema.quantity import CURRENCIES, Rates, tell_once
from clustersim.units import in_currency, to_float

__all__ = ["LINES", "ROW_BOUNDS", "DaySeries", "MoneySeries", "Series", "line_name", "refuse_out_of_bounds"]

_YEAR = re.compile(r"20\d\d(H[12])?[AE]")
_HELD = ("source", "tier", "why")
#: What one number for every year may hold beside.
_OF_ONE = ("value", "low", "high", "note")

#: Statement lines by the names that files and exports use for them (compared without case, spaces and signs).
LINES: dict[str, tuple[str, ...]] = {
    "revenue": ("sales", "turnover", "营业收入", "收入"),
    "cost_of_sales": ("cogs", "cost of revenue", "营业成本", "销售成本"),
    "gross_profit": ("毛利",),
    "selling_and_marketing_expenses": ("selling expenses", "s&m", "销售费用", "销售及营销开支"),
    "general_and_administrative_expenses": ("administrative expenses", "g&a", "管理费用", "行政开支"),
    "research_and_development_expenses": ("r&d", "r&d expense", "rd expense", "研发费用", "研发开支"),
    "operating_profit": ("ebit", "operating income", "营业利润", "息税前利润", "经营利润"),
    "other_income": ("其他收益", "其他收入"),
    "other_gains_losses_net": ("other gains", "其他收益净额"),
    "net_finance_cost": ("finance cost", "net finance income", "财务费用"),
    "net_profit": ("net income", "profit for the year", "净利润"),
    "adjusted_net_profit": ("adjusted profit", "adjusted loss", "经调整净利润", "扣非净利润"),
    "property_plant_equipment": ("ppe", "fixed assets", "固定资产", "物业、厂房及设备"),
    "right_of_use_assets": ("使用权资产",),
    "intangible_assets": ("intangibles", "无形资产"),
    "other_non_current_assets": ("其他非流动资产",),
    "inventories": ("inventory", "stock", "存货"),
    "trade_and_notes_receivables": ("receivables", "trade receivables", "应收账款", "应收票据及应收账款"),
    "cash_and_cash_equivalents": ("cash", "货币资金", "现金及现金等价物"),
    "other_current_assets": ("其他流动资产",),
    "trade_and_other_payables": ("payables", "trade payables", "应付账款", "应付票据及应付账款"),
    "other_current_liabilities": ("其他流动负债",),
    "lease_liabilities_non_current": ("lease liabilities", "租赁负债"),
    "other_non_current_liabilities": ("其他非流动负债",),
    "total_assets": ("资产总计", "总资产"),
    "total_liabilities": ("负债合计", "总负债"),
    "total_equity": ("equity", "net assets", "净资产", "所有者权益合计", "股东权益"),
    "purchase_of_ppe_and_intangibles": ("capex", "capital expenditure", "资本开支"),
}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


_BY_ALIAS = {_plain(alias): name for name, aliases in LINES.items() for alias in (name, *aliases)}


def line_name(text: str) -> str:
    """Return the line that a name stands for.

    >>> line_name("存货"), line_name("R&D expense"), line_name("Trade receivables")
    ('inventories', 'research_and_development_expenses', 'trade_and_notes_receivables')

    Raises InputError for an unknown name, with the nearest known one.
    """
    found = _BY_ALIAS.get(_plain(text))
    if found is None:
        raise InputError(f"unknown line {text!r}; {suggest(text, sorted(LINES))}")
    return found


class Series(Model):
    """One row along the years: ``{2026E: 200, 2027E: 100, source: …, tier: …}``, or one number for every year.

    A year that is not given takes the last one given before it (or the first, for earlier years); with ``value`` beside
    the years, ``{value: 90, 2028E: 150}``, it takes that. A number may have a range, ``{2026E: {value: 200, low: 150,
    high: 220}}``, and so may the one for every year. ``why`` says why an analyst departs from what stood there.
    """

    unit: ClassVar[str] = "1"
    by_year: dict[str, float] = Field(default_factory=dict)
    """Value of each year that is stated, years as keys (2026E, 2026H1E, 2025A)."""
    every_year: float | None = None
    """One value for every year that is not stated; nothing where it follows the years stated."""
    ranges: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Low and high of a year that has a range, and of the one value for every year under an empty key."""
    tier: str = "given"
    """How strong the source is."""
    source: str = ""
    """Who says so, for the whole row."""
    why: str = ""
    """Why an analyst departs from what stood there."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, raw: Any, info: ValidationInfo) -> Any:
        rates: Rates | None = (info.context or {}).get("rates")
        if isinstance(raw, Series) or (isinstance(raw, Mapping) and "by_year" in raw):
            return raw
        if not isinstance(raw, Mapping):
            return {"every_year": cls._number(raw, "", rates)}
        if "values" in raw:
            listed = raw["values"] if isinstance(raw["values"], list | tuple) else []
            shown = ", ".join(f"YEAR{n}: {v}" for n, v in enumerate(listed[:3], 1)) or "2026E: 200"
            raise ValueError(
                f"a list of values is the old form; write the years as keys: {{{shown}, …}},"
                " for example {2026E: 200, 2027E: 100, source: …, tier: …}"
            )
        if raw.get("tier", "given") not in TIERS:
            raise ValueError(f"unknown tier {raw['tier']!r}; {suggest(str(raw['tier']), TIERS)}")
        out: dict[str, Any] = {k: raw[k] for k in _HELD if k in raw}
        stated = {str(k): v for k, v in raw.items() if k not in (*_HELD, *_OF_ONE)}
        unknown = [k for k in stated if not _YEAR.fullmatch(k)]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a year; write 2026E, 2026H1E or 2025A")
        found = {k: cls._ranged(v, k, rates) for k, v in stated.items()}
        if "value" in raw:
            found[""] = cls._ranged({k: raw[k] for k in _OF_ONE if k in raw}, "", rates)
            out["every_year"] = found[""][0]
        elif bounds := [k for k in ("low", "high") if k in raw]:
            raise ValueError(
                f"{bounds[0]}: a range needs the value that it is of; write {{value: …, low: …, high: …}}"
            )
        ranges = {k: found[k][1] for k in found if found[k][1] is not None}
        return out | {"by_year": {k: found[k][0] for k in stated}, "ranges": ranges}

    @classmethod
    def _ranged(cls, raw: Any, where: str, rates: Rates | None) -> tuple[float, tuple[float, float] | None]:
        """A number, and its low and high where it has a range."""
        if not isinstance(raw, Mapping):
            return cls._number(raw, where, rates), None
        at = f"{where}." if where else ""
        unknown = [str(k) for k in raw if k not in (*_OF_ONE, *_HELD)]
        if unknown or "value" not in raw:
            raise ValueError(
                f"{at}{unknown[0]}: unknown here; {suggest(unknown[0], _OF_ONE)}"
                if unknown
                else f"{at}value: is needed and missing; write {{value: …, low: …, high: …}}"
            )
        value, *ends = (cls._number(raw[k], f"{at}{k}", rates) for k in ("value", "low", "high") if k in raw)
        if "low" not in raw and "high" not in raw:
            return value, None
        low = ends[0] if "low" in raw else value
        high = ends[-1] if "high" in raw else value
        if not low <= value <= high:
            raise ValueError(f"{at}value: {value:g} is not within its range {low:g} to {high:g}")
        if "H" in where:
            raise ValueError(f"{where}: a half-year takes no range; give one to its year")
        return value, (low, high)

    @classmethod
    def _number(cls, raw: Any, where: str, rates: Rates | None) -> float:
        try:
            currency = in_currency(raw, CURRENCIES) if isinstance(raw, str) and cls.unit != "1" else ""
            if rates is not None and currency not in {"", "CNY"}:
                amount = to_float(raw, cls.unit.replace("CNY", currency))
                return float(amount * rates.cny(currency, "the value"))
            if cls.unit == "d" and isinstance(raw, str) and raw.strip().replace(".", "", 1).isdigit():
                return float(raw)
            if isinstance(raw, str) or cls.unit == "1":
                return to_float(raw, cls.unit)
            return to_float(raw, "1")
        except (InputError, TypeError) as error:
            raise ValueError(f"{where}: {error}" if where else str(error)) from None

    def along(self, years: tuple[str, ...], default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """Return the row along the years; ``default`` fills the years that are not given."""
        if self.every_year is not None:
            return tuple(self.by_year.get(y, self.every_year) for y in years)
        if default is not None:
            return tuple(self.by_year.get(y, d) for y, d in zip(years, default, strict=True))
        given = [self.by_year[y] for y in years if y in self.by_year]
        out, last = [], given[0] if given else 0.0
        for year in years:
            last = self.by_year.get(year, last)
            out.append(last)
        return tuple(out)


class DaySeries(Series):
    """A row of days: a bare number is days, and other times are taken with their unit."""

    unit: ClassVar[str] = "d"


class MoneySeries(Series):
    """A row of money: bare numbers are thousand CNY."""

    unit: ClassVar[str] = "kCNY"


INF = float("inf")
#: What a row may hold: at least the one, below the other (shares of a whole) or at most; anything else is a mistake.
ROW_BOUNDS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("units", "asp", "unit_cost", "ramp", "selling_share", "administrative_share", "research_share",
                     "research_expense", "receivable_days", "inventory_days", "payable_days", "capex_share",
                     "depreciation", "share_based_pay"), (0.0, INF)),
    "gross_margin": (-INF, 1.0), "services_share": (0.0, 1.0), "channel_discount": (0.0, 1.0),
}  # fmt: skip


#: What a row usually holds; a value outside is read, and said.
ROW_USUAL: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("receivable_days", "inventory_days", "payable_days"), (0.0, 1500.0)),
    **dict.fromkeys(("selling_share", "administrative_share", "research_share", "capex_share"), (0.0, 20.0)),
    "gross_margin": (-5.0, 0.95),
}  # fmt: skip


def refuse_out_of_bounds(model: Model) -> None:
    """Raise ValueError for every number of a model's rows that is out of the row's bounds; say what is unusual."""
    problems = []
    for name, row in model:
        if not isinstance(row, Series) or name not in ROW_BOUNDS:
            continue
        low, high = ROW_BOUNDS[name]
        given = row.by_year if row.every_year is None else {"": row.every_year} | row.by_year
        _tell_unusual(name, row, given)
        within = (
            f"at least {low:g}"
            if high == INF
            else f"below {high:g}"
            if low == -INF
            else f"{low:g} to below {high:g}"
        )
        held = list(given.items())
        held += [(year, end) for year, ends in row.ranges.items() for end in ends]
        problems += [
            f"{name}{'.' if year else ''}{year}: {value:g} must be {within}"
            for year, value in held
            if not low <= value < high
        ]
    if problems:
        raise ValueError("; ".join(problems))


def _tell_unusual(name: str, row: Series, given: Mapping[str, float]) -> None:
    low, high = ROW_USUAL.get(name, (-INF, INF))
    after = "" if row.unit == "1" else f" {row.unit}"
    for year, value in given.items():
        if isinstance(value, float) and not low <= value <= high:
            tell_once(
                f"{name}{'.' if year else ''}{year}: {value:g}{after} is outside the usual range, {low:g}{after} to"
                f" {high:g}{after}; read as it is written"
            )
