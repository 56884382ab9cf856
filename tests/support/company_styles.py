# ruff: noqa: E501 (Chinese letters count twice; a line item stays on one line)
"""How a made-up company's report is printed: labels, language, currency, unit, layout, how a negative number looks."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

YEARS = (2022, 2023, 2024, 2025, 2026, 2027)
FIRST = 2025
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


RATIO_UNITS = {
    "inventory_days": "days",
    "receivable_days": "days",
    "payable_days": "days",
    "current_ratio": "x",
    "pe": "x",
}


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
