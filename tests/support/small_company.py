# ruff: noqa: E501 (Chinese letters count twice; a line item stays on one line)
"""A made-up company of three actual years and one forecast, right to the last digit, printed in any unit and layout."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

PERIODS = ("2022", "2023", "2024", "2025E")
Rows = dict[str, list[str]]
#: English and Chinese labels.
LABELS = {
    "revenue": ("Turnover", "营业总收入"), "cost": ("Cost of sales", "减：营业成本"), "gross": ("Gross profit", "毛利"),
    "selling": ("Selling and distribution costs", "销售费用"), "admin": ("Administrative expenses", "管理费用"),
    "operating": ("Profit from operations", "营业利润"), "interest": ("Finance costs", "财务费用"),
    "before": ("Profit before taxation", "利润总额"), "tax": ("Taxation", "减：所得税费用"),
    "profit": ("Profit for the year", "净利润"), "own": ("Owners of the Company", "归属于母公司所有者的净利润"),
    "minority": ("Non-controlling interests", "少数股东损益"), "eps": ("Diluted EPS", "稀释每股收益"),
    "shares": ("Weighted average diluted shares", "稀释加权平均股数"), "dps": ("Dividends per share", "每股股利"),
    "ppe": ("Property, plant and equipment", "固定资产"), "non_current": ("Total non-current assets", "非流动资产合计"),
    "stock": ("Inventories", "存货"), "owed_us": ("Trade receivables", "应收账款"), "cash": ("Bank balances and cash", "货币资金"),
    "current": ("Total current assets", "流动资产合计"), "assets": ("Total assets", "资产总计"),
    "owed": ("Trade payables", "应付账款"), "short": ("Total current liabilities", "流动负债合计"),
    "debt": ("Bank borrowings - non-current", "长期借款"), "long": ("Total non-current liabilities", "非流动负债合计"),
    "liabilities": ("Total liabilities", "负债合计"), "capital": ("Share capital", "股本"),
    "kept": ("Accumulated losses", "未分配利润"), "treasury": ("Treasury stock", "库存股"),
    "parent": ("Equity attributable to owners of the Company", "归属于母公司所有者权益合计"),
    "outside": ("Non-controlling interests", "少数股东权益"), "equity": ("Total equity", "所有者权益合计"),
    "earned": ("Profit for the year", "净利润"), "worn": ("Depreciation", "折旧与摊销"),
    "working": ("Changes in working capital", "营运资金的变动"),
    "operations": ("Net cash generated from operating activities", "经营活动产生的现金流量净额"),
    "spent": ("Purchases of property, plant and equipment", "购建固定资产支付的现金"),
    "investing": ("Net cash used in investing activities", "投资活动产生的现金流量净额"),
    "borrowed": ("Net movement in bank borrowings", "借款净增加额"), "paid": ("Dividends paid", "分配股利支付的现金"),
    "bought": ("Share repurchases", "回购股份支付的现金"), "issued": ("Proceeds from issue of shares", "吸收投资收到的现金"),
    "financing": ("Net cash used in financing activities", "筹资活动产生的现金流量净额"),
    "change": ("Net increase in cash and cash equivalents", "现金及现金等价物净增加额"),
    "opening": ("Cash at beginning of year", "期初现金"), "closing": ("Cash at end of year", "期末现金"),
}  # fmt: skip
STATEMENTS = {
    "income": ("consolidated income statement", "合并利润表"), "balance": ("statement of financial position", "合并资产负债表"),
    "flows": ("cash flows", "合并现金流量表"),
}  # fmt: skip
A_SHARE = {"eps", "dps"}


def numbers() -> dict[str, dict[str, list[int]]]:
    """The three statements in whole units; earnings and dividends a share in hundredths."""
    inc: dict[str, list[int]] = {
        "revenue": [41_250, 47_600, 55_130, 64_020],
        "cost": [-24_740, -28_110, -32_010, -36_490],
    }
    inc["gross"] = _sum(inc.values())
    inc |= {"selling": [-4_120, -4_530, -4_970, -5_760], "admin": [-5_830, -6_140, -6_620, -7_040]}
    inc["operating"] = _sum(inc[i] for i in ("gross", "selling", "admin"))
    inc["interest"] = [-620, -710, -650, -590]
    inc["before"] = _sum((inc["operating"], inc["interest"]))
    inc["tax"] = [-round(0.2 * p) for p in inc["before"]]
    inc["profit"] = _sum((inc["before"], inc["tax"]))
    inc["minority"] = [210, 260, 300, 340]
    inc["own"] = [a - b for a, b in zip(inc["profit"], inc["minority"], strict=True)]
    inc = {k: v for k, v in inc.items() if k != "minority"} | {"minority": inc["minority"]}
    inc["shares"] = [1_000, 1_000, 1_040, 1_040]
    inc["eps"] = [round(100 * p / n) for p, n in zip(inc["own"], inc["shares"], strict=True)]
    inc["dps"] = [110, 150, 200, 240]
    paid = [0] + [-inc["dps"][y - 1] * inc["shares"][y - 1] // 100 for y in (1, 2, 3)]
    bought, issued = [0, -270, -330, -310], [0, 0, 2_160, 0]
    stock, owed_us, owed = (
        [4_820, 5_590, 6_230, 7_010],
        [8_140, 9_330, 10_780, 12_400],
        [5_900, 6_620, 7_490, 8_460],
    )
    worn, spent, debt = (
        [2_480, 2_610, 2_870, 3_050],
        [-3_100, -3_640, -4_190, -4_000],
        [9_000, 8_200, 7_000, 6_000],
    )
    net = [a + b - c for a, b, c in zip(stock, owed_us, owed, strict=True)]
    bal: dict[str, list[int]] = {
        "ppe": [21_000],
        "cash": [9_530],
        "outside": [1_100],
        "treasury": [-200],
        "capital": [5_000],
    }
    flow: dict[str, list[int]] = {k: [0] for k in (
        "earned", "worn", "working", "operations", "spent", "investing", "borrowed", "paid", "bought", "issued",
        "financing", "change", "opening", "closing")}  # fmt: skip
    for y in (1, 2, 3):
        row = {"earned": inc["profit"][y], "worn": worn[y], "working": net[y - 1] - net[y]}
        row["operations"] = sum(row.values())
        row |= {"spent": spent[y], "investing": spent[y], "borrowed": debt[y] - debt[y - 1], "paid": paid[y],
                "bought": bought[y], "issued": issued[y]}  # fmt: skip
        row["financing"] = sum(row[i] for i in ("borrowed", "paid", "bought", "issued"))
        row["change"] = row["operations"] + row["investing"] + row["financing"]
        row |= {"opening": bal["cash"][-1], "closing": bal["cash"][-1] + row["change"]}
        for k, v in row.items():
            flow[k].append(v)
        for k, v in (("ppe", -spent[y] - worn[y]), ("cash", row["change"]), ("outside", inc["minority"][y]),
                     ("treasury", bought[y]), ("capital", issued[y])):  # fmt: skip
            bal[k].append(bal[k][-1] + v)
    assets = _sum((bal["ppe"], stock, owed_us, bal["cash"]))
    liabilities = _sum((owed, debt))
    kept = [a - b - c - d - e for a, b, c, d, e in zip(
        assets, liabilities, bal["capital"], bal["treasury"], bal["outside"], strict=True)]  # fmt: skip
    sheet = {
        "ppe": bal["ppe"], "non_current": bal["ppe"], "stock": stock, "owed_us": owed_us, "cash": bal["cash"],
        "current": _sum((stock, owed_us, bal["cash"])), "assets": assets, "owed": owed, "short": owed, "debt": debt,
        "long": debt, "liabilities": liabilities, "capital": bal["capital"], "treasury": bal["treasury"], "kept": kept,
        "parent": _sum((bal["capital"], bal["treasury"], kept)), "outside": bal["outside"],
        "equity": _sum((bal["capital"], bal["treasury"], kept, bal["outside"])),
    }  # fmt: skip
    return {"income": inc, "balance": sheet, "flows": {k: v[1:] for k, v in flow.items()}}


def _sum(rows: Iterable[list[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def printed(value: int, item: str, zeros: int) -> str:
    """A number in brackets where it is below zero, so many zeros longer; a figure a share with two decimals."""
    text = f"{abs(value) / 100:.2f}" if item in A_SHARE else f"{abs(value):,}"
    if zeros and item not in A_SHARE | {"shares"}:
        text = f"{abs(value) * 10**zeros:,}"
    return f"({text})" if value < 0 else text


def render(
    book: dict[str, dict[str, list[int]]], *, language: int = 0, heads: dict[str, str] | None = None,
    zeros: dict[str, int] | None = None, down: bool = False, when: Callable[[str], str] = str,
) -> dict[str, str]:  # fmt: skip
    """The statements as text by name; ``heads`` and ``zeros`` change the unit of one, ``down`` stands periods down."""
    out = {}
    money = ("HK$ mn", "单位：百万元")[language]
    for table, rows in book.items():
        periods = [when(p) for p in PERIODS[-len(next(iter(rows.values()))) :]]
        many = (zeros or {}).get(table, 0)
        units = {"shares": (" (mn)", "（百万股）")[language], "eps": (" (HK$)", "（元）")[language],
                 "dps": (" (HK$)", "（元）")[language]}  # fmt: skip
        lines = [["HEAD", *periods]] + [
            [LABELS[i][language] + units.get(i, ""), *(printed(v, i, many) for v in row)]
            for i, row in rows.items()
        ]
        lines[0][0] = (heads or {}).get(table, money)
        grid = [list(column) for column in zip(*lines, strict=True)] if down else lines
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(grid)
        out[STATEMENTS[table][language]] = text.getvalue()
    return out
