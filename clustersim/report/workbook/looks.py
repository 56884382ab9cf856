"""Sheets of the workbook and how they look: their names in both languages, tab colours, cell formats, the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "FIRST_YEAR_COLUMN",
    "LOOKS",
    "NUMBER",
    "PERCENT",
    "PLAIN",
    "SHEETS",
    "TYPED",
    "VALUE_COLUMN",
    "WHOLE",
    "WIDTHS",
    "lay_out",
    "set_widths",
    "tab",
    "wide",
]

#: Sheet -> its tab in English and Chinese, and the colour of what it is: reading, typing, computing, holding against.
_TABS: dict[str, tuple[str, str, str]] = {
    "Cover": ("Cover", "封面", "#1F3864"),
    "Control": ("Control", "控制", "#E69F00"),
    "Inputs": ("Inputs", "输入", "#E69F00"),
    "Chip": ("Chip", "芯片", "#E69F00"),
    "Record": ("Record", "记录", "#8C8C8C"),
    "Cluster": ("Cluster", "集群", "#0072B2"),
    "Drivers": ("Drivers", "驱动", "#0072B2"),
    "Income": ("Income", "损益表", "#0072B2"),
    "Balance": ("Balance", "资产负债表", "#0072B2"),
    "Cash flow": ("Cash flow", "现金流", "#0072B2"),
    "DCF": ("DCF", "现金流折现", "#0072B2"),
    "Multiples": ("Multiples", "可比公司", "#0072B2"),
    "Sensitivities": ("Sensitivities", "敏感性", "#009E73"),
    "Charts": ("Charts", "图表", "#009E73"),
    "Checks": ("Checks", "核对", "#D55E00"),
    "Audit": ("Audit", "审计", "#D55E00"),
}
SHEETS = tuple(_TABS)
#: Sheets on which numbers are typed.
TYPED = ("Control", "Inputs", "Chip", "Record")
#: Column of numbers that belong to no year, after label, unit, source and tier; and that of the first year.
VALUE_COLUMN, FIRST_YEAR_COLUMN = 4, 5
NUMBER, WHOLE, PERCENT, PLAIN = (
    "#,##0.00;[Red]-#,##0.00",
    "[>=0.5]#,##0;[Red][<=-0.5]-#,##0;-",
    "0.00%",
    "0.0000",
)
#: Least and most width of label, unit, source and tier.
WIDTHS = {0: (44, 100), 1: (12, 44), 2: (20, 60), 3: (10, 24)}
#: Sheets that are read as one page; the others go on to more.
_ONE_PAGE = {"Cover", "Control", "Income", "Balance", "Cash flow", "DCF", "Multiples", "Sensitivities"}
#: Sheets that are longer than wide.
_UPRIGHT = {"Cover", "Chip", "Cluster"}
_WITH_SOURCES = {"Inputs", "Chip", "Record"}

#: Numbers, and words or a dash in their place, stand at the right of a cell, and in the middle of its height.
_CELL = {"align": "right", "valign": "vcenter"}
LOOKS: dict[str, dict[str, Any]] = {
    "input": {**_CELL, "font_color": "#0000FF", "bg_color": "#FFFBE6"},
    "record": {**_CELL, "font_color": "#666666", "bg_color": "#F2F2F2"},
    "formula": {**_CELL, "font_color": "#000000"},
    "link": {**_CELL, "font_color": "#007A33"},
    "total": {**_CELL, "bold": True, "top": 1},
    "good": {"font_color": "#00613C", "bg_color": "#D5F0E5"},
    "bad": {"font_color": "#9C0006", "bg_color": "#FFD9CC", "bold": True},
    "fair": {"font_color": "#7A5200", "bg_color": "#FFF1CC"},
    "head": {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "align": "center"},
    "title": {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "section": {"bold": True, "font_color": "#1F3864", "bottom": 1},
    "axis": {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "align": "center"},
    "absent": {"font_color": "#999999", "num_format": '"–"'},
    "text": {"font_color": "#000000", "valign": "vcenter"},
    "wrapped": {"font_color": "#000000", "text_wrap": True, "valign": "top"},
    "long": {"font_color": "#000000", "text_wrap": True},
    "note": {"font_color": "#666666"},
    "url": {"font_color": "#0563C1", "underline": 1},
}
#: Looks of text, which take no number format.
WORDS = {
    "head",
    "absent",
    "title",
    "section",
    "text",
    "wrapped",
    "long",
    "note",
    "url",
    "good",
    "bad",
    "fair",
}


def tab(name: str, language: str) -> str:
    """Return what a sheet is called.

    >>> tab("Income", "zh"), tab("Income", "both")
    ('损益表', 'Income')
    """
    return _TABS[name][1 if language == "zh" else 0]


def wide(text: str) -> int:
    """How many letters' room a text takes; a Chinese character takes that of two."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def set_widths(sheet: Any, name: str, longest: Mapping[int, int]) -> None:
    """Make label, unit, source and tier as wide as their longest text, up to where it is wrapped."""
    for column, (least, most) in WIDTHS.items():
        used = name in _WITH_SOURCES or column < 2
        sheet.set_column(column, column, min(max(least, longest.get(column, 0) + 2), most) if used else 1)


def lay_out(sheet: Any, name: str, columns: int, *, timeline: bool) -> None:
    """Set widths, the tab's colour, and the page: one page wide, A3 along the years, head repeated, page numbers."""
    sheet.set_tab_color(_TABS[name][2])
    sheet.set_default_row(17.25)
    set_widths(sheet, name, {})
    sheet.set_column(VALUE_COLUMN, FIRST_YEAR_COLUMN + columns, 12.5)
    (sheet.set_portrait if name in _UPRIGHT else sheet.set_landscape)()
    sheet.set_paper(8 if timeline else 9)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 1 if name in _ONE_PAGE else 0)
    sheet.repeat_rows(0, 2)
    sheet.set_footer("&L&8&F: &A&R&8&P / &N")
    sheet.hide_gridlines(2)
