# ruff: noqa: E501 (Chinese letters count twice; a table's names stay on one line)
"""Tables by what reports call them, in both languages."""

from __future__ import annotations

import re
import unicodedata

from clustersim.finance.audit.label_patterns import WORK
from clustersim.finance.audit.labels import plain
from clustersim.finance.audit.script import folded

__all__ = ["TABLES", "canonical_table"]

TABLES = {
    "income_statement": "income|profit and loss|statement of income|statement of profit or loss|statement of earnings|statement of comprehensive income|profit or loss|损益|利润|p&l|pnl|pl|statement of operations|利润表|损益表|收益表|income statement|is",
    "balance_sheet": "balance|balance sheet|financial position|资产负债|财务状况|statement of financial position|资产负债表|财务状况表|bs",
    "cash_flow": "cash flow|statement of cash flow|现金流量|cashflow|cash flows|statement of cash flows|cash flow statement|现金流量表|现金流|cf",
    "ratios": "ratios|key ratios|financial ratios|valuation ratios|ratio|重要比率|财务比率|主要比率|key metrics",
    "dcf": "dcf|discounted cash flow|现金流折现|dcf valuation",
    "wacc": "wacc|cost of capital|资本成本", "valuation": "valuation|估值|cover|target price|price target|target value|目标价|估值定价",
    "claims": "claims|text claims", "market": "market|行业", "comps": "comps|peers|comparables|comparable companies|peer valuation|peer comparison|可比公司|可比公司估值|同业比较",
    "tickers": "tickers|codes|股票代码", "segments": "segments|segment|revenue by segment|分部|分部收入|收入分布",
    "products": "products|product|units and prices|产品|产品销售",
}  # fmt: skip


def canonical_table(name: str) -> str | None:
    """Return the table that a file or sheet name means; None for one that is not known.

    >>> canonical_table("Consolidated Statements of Operations"), canonical_table("合并资产负债表"), canonical_table("notes")
    ('income_statement', 'balance_sheet', None)
    >>> canonical_table("Sum of the parts"), canonical_table("目标价推算"), canonical_table("Key data")
    ('valuation', 'valuation', 'ratios')
    """
    whole = _WHOSE.sub("", unicodedata.normalize("NFKC", folded(name)))
    key, bare = plain(whole), plain(WORK.sub("", whole))
    for candidate in (key, re.sub(r"^statements?of", "statementof", key), re.sub(r"statements(?=$|of)", "statement", key),
                      re.sub(r"s$", "", key), re.sub(r"(?:表|statement)$", "", key), bare):  # fmt: skip
        for table, aliases in TABLES.items():
            if candidate in {plain(table), *(plain(a) for a in aliases.split("|"))}:
                return table
    return next((table for table, words in _FAMILIES if words.search(key)), None)


#: Tables that no list of names ends, by what their names hold.
_FAMILIES = tuple(
    (table, re.compile(words)) for table, words in (
        ("segments", r"segment|分部|^分(?:产品|地区|行业|业务|渠道)\w*收入|收入(?:构成|拆分)|revenue(?:breakdown|split)$|by(?:product|division|business|region)$"),
        ("comps", r"peer|comparable|同业|可比"),
        ("wacc", r"costofcapital|资本成本"), ("dcf", r"^dcf|discountedcash|现金流折现|折现现金流"),
        ("valuation", r"valuation|targetprice|pricetarget|目标价|估值|sotp|sumoftheparts"),
        ("ratios", r"ratios?$|^key(?:figures|data|metrics|indicators|financials|ratios)|kpis?$|比率|财务指标|关键指标"),
        ("cash_flow", r"statementofcashflow|现金流量表"), ("balance_sheet", r"statementoffinancialposition|资产负债表|财务状况表"),
        ("income_statement", r"statementof(?:total|comprehensive)?(?:income|earnings|profit|return|operations)|损益表|收益表|利润表"),
    )
)  # fmt: skip


#: Whose statements they are, and of what standing: no part of a table's name.
_WHOSE = re.compile(
    r"(?:condensed|consolidated|unaudited|audited|summary|group|合并|母公司|简明|综合|未经审核|简要)[\s_-]*",
    re.I,
)
