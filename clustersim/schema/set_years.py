"""One year of a company's row set by an override: the other years keep what they had.

In a row of the file a year that is not stated takes the last one stated before it (or the first). A year that is set
from outside is no new beginning: the years beside it are stated as the file would have carried them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clustersim.errors import InputError

__all__ = ["YEAR", "keep_other_years"]

#: A year of a company's row.
YEAR = re.compile(r"20\d\d(H[12])?[AE]")
_DRIVERS, _PRODUCTS, _PRINTED = "drivers", "products", "printed"
#: Rows of a product whose years follow the last one that is stated; in the others a year without one has none.
_CARRIED = ("asp",)

Path = tuple[str | int, ...]


def keep_other_years(
    before: Mapping[str, Any], after: dict[str, Any], set_at: Iterable[tuple[Path, str]]
) -> None:
    """State the years beside each that was set (its path in the company file, and the words of the override).

    Raises InputError for a year of a driver that neither the file nor a printed forecast states: nothing says what its
    other years are.
    """
    years = before.get("years")
    for path, said in set_at:
        row, year = path[:-1], str(path[-1])
        if not isinstance(years, list) or year not in years or not _is_carried(before, row):
            continue
        stated, now = _at(before, row), _at(after, row)
        if not isinstance(now, dict) or "value" in now or year not in now:
            continue
        if isinstance(stated, dict) and (own := _carried(stated, years)):
            at = years.index(year)
            for beside in (years[i] for i in (at - 1, at + 1) if 0 <= i < len(years)):
                now.setdefault(beside, own[beside])
        elif stated is None and row[0] == _DRIVERS:
            key = f"company.{'.'.join(map(str, row))}"
            raise InputError(
                f"{said}: the file gives {row[-1]} in no year, and one year alone does not say what the others are;"
                f" give both: --set {key}='{{value: OTHER_YEARS, {year}: {now[year]}}}'"
            )


def _is_carried(before: Mapping[str, Any], row: Path) -> bool:
    """Whether years of a row that are not stated follow the others, and nothing else stands for them."""
    if row[:1] == (_PRINTED,):
        return len(row) != 4 or row[-1] in _CARRIED
    if row[:1] == (_DRIVERS,):
        return len(row) == 2 and _PRINTED not in before
    base = _at(before, (_PRINTED, *row))
    return len(row) == 3 and row[0] == _PRODUCTS and row[-1] in _CARRIED and base is None


def _at(node: Any, path: Path) -> Any:
    for part in path:
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _carried(stated: Mapping[str, Any], years: Sequence[str]) -> dict[str, Any]:
    """A row of the file along the years; empty where it states none of them, or one value for all."""
    given = [y for y in years if y in stated]
    if not given or "value" in stated:
        return {}
    out, last = {}, stated[given[0]]
    for year in years:
        last = stated.get(year, last)
        out[year] = last
    return out
