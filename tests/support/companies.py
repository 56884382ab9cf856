# ruff: noqa: E501 (Chinese letters count twice; a line item stays on one line)
"""Made-up companies whose reports are right to the last printed digit, in four vocabularies, and what may be wrong.

A company is a book: table -> item -> period -> number, in whole units of its scale. ``render`` prints it in a style:
labels, language, currency, unit, layout, and how a negative number looks.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass

YEARS = (2022, 2023, 2024, 2025, 2026, 2027)
FIRST = 2025
FLOWS = tuple(range(2025, 2035))
Book = dict[str, dict[str, dict[object, float]]]

_LABELS = """
revenue|Total revenues|Revenue|营业收入|收益
cost_of_sales|Cost of revenues|Cost of sales|营业成本|销售成本
gross_profit|Gross profit|Gross profit|毛利|毛利
selling_and_marketing_expenses|Sales and marketing|Selling and distribution expenses|销售费用|销售及分销开支
general_and_administrative_expenses|General and administrative|Administrative expenses|管理费用|行政开支
research_and_development_expenses|Research and development|R&D expenses|研发费用|研发开支
other_income|Other operating income|Other income|其他收益|其他收入
operating_profit|Operating income|Profit from operations|营业利润|经营溢利
net_finance_cost|Net interest income|Finance costs, net|财务收益净额|财务成本净额
profit_before_income_tax|Income before income taxes|Profit before tax|利润总额|除税前溢利
income_tax|Provision for income taxes|Income tax expense|所得税费用|所得税开支
net_profit|Net income|Profit for the year|净利润|年内溢利
eps|Basic EPS|Earnings per share|基本每股收益|每股盈利
shares|Shares outstanding|Weighted average number of shares|总股本|加权平均股数
property_plant_equipment|Property and equipment|Property, plant and equipment|固定资产|物业、厂房及设备
intangible_assets|Intangibles|Intangible assets|无形资产|无形资产
other_non_current_assets|Other long-term assets|Others|其他非流动资产|其他
total_non_current_assets|Total long-term assets|Non-current assets|非流动资产合计|非流动资产
inventories|Inventory|Inventories|存货|存货
trade_and_notes_receivables|Accounts receivable|Trade and bills receivables|应收账款|贸易应收款项
cash_and_cash_equivalents|Cash and equivalents|Cash and bank balances|货币资金|现金及现金等价物
total_current_assets|Total current assets|Current assets|流动资产合计|流动资产
total_assets|Total assets|Total assets|资产总计|总资产
borrowings_non_current|Long-term debt|Borrowings|长期借款|借款
other_non_current_liabilities|Other long-term liabilities|Others|其他非流动负债|其他
total_non_current_liabilities|Total long-term liabilities|Non-current liabilities|非流动负债合计|非流动负债
trade_and_other_payables|Accounts payable|Trade and other payables|应付账款|贸易及其他应付款项
other_current_liabilities|Accrued liabilities|Others|其他流动负债|其他
total_current_liabilities|Total current liabilities|Current liabilities|流动负债合计|流动负债
total_liabilities|Total liabilities|Total liabilities|负债合计|总负债
share_capital|Common stock|Share capital|股本|股本
retained_earnings|Retained earnings|Retained profits|未分配利润|保留盈利
total_equity|Total stockholders' equity|Total equity|所有者权益合计|权益总额
total_liabilities_and_equity|Total liabilities and shareholders' equity|Total equity and liabilities|负债和所有者权益总计|负债及权益总额
profit_before_tax|Income before tax|Profit before income tax|利润总额|除税前溢利
depreciation_and_amortisation|Depreciation and amortization|Depreciation and amortisation|折旧与摊销|折旧及摊销
change_in_working_capital|Changes in working capital|Working capital changes|营运资金变动|营运资本变动
income_tax_paid|Taxes paid|Income tax paid|支付的所得税|已付所得税
net_cash_from_operating|Operating cash flow|Net cash generated from operating activities|经营活动产生的现金流量净额|经营活动所得现金净额
purchase_of_ppe_and_intangibles|Capital expenditures|Purchase of property, plant and equipment|购建固定资产|购置物业、厂房及设备
proceeds_from_disposal_of_ppe_and_intangibles|Proceeds from disposals|Proceeds from disposal of PPE|处置固定资产所得|出售物业、厂房及设备以及无形资产所得款项
other_investing|Other investing|Others|其他投资活动|其他
net_cash_from_investing|Net cash used in investing activities|Cash flow from investing activities|投资活动产生的现金流量净额|投资活动所用现金净额
proceeds_from_borrowings|Debt issued|New borrowings|取得借款|新增借款
proceeds_from_issue_of_shares|Issuance of common stock|Issue of shares|吸收投资收到的现金|发行股份所得款项
repurchase_of_shares|Repurchases of common stock|Buy-back of shares|回购股份|购回股份
dividends_paid|Dividends paid|Dividends paid|分配股利|已付股息
net_cash_from_financing|Net cash from financing activities|Cash flow from financing activities|筹资活动产生的现金流量净额|融资活动所得现金净额
net_change_in_cash|Net change in cash|Net increase in cash|现金净增加额|现金及现金等价物增加净额
opening_cash|Beginning cash|Cash at beginning of year|期初现金|年初现金
closing_cash|Ending cash|Cash at end of year|期末现金|年末现金
gross_margin|Gross margin|Gross profit margin|毛利率|毛利率
net_margin|Net margin|Net profit margin|净利率|净利润率
revenue_growth_yoy|Revenue growth|Sales growth|营收增速|收入增长率
net_profit_growth_yoy|Net income growth|Net profit growth|净利润增长率|净利润增速
effective_tax_rate|Effective tax rate|Effective tax rate|实际税率|有效税率
roe|Return on equity|ROE|净资产收益率|股本回报率
inventory_days|Days inventory|Inventory days|存货周转天数|库存周转天数
receivable_days|DSO|Receivable days|应收账款周转天数|应收周转天数
payable_days|DPO|Payable days|应付账款周转天数|应付周转天数
current_ratio|Current ratio|Current ratio|流动比率|流动比率
debt_to_assets|Liabilities to assets|Debt ratio|资产负债率|负债率
pe|P/E|Price to earnings|市盈率|市盈率
ebit|Operating income|EBIT|息税前利润|息税前利润
tax|Cash taxes|Tax on EBIT|所得税|税
capital_expenditure|Capex|Capital expenditure|资本支出|资本开支
free_cash_flow|Unlevered free cash flow|Free cash flow|企业自由现金流|自由现金流
"""
LABELS = {row.split("|")[0]: row.split("|")[1:] for row in _LABELS.split("\n") if row}
_NAMES = {
    "income_statement": ("income statement", "profit and loss", "利润表", "损益表"),
    "balance_sheet": ("balance sheet", "statement of financial position", "资产负债表", "财务状况表"),
    "cash_flow": ("cash flow statement", "statement of cash flows", "现金流量表", "现金流"),
    "ratios": ("key ratios", "ratios", "财务比率", "重要比率"),
}
SUFFIX = {"percent": "percent", "x": "x", "days": "days"}


@dataclass(frozen=True)
class Style:
    vocabulary: int
    currency: str
    quoted: str
    scale: str
    heading: str
    wide: bool
    costs_positive: bool
    brackets: bool
    dividends: bool = False
    issues: bool = False


#: US GAAP in USD, IFRS in EUR, PRC and Hong Kong in Chinese.
STYLES = (
    Style(0, "USD", "USD", "million", "US$ mn", True, True, True, dividends=True),
    Style(1, "EUR", "HKD", "thousand", "EUR '000", False, False, False, issues=True),
    Style(2, "CNY", "CNY", "10thousand", "人民币万元", True, True, False, dividends=True, issues=True),
    Style(3, "CNY", "HKD", "million", "人民币百万元", True, False, True),
)
THOUSANDS = {"thousand": 1.0, "10thousand": 10.0, "million": 1e3}


def make(style: Style, seed: int) -> Book:
    """A company that is right: every line whole, every sum exact."""
    rng = random.Random(seed)
    book: Book = {"income_statement": _income(rng)}
    _balance_and_cash(book, rng, style)
    _ratios(book, style)
    _valuation(book, rng, style)
    return book


def _income(rng: random.Random) -> dict[str, dict[object, float]]:
    level, rows = rng.randint(300_000, 900_000), {}
    revenue: dict[object, float] = {}
    for y in YEARS:
        revenue[y] = level
        level = round(level * rng.uniform(1.12, 1.6))
    rows["revenue"] = revenue
    for item, low, high in (
        ("cost_of_sales", 0.45, 0.55), ("selling_and_marketing_expenses", 0.04, 0.07),
        ("general_and_administrative_expenses", 0.05, 0.08), ("research_and_development_expenses", 0.12, 0.16),
    ):  # fmt: skip
        rows[item] = {y: -round(rng.uniform(low, high) * r) for y, r in revenue.items()}
    rows["other_income"] = {y: rng.randint(2_000, 6_000) for y in YEARS}
    rows["net_finance_cost"] = {y: rng.choice((-1, 1)) * rng.randint(2_000, 7_000) for y in YEARS}
    cost = {"cost_of_sales"}
    opex = ("selling_and_marketing_expenses", "general_and_administrative_expenses",
            "research_and_development_expenses", "other_income")  # fmt: skip
    out = {k: rows[k] for k in ("revenue", *cost)}
    out["gross_profit"] = {y: revenue[y] + rows["cost_of_sales"][y] for y in YEARS}
    out |= {k: rows[k] for k in opex}
    out["operating_profit"] = {y: out["gross_profit"][y] + sum(rows[k][y] for k in opex) for y in YEARS}
    out["net_finance_cost"] = rows["net_finance_cost"]
    out["profit_before_income_tax"] = {
        y: out["operating_profit"][y] + rows["net_finance_cost"][y] for y in YEARS
    }
    out["income_tax"] = {y: -round(0.2 * p) for y, p in out["profit_before_income_tax"].items()}
    out["net_profit"] = {y: out["profit_before_income_tax"][y] + out["income_tax"][y] for y in YEARS}
    half = {y: round(0.46 * v) for y, v in out["revenue"].items()}
    for item in list(out):
        part = half[2024] if item == "revenue" else round(0.46 * out[item][2024])
        out[item] |= {"2024H1": part, "2024H2": out[item][2024] - part}
    _halved(out)
    return out


def _halved(out: dict[str, dict[object, float]]) -> None:
    """Subtotals of the halves are sums of their own lines."""
    for half in ("2024H1", "2024H2"):
        line = {k: v[half] for k, v in out.items()}
        gross = line["revenue"] + line["cost_of_sales"]
        operating = gross + sum(line[k] for k in (
            "selling_and_marketing_expenses", "general_and_administrative_expenses",
            "research_and_development_expenses", "other_income"))  # fmt: skip
        before = operating + line["net_finance_cost"]
        for k, v in (("gross_profit", gross), ("operating_profit", operating), ("profit_before_income_tax", before),
                     ("net_profit", before + line["income_tax"])):  # fmt: skip
            out[k][half] = v


def _balance_and_cash(book: Book, rng: random.Random, style: Style) -> None:
    inc = book["income_statement"]
    revenue, cost, profit = inc["revenue"], inc["cost_of_sales"], inc["net_profit"]
    worn = {y: round(0.03 * revenue[y]) for y in YEARS}
    spent = {y: -round(rng.uniform(0.05, 0.07) * revenue[y]) for y in YEARS}
    sold = dict.fromkeys(YEARS, 0)
    lent = {y: -rng.randint(500, 3_000) for y in YEARS}
    debt = {y: rng.randint(1_000, 9_000) for y in YEARS}
    issue = {y: rng.randint(40_000, 90_000) if style.issues and y in {2024, 2026} else 0 for y in YEARS}
    back = {y: -rng.randint(3_000, 9_000) if style.issues and y == 2027 else 0 for y in YEARS}
    paid = {y: -round(0.3 * profit[y - 1]) if style.dividends and y > YEARS[0] else 0 for y in YEARS}
    fixed, cash, other, loans, capital, kept = 260_000, 400_000, 30_000, 50_000, 420_000, 0
    b: dict[str, dict[object, float]] = {k: {} for k in (
        "property_plant_equipment", "intangible_assets", "other_non_current_assets", "total_non_current_assets",
        "inventories", "trade_and_notes_receivables", "cash_and_cash_equivalents", "total_current_assets", "total_assets",
        "borrowings_non_current", "other_non_current_liabilities", "total_non_current_liabilities",
        "trade_and_other_payables", "other_current_liabilities", "total_current_liabilities", "total_liabilities",
        "share_capital", "retained_earnings", "total_equity", "total_liabilities_and_equity")}  # fmt: skip
    c: dict[str, dict[object, float]] = {k: {} for k in (
        "profit_before_tax", "depreciation_and_amortisation", "change_in_working_capital", "income_tax_paid",
        "net_cash_from_operating", "purchase_of_ppe_and_intangibles", "proceeds_from_disposal_of_ppe_and_intangibles",
        "other_investing", "net_cash_from_investing", "proceeds_from_borrowings", "proceeds_from_issue_of_shares",
        "repurchase_of_shares", "dividends_paid", "net_cash_from_financing", "net_change_in_cash", "opening_cash",
        "closing_cash")}  # fmt: skip
    before: float = rng.randint(60_000, 90_000)
    for y in YEARS:
        stock = (round(-cost[y] * 110 / 365), round(revenue[y] * 80 / 365), round(-cost[y] * 95 / 365))
        net = stock[0] + stock[1] - stock[2]
        fixed += -spent[y] - worn[y]
        other, loans = other - lent[y], loans + debt[y]
        row = {
            "profit_before_tax": inc["profit_before_income_tax"][y], "depreciation_and_amortisation": worn[y],
            "change_in_working_capital": before - net, "income_tax_paid": inc["income_tax"][y],
        }  # fmt: skip
        before = net
        operating = sum(row.values())
        investing = spent[y] + lent[y] + sold[y]
        financing = debt[y] + issue[y] + back[y] + paid[y]
        row |= {
            "net_cash_from_operating": operating, "purchase_of_ppe_and_intangibles": spent[y],
            "proceeds_from_disposal_of_ppe_and_intangibles": sold[y], "other_investing": lent[y],
            "net_cash_from_investing": investing, "proceeds_from_borrowings": debt[y],
            "proceeds_from_issue_of_shares": issue[y], "repurchase_of_shares": back[y], "dividends_paid": paid[y],
            "net_cash_from_financing": financing, "net_change_in_cash": operating + investing + financing,
            "opening_cash": cash, "closing_cash": cash + operating + investing + financing,
        }  # fmt: skip
        cash = row["closing_cash"]
        for k, v in row.items():
            c[k][y] = v
        ppe = round(0.7 * fixed)
        assets = {
            "property_plant_equipment": ppe,
            "intangible_assets": fixed - ppe,
            "other_non_current_assets": other,
        }
        current = {
            "inventories": stock[0],
            "trade_and_notes_receivables": stock[1],
            "cash_and_cash_equivalents": cash,
        }
        owed = {"borrowings_non_current": loans, "other_non_current_liabilities": 15_000}
        due = {"trade_and_other_payables": stock[2], "other_current_liabilities": 22_000}
        whole = sum(assets.values()) + sum(current.values())
        liabilities = sum(owed.values()) + sum(due.values())
        capital += issue[y] + back[y]
        kept = whole - liabilities - capital
        rows = assets | {"total_non_current_assets": sum(assets.values())} | current | {
            "total_current_assets": sum(current.values()), "total_assets": whole, **owed,
            "total_non_current_liabilities": sum(owed.values()), **due, "total_current_liabilities": sum(due.values()),
            "total_liabilities": liabilities, "share_capital": capital, "retained_earnings": kept,
            "total_equity": capital + kept, "total_liabilities_and_equity": whole,
        }  # fmt: skip
        for k, v in rows.items():
            b[k][y] = v
    book["balance_sheet"], book["cash_flow"] = b, c


def _ratios(book: Book, style: Style) -> None:
    inc, bal = book["income_statement"], book["balance_sheet"]
    k, profit, revenue = THOUSANDS[style.scale], inc["net_profit"], inc["revenue"]
    count = {
        y: 800 + (25 if style.issues and y >= 2024 else 0) + (25 if style.issues and y >= 2026 else 0)
        for y in YEARS
    }
    inc["eps"] = {y: round(profit[y] * k / 1e3 / count[y], 3) for y in YEARS}
    inc["shares"] = dict(count)
    later = YEARS[1:]
    cost = inc["cost_of_sales"]
    book["ratios"] = {
        "revenue_growth_yoy": {y: round(100 * (revenue[y] / revenue[y - 1] - 1), 1) for y in later},
        "net_profit_growth_yoy": {y: round(100 * (profit[y] / profit[y - 1] - 1), 1) for y in later},
        "gross_margin": {y: round(100 * inc["gross_profit"][y] / revenue[y], 1) for y in YEARS},
        "net_margin": {y: round(100 * profit[y] / revenue[y], 1) for y in YEARS},
        "effective_tax_rate": {y: round(-100 * inc["income_tax"][y] / inc["profit_before_income_tax"][y], 1) for y in YEARS},
        "roe": {y: round(200 * profit[y] / (bal["total_equity"][y] + bal["total_equity"][y - 1]), 1) for y in later},
        "inventory_days": {y: round(-365 * bal["inventories"][y] / cost[y], 1) for y in YEARS},
        "receivable_days": {y: round(365 * bal["trade_and_notes_receivables"][y] / revenue[y], 1) for y in YEARS},
        "payable_days": {y: round(-365 * bal["trade_and_other_payables"][y] / cost[y], 1) for y in YEARS},
        "current_ratio": {y: round(bal["total_current_assets"][y] / bal["total_current_liabilities"][y], 2) for y in YEARS},
        "debt_to_assets": {y: round(100 * bal["total_liabilities"][y] / bal["total_assets"][y], 1) for y in YEARS},
    }  # fmt: skip


RATIO_UNITS = {
    "inventory_days": "days",
    "receivable_days": "days",
    "payable_days": "days",
    "current_ratio": "x",
    "pe": "x",
}


def _valuation(book: Book, rng: random.Random, style: Style) -> None:
    inc, cf, bal = book["income_statement"], book["cash_flow"], book["balance_sheet"]
    k, rate = THOUSANDS[style.scale], {"USD": 1.0, "EUR": 9.1, "CNY": 1.08}[style.currency]
    rate = 1.0 if style.quoted == style.currency else rate
    d: dict[str, dict[object, float]] = {}
    here = [y for y in YEARS if y >= FIRST]
    d["ebit"] = {y: inc["operating_profit"][y] for y in here}
    d["depreciation_and_amortisation"] = {y: cf["depreciation_and_amortisation"][y] for y in here}
    d["tax"] = {}
    d["change_in_working_capital"] = {y: cf["change_in_working_capital"][y] for y in here}
    d["capital_expenditure"] = {y: cf["purchase_of_ppe_and_intangibles"][y] for y in here}
    for y in FLOWS:
        if y not in here:
            for item in (
                "ebit",
                "depreciation_and_amortisation",
                "change_in_working_capital",
                "capital_expenditure",
            ):
                d[item][y] = round(d[item][y - 1] * rng.uniform(1.03, 1.09))
        d["tax"][y] = -round(0.2 * d["ebit"][y])
    d["free_cash_flow"] = {y: sum(row[y] for row in d.values()) for y in FLOWS}
    flows = [d["free_cash_flow"][y] for y in FLOWS]
    pv = round(sum(f * 1.1 ** -(i + 1) for i, f in enumerate(flows)))
    tv = round(flows[-1] * 1.02 / 0.08 * 1.1**-10)
    net = bal["cash_and_cash_equivalents"][FIRST - 1] - bal["borrowings_non_current"][FIRST - 1]
    equity = pv + tv + net
    d |= {n: {"": v} for n, v in (
        ("pv_of_free_cash_flow", pv), ("pv_of_terminal_value", tv), ("enterprise_value", pv + tv),
        ("net_cash_less_debt_and_minorities", net), ("equity_value", equity))}  # fmt: skip
    book["dcf"] = d
    quoted_m = equity * k / 1e3 * rate
    peers = {n: round(rng.uniform(4, 16), 1) for n in ("Alpha", "Beta", "Gamma", "Delta", "Epsilon")}
    mean = round(sum(peers.values()) / 5, 1)
    ps = round(mean * 0.8 * inc["revenue"][2026] * k / 1e3 * rate)
    dcf = round(quoted_m)
    blended = round(0.6 * dcf + 0.4 * ps)
    count = 825.0 if style.issues else 800.0
    price = round(blended / count / rng.uniform(1.1, 1.5), 2)
    cap = round(count * price)
    target = round(blended / (cap / price), 2)
    book["valuation"] = {n: {"": v} for n, v in (
        ("weight_dcf", 60), ("weight_ps", 40), ("value_dcf", dcf), ("value_ps", ps), ("value_blended", blended),
        ("valuation_discount", 20), ("target_price", target), ("current_price", price), ("market_cap", cap),
        ("upside", round(100 * (target / price - 1), 1)), ("week52_low", round(0.6 * price, 2)),
        ("week52_high", round(1.3 * price, 2)))} | {"peer_average_ps": {2026: mean},
        "implied_ps_blended": {2026: round(blended / (inc["revenue"][2026] * k / 1e3 * rate), 1)},
        "report_date": {"": "2025-05-07"}, "data_date": {"": "2025-05-06"}}  # fmt: skip
    book["dcf"]["equity_value_quoted"] = {"": round(quoted_m, 1)}
    book["ratios"]["pe"] = {y: round(target / rate / inc["eps"][y], 1) for y in YEARS if y >= FIRST}
    book["wacc"] = {n: {"": v} for n, v in (
        ("beta", 1.2), ("risk_free_rate", 2.2), ("market_risk_premium", 7.2), ("cost_of_equity", 10.8),
        ("cost_of_debt", 5.0), ("debt_to_equity", 11.7), ("tax_rate", 20.0), ("wacc", 10.0), ("terminal_growth", 2.0))}  # fmt: skip
    book["peers"] = {n: {2026: v} for n, v in peers.items()} | {"average": {2026: mean}}
    _extras(book, rng, k)


def _extras(book: Book, rng: random.Random, k: float) -> None:
    inc = book["income_statement"]
    chips = {y: round(0.7 * inc["revenue"][y]) for y in YEARS}
    book["segments"] = {"chips": dict(chips), "systems": {y: inc["revenue"][y] - chips[y] for y in YEARS}}
    units = {y: 1_000 + 137 * (y - 2022) for y in YEARS}
    price = {y: round(chips[y] * k / units[y], 3) for y in YEARS}
    book["products"] = {"units": dict(units), "asp": price, "revenue": dict(chips)}
    book["market"] = {"china_first_share": {2024: 61}, "china_second_share": {2024: 24}, "china_others_share": {2024: 15},
                      "chip_market": {2024: 310, 2029: 1250}, "chip_market_cagr": {"2024-2029E": 32.2}}  # fmt: skip
    growth = (inc["revenue"][2027] / inc["revenue"][2024]) ** (1 / 3) - 1
    book["claims"] = {
        "revenue": {y: round(inc["revenue"][y] * k / 1e5, 1) for y in (2025, 2026, 2027)},
        "revenue_cagr": {"2024-2027E": round(100 * growth, 1)},
        "gross_margin": {y: book["ratios"]["gross_margin"][y] for y in (2025, 2026, 2027)},
    }
    book["tickers"] = {"Alpha": {"": "600001.SH"}, "Beta": {"": "000002.SZ"}, "Gamma": {"": "0700.HK"},
                       "Delta": {"": "NVDA.US"}, "Epsilon": {"": "688041.SH"}}  # fmt: skip


def period(p: object) -> str:
    if not isinstance(p, int):
        return str(p)
    return f"{p}E" if p >= FIRST else f"{p}A"


def _shown(value: object, style: Style) -> str:
    if isinstance(value, str):
        return value
    assert isinstance(value, int | float)
    text = f"{abs(value):,}" if style.wide else f"{abs(value)}"
    if value < 0:
        return f"({text})" if style.brackets else f"-{text}"
    return text


OUTFLOWS = {
    "cost_of_sales", "selling_and_marketing_expenses", "general_and_administrative_expenses",
    "research_and_development_expenses", "income_tax",
}  # fmt: skip


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def render(book: Book, style: Style) -> dict[str, str]:
    """Print the book: table name -> CSV text."""
    out = {}
    for table in ("income_statement", "balance_sheet", "cash_flow", "ratios"):
        out[_NAMES[table][style.vocabulary]] = _statement(book, table, style)
    money, quoted = f"{style.currency}_{style.scale}", f"{style.quoted}_million"
    heading = ["item", "period", "value", "unit"]
    dcf = [heading]
    for item, row in book["dcf"].items():
        name = item.removesuffix("_quoted")
        label = LABELS[name][style.vocabulary] if name in LABELS else name
        unit = quoted if item.endswith("_quoted") else money
        if item.endswith("_quoted") and style.quoted == style.currency:
            continue
        dcf += [[label, period(p), _shown(v, style), unit] for p, v in row.items()]
    out["dcf"] = _csv(dcf)
    units = {"weight_dcf": "percent", "weight_ps": "percent", "valuation_discount": "percent", "upside": "percent",
             "peer_average_ps": "x", "implied_ps_blended": "x", "report_date": "date", "data_date": "date"}  # fmt: skip
    share = {"target_price", "current_price", "week52_low", "week52_high"}
    out["valuation"] = _csv([heading] + [
        [i, period(p), _shown(v, style), units.get(i, f"{style.quoted}_per_share" if i in share else quoted)]
        for i, row in book["valuation"].items() for p, v in row.items()])  # fmt: skip
    out["wacc"] = _csv([heading] + [
        [i, "", str(v), "x" if i == "beta" else "percent"] for i, row in book["wacc"].items() for v in row.values()])  # fmt: skip
    out["comps"] = _csv([["company", *heading]] + [
        [n, "forward_price_to_sales", period(p), str(v), "x"] for n, row in book["peers"].items() for p, v in row.items()])  # fmt: skip
    out["segments"] = _csv([[style.heading, *(period(y) for y in YEARS)]] + [
        [n, *(str(row.get(y, "")) for y in YEARS)] for n, row in book["segments"].items()])  # fmt: skip
    kinds = {"units": "units", "asp": f"{style.currency}_thousand", "revenue": money}
    out["products"] = _csv([["product", *heading]] + [
        ["chip", i, period(y), str(v), kinds[i]] for i, row in book["products"].items() for y, v in row.items()])  # fmt: skip
    out["market"] = _csv([heading] + [
        [i, period(p), str(v), "USD_100million" if i == "chip_market" else "percent"]
        for i, row in book["market"].items() for p, v in row.items()])  # fmt: skip
    out["claims"] = _csv([heading] + [
        [i, period(p), str(v), f"{style.currency}_100million" if i == "revenue" else "percent"]
        for i, row in book["claims"].items() for p, v in row.items()])  # fmt: skip
    out["tickers"] = _csv(
        [["company", "ticker"]] + [[n, str(v)] for n, row in book["tickers"].items() for v in row.values()]
    )
    return out


def _statement(book: Book, table: str, style: Style) -> str:
    rows = book[table]
    odd = book.get("units", {}).get(table, {})
    periods: list[object] = list(YEARS)
    if table == "income_statement":
        periods += ["2024H1", "2024H2"]
    letters = book.get("letters", {}).get(table, {})
    head = [str(letters.get(p, period(p))) for p in periods]
    label = {i: LABELS[i][style.vocabulary] for i in rows}
    flip = style.costs_positive and table == "income_statement"

    def text(item: str, p: object) -> str:
        if p not in rows[item]:
            return ""
        value = rows[item][p]
        return _shown(-value if flip and item in OUTFLOWS and not isinstance(value, str) else value, style)

    def unit(item: str, p: object) -> str:
        own = {"shares": "million shares", "eps": f"{style.currency} per share"}
        usual = RATIO_UNITS.get(item, "percent") if table == "ratios" else own.get(item, style.heading)
        return str(odd.get((item, p), usual))

    if style.wide:
        return _csv([[style.heading, "unit", *head]] + [
            [label[i], unit(i, ""), *(text(i, p) for p in periods)] for i in rows])  # fmt: skip
    return _csv([["Line item", "Year", "Amount", "Unit"]] + [
        [label[i], h, text(i, p), unit(i, p)] for i in rows for p, h in zip(periods, head, strict=True) if text(i, p)])  # fmt: skip
