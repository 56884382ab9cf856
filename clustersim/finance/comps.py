"""Peers' price-to-sales multiples from a table as data vendors export it: long, or with years across."""

from __future__ import annotations

from clustersim.errors import InputError
from clustersim.finance.consensus import plain, read_table, year_of

__all__ = ["read_comps"]

_COMPANY = ("company", "name", "peer", "ticker", "公司", "名称", "简称", "证券简称")
_PERIOD = ("period", "year", "fiscalyear", "fy", "年度", "报告期", "期间")
_VALUE = ("value", "multiple", "pricetosales", "ps", "psratio", "市销率", "数值")
_ITEM = ("item", "metric", "指标", "项目")
_IS_MULTIPLE = ("pricetosales", "ps", "psratio", "psttm", "forwardps", "forwardpricetosales", "市销率")
_SUMMARIES = {"average", "mean", "median", "平均", "均值", "中位数"}


def read_comps(text: str, where: str) -> dict[str, dict[str, float | None]]:
    """Return {company: {year: multiple}}; rows of other items and of means are left out, a blank cell is none.

    >>> read_comps("Company,FY26E,2027E\\nHygon,29.5x,\\n", "c.csv")
    {'Hygon': {'2026E': 29.5, '2027E': None}}
    >>> read_comps("公司,年度,市销率\\n海光信息,2027,21.4\\n", "c.csv")
    {'海光信息': {'2027E': 21.4}}

    Raises InputError for missing columns, a year or a number that is none, with the line, or no multiple at all.
    """
    rows = read_table(text, where)
    heads = [plain(cell) for cell in rows[0]]
    company = _at(heads, _COMPANY)
    if company is None:
        raise InputError(f"{where}:1: no column of companies (one of {', '.join(_COMPANY)})")
    across = {i: year for i, cell in enumerate(rows[0]) if (year := year_of(cell)) is not None}
    period, value, item = (_at(heads, names) for names in (_PERIOD, _VALUE, _ITEM))
    if not across and (period is None or value is None):
        raise InputError(f"{where}:1: no years across, and no columns of period and value")
    out: dict[str, dict[str, float | None]] = {}
    for line, row in enumerate(rows[1:], 2):
        cells = [*row, *[""] * (len(heads) - len(row))]
        name = cells[company].strip()
        if (
            not name
            or plain(name) in _SUMMARIES
            or (item is not None and plain(cells[item]) not in _IS_MULTIPLE)
        ):
            continue
        if across:
            found = {year: _number(cells[i], f"{where}:{line}") for i, year in across.items()}
        else:
            assert period is not None and value is not None  # asked above
            year = year_of(cells[period]) or year_of(f"FY{cells[period].strip()}")
            if year is None:
                raise InputError(f"{where}:{line}: no year in {cells[period]!r}")
            found = {year: _number(cells[value], f"{where}:{line}")}
        out.setdefault(name, {}).update(found)
    if not out:
        raise InputError(f"{where}: no price-to-sales multiple of a company")
    return out


def _at(heads: list[str], names: tuple[str, ...]) -> int | None:
    return next((i for i, head in enumerate(heads) if head in names), None)


def _number(cell: str, where: str) -> float | None:
    text = cell.strip().lower().rstrip("x倍").replace(",", "")
    if text in {"", "-", "--", "n/a", "na", "nm"}:
        return None
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where}: {cell!r} is not a number") from None
    if value <= 0:
        raise InputError(
            f"{where}: a multiple is greater than zero, not {cell}; leave the cell blank for none"
        )
    return value
