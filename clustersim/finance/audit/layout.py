"""Tables as people print them, long or with the years across, as one row a figure with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from clustersim.finance.audit.blocks import rows_of
from clustersim.finance.audit.labels import canonical_item, plain
from clustersim.finance.audit.money import canonical_unit
from clustersim.finance.audit.periods import read_period

__all__ = ["Cell", "read_layout"]

_HEADS: dict[str, tuple[str, ...]] = {
    "item": ("item", "label", "line", "lineitem", "account", "metric", "科目", "项目", "指标", "名称"),
    "period": ("period", "year", "fiscalyear", "期间", "年份", "年度", "报告期"),
    "value": ("value", "amount", "figure", "printed", "数值", "金额", "值"),
    "unit": ("unit", "units", "单位"),
    "currency": ("currency", "币种", "货币"),
    "status": ("status", "状态"),
}


#: What a line of figures without a name is called.
SUBTOTAL = "subtotal"


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed figure as it stands: label, period, text, unit, and where."""

    line: int
    column: str
    label: str
    period: str
    text: str
    unit: str
    more: Mapping[str, str] = field(default_factory=dict)
    """Other columns of a long table."""
    row: int = 0
    """Which line item of its table it belongs to, where a line of the file or a column of it is one; else 0."""


def read_layout(text: str, name: str, table: str = "") -> tuple[list[Cell], list[str], list[str]]:
    """Return the figures of a table, the columns that were not understood, and what makes it no table at all.

    A long table has columns for item, period, value and unit, by alias; a wide one has periods across, or down with the
    items across; peers may stand in lines with a multiple a column. Lines above the heading may state the unit
    (``人民币千元``, ``RMB mn``), and so may the line below it.

    >>> cells, ignored, wrong = read_layout("RMB mn,2024A,2025E\\nTotal revenue,900,(5)\\n", "i.csv")
    >>> [(c.label, c.period, c.text, c.unit) for c in cells]
    [('Total revenue', '2024A', '900', 'RMB mn'), ('Total revenue', '2025E', '(5)', 'RMB mn')]
    >>> down = "RMB mn,Sales,COGS\\n2024,900,(5)\\n2025,800,(4)\\n"
    >>> cells, ignored, wrong = read_layout(down, "i.csv", "income_statement")
    >>> [(c.label, c.period, c.text, c.line) for c in cells][:2]
    [('Sales', '2024', '900', 2), ('Sales', '2025', '800', 3)]
    """
    rows = rows_of(text, name)
    above = ""
    for at, (line, row) in enumerate(rows[:6]):
        cells = [c.strip() for c in row]
        heads = [_head(c) for c in cells]
        if "value" in heads and "item" not in heads and not heads[0] and plain(cells[0]) not in _COMPANY:
            # Whatever stands over the first column of a list of values names what they are values of.
            heads[0] = "item"
        if "value" in heads or ("item" in heads and "period" in heads):
            return _long(rows[at + 1 :], cells, heads, name, line)
        periods = [k for k, c in enumerate(cells) if k and read_period(c)]
        if len(periods) >= 1 and not read_period(cells[0]):
            return _wide(rows[at + 1 :], cells, above, periods, table)
        if _down(rows[at + 1 :], cells, table):
            return _across(rows[at + 1 :], cells, above)
        if (who := _companies(cells)) is not None and table in {"comps", "segments", "products"}:
            return _matrix(rows[at + 1 :], cells, who)
        above = above or next((u for c in cells if (u := _unit_inside(c))), "")
    first = ", ".join(c.strip() for c in rows[0][1]) if rows else ""
    return [], [], [
        f"{name}:1: the layout is not understood: neither columns item, period, value, unit nor years across"
        f" (the heading is {first[:80]!r})"
    ]  # fmt: skip


def _head(cell: str) -> str:
    key = plain(cell)
    return next((name for name, words in _HEADS.items() if key in words), "")


def _unit_inside(cell: str) -> str:
    """The unit that a heading states, alone or in brackets."""
    inside = re.findall(r"[(（]([^()（）]*)[)）]", cell)
    for part in inside:
        # In brackets behind a name a multiple is one, and what a rate is over stands beside its sign.
        if re.fullmatch(r"\s*(?:x|times|倍)\s*", part, re.I) and re.match(r"\s*\w", cell):
            return "x"
        if re.match(r"\s*[%％]", part):
            return "%"
    # What is in brackets behind a unit is of other lines: "NT$ thousands (EPS in NT$)".
    outside = re.sub(r"[(（][^()（）]*[)）]", " ", cell)
    parts: list[str] = [
        cell,
        *inside,
        *re.split(r"[,，;；:：]", cell),
        outside,
        *re.split(r"[,，;；:：]", outside),
    ]
    for part in parts:
        found = canonical_unit(part)
        # A heading "x" is a placeholder, not a multiple.
        if found is not None and found not in {"x", "units", "days"}:
            return part.strip()
    return ""


def _down(rows: list[tuple[int, list[str]]], cells: list[str], table: str) -> bool:
    """Whether periods stand down and items across: most first cells are periods, and two heads are items."""
    firsts = [row[0].strip() for _, row in rows if row and any(c.strip() for c in row)]
    known = sum(
        canonical_item(table, c) is not None or canonical_item("ratios", c) is not None for c in cells[1:]
    )
    return known >= 2 and bool(firsts) and 2 * sum(read_period(f) is not None for f in firsts) > len(firsts)


def _across(
    rows: list[tuple[int, list[str]]], cells: list[str], above: str
) -> tuple[list[Cell], list[str], list[str]]:
    general, out = _unit_inside(cells[0]) or above, []
    for k, label in enumerate(cells):
        inside = _unit_inside(label) if re.search(r"[(（]", label) else ""
        percent = "%" if any(k < len(row) and row[k].strip().endswith("%") for _, row in rows) else ""
        for line, row in rows:
            period = row[0].strip() if row else ""
            if k and label and k < len(row) and read_period(period) is not None:
                out.append(
                    Cell(line, label, label, period, row[k].strip(), percent or inside or general, row=k)
                )
    ignored = [
        row[0].strip() for _, row in rows if row and row[0].strip() and read_period(row[0].strip()) is None
    ]
    return out, ignored, []


_COMPANY = {"company", "companies", "peer", "peers", "name", "公司", "公司名称", "公司简称", "可比公司", "证券简称",
            "segment", "product"}  # fmt: skip
_CODE = {"股份代号", "证券代号", "ticker", "code", "stockcode", "代码", "股票代码", "证券代码"}
_YEAR_WITHIN = re.compile(r"(?:FY|CY)?\s*'?(?:20)?\d\d\s*年?\s*[AEF]?\b|\bLTM\b|\bTTM\b", re.I)


def _companies(cells: list[str]) -> int | None:
    """The column of the companies' names, where every other column is a number of each."""
    return next((k for k, c in enumerate(cells) if plain(c) in _COMPANY), None)


def _matrix(
    rows: list[tuple[int, list[str]]], cells: list[str], who: int
) -> tuple[list[Cell], list[str], list[str]]:
    """A company a line, a number a column: ``P/E 2025E`` is the item P/E of 2025E."""
    code = next((k for k, c in enumerate(cells) if plain(c) in _CODE), None)
    out, ignored = [], []
    for k, head in enumerate(cells):
        if k in {who, code} or not head:
            continue
        found = _YEAR_WITHIN.search(head)
        period = found[0].strip() if found else ""
        label = re.sub(r"[()（）]", " ", head.replace(found[0], "")).strip() if found else head
        texts = [row[k].strip() for _, row in rows if k < len(row)]
        if not any(re.search(r"\d", t) for t in texts):
            ignored.append(head)
            continue
        unit = _unit_inside(head) or ("percent" if any(t.endswith("%") for t in texts) else "x")
        for line, row in rows:
            padded = [c.strip() for c in row] + [""] * (len(cells) - len(row))
            if padded[who] and padded[k]:
                more = {"company": padded[who], "ticker": padded[code] if code is not None else ""}
                out.append(Cell(line, head, label, period, padded[k], unit, more))
    return out, ignored, []


def _long(
    rows: list[tuple[int, list[str]]], cells: list[str], heads: list[str], name: str, line: int
) -> tuple[list[Cell], list[str], list[str]]:
    lacks = [h for h in ("item", "value") if h not in heads]
    if lacks:
        return [], [], [f"{name}:{line}: no column {', '.join(lacks)}"]
    out, wrong = [], []
    unit_of_value = _unit_inside(cells[heads.index("value")])
    for at, row in rows:
        if len(row) > len(cells):
            wrong.append(f"{name}:{at}: more cells than columns ({len(row)}, not {len(cells)})")
            continue
        padded = [c.strip() for c in row] + [""] * (len(cells) - len(row))
        by = {h or cells[k]: padded[k] for k, h in enumerate(heads)}
        unit = by.get("unit", "") or unit_of_value
        if by.get("currency") and unit and not re.search(r"[A-Z]{3}", unit):
            unit = f"{by['currency']} {unit}"
        more = {k: v for k, v in by.items() if k not in _HEADS or k == "status"}
        out.append(Cell(at, "", by["item"], by.get("period", ""), by["value"], unit, more))
    known = {
        "item_zh",
        "item_en",
        "source_figure",
        "company",
        "company_zh",
        "ticker",
        "note",
        "segment",
        "product",
    }
    ignored = [c for k, c in enumerate(cells) if not heads[k] and c not in known and c]
    return out, ignored, wrong


def _wide(
    rows: list[tuple[int, list[str]]], cells: list[str], above: str, periods: list[int], table: str = ""
) -> tuple[list[Cell], list[str], list[str]]:
    heads, heading = [_head(c) for c in cells], ""
    general = _unit_inside(cells[0]) or above
    at_unit = heads.index("unit") if "unit" in heads else None
    out = []
    for line, row in rows:
        padded = [c.strip() for c in row] + [""] * (len(cells) - len(row))
        label = padded[0]
        if not label and all(_unit_inside(padded[k]) for k in periods if padded[k]):
            general = next((padded[k] for k in periods if padded[k]), general)
            continue
        if not any(padded[k] for k in periods):
            general = _unit_inside(label) or general
            heading = label or heading
            continue
        if not label and not any(re.search(r"\d", padded[k]) for k in periods):
            # Words below the heading say what stands in each column: "amount", "restated".
            continue
        if not label:
            # A sum without a name closes the lines below the last heading: it is that heading's total.
            label = heading if table and canonical_item(table, heading) else SUBTOTAL
            heading = ""
        own = padded[at_unit] if at_unit is not None else ""
        inside = _unit_inside(label) if re.search(r"[(（]", label) else ""
        percent = "%" if not own and any(padded[k].endswith("%") for k in periods) else ""
        out += [
            Cell(line, cells[k], label, cells[k], padded[k], own or percent or inside or general, row=line)
            for k in periods
        ]  # fmt: skip
    ignored = [c for k, c in enumerate(cells) if k and k not in periods and k != at_unit and c]
    return out, ignored, []
