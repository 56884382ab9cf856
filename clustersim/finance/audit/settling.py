"""What the lines of a table settle together once all are read: scales, cents, where a ratio belongs, which equity."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from clustersim.finance.audit.figures import decimals, number
from clustersim.finance.audit.labels import known_items
from clustersim.finance.audit.money import SIGNED, currency_of, scale_of
from clustersim.finance.audit.records import SCHEDULE, STATEMENTS, Record

__all__ = [
    "PER_SHARE",
    "alike_lettered",
    "elsewhere",
    "equities_apart",
    "in_cents",
    "in_named_currency",
    "in_one_scale",
]

PER_SHARE = {"eps", "diluted_eps", "dividend_per_share", "bps"}


def in_cents(found: list[Record]) -> list[Record]:
    """Figures a share whose currency no unit names are in that of their table."""
    codes = Counter(c for r in found if (c := currency_of(r.unit)))
    code = codes.most_common(1)[0][0] if codes else ""
    return [
        replace(r, unit=f"{code}{r.unit[1:]}")
        if code and r.unit.startswith("?_") and re.sub(r"_\d+$", "", r.item) in PER_SHARE
        else r
        for r in found
    ]


def in_named_currency(found: list[Record], signed: Mapping[str, str]) -> tuple[list[Record], list[str]]:
    """Figures whose unit is a bare sign, in the currency that the statements name where it is written so; what is said.

    ``元`` beside statements in 新台币千元 is a Taiwan dollar, ``$`` beside ``HK$ million`` one of Hong Kong.
    """
    codes = Counter(
        c for r in found if r.table in STATEMENTS and r.where not in signed and (c := currency_of(r.unit))
    )
    code = codes.most_common(1)[0][0] if codes else ""
    out, said = [], []
    for r in found:
        text, own = signed.get(r.where, ""), currency_of(r.unit)
        if text and own and code != own and code in SIGNED.get(own, ()):
            r = replace(r, unit=f"{code}{r.unit[len(own) :]}")
            text = text.removesuffix(own) + f"{code}, as the statements are"
        out.append(r)
        said += [text] if text else []
    return out, list(dict.fromkeys(said))


def alike_lettered(found: list[Record]) -> list[Record]:
    """A statement without any letter beside its years (``31 December 2026``) has them of those that print letters."""
    kinds: dict[int, set[str]] = {}
    for r in found:
        if r.table in STATEMENTS and r.year is not None and r.label:
            kinds.setdefault(r.year, set()).add(r.label)
    silent = {t for t in STATEMENTS if not any(r.table == t and (r.label or r.status) for r in found)}
    return [
        replace(r, label="E", period=f"{r.period}E")
        if r.table in silent and r.year is not None and kinds.get(r.year) == {"E"}
        else r
        for r in found
    ]


def equities_apart(found: list[Record]) -> list[Record]:
    """Of two lines that may be all equity, the one that assets less liabilities give; the other is the owners' part."""
    by: dict[str, dict[str, float]] = {}
    for r in found:
        if r.value is not None:
            by.setdefault(r.item, {})[r.period] = r.value
    names = [i for i in by if re.fullmatch(r"total_equity(_\d+)?", i)]
    assets, owed = by.get("total_assets", {}), by.get("total_liabilities", {})

    def fits(item: str) -> int:
        return sum(
            p in assets and p in owed and math.isclose(v, assets[p] - owed[p], rel_tol=1e-3)
            for p, v in by[item].items()
        )

    if len(names) < 2 or not assets or not owed:
        return found
    best = max(names, key=fits)
    if best == "total_equity" or fits(best) < 2 or fits(best) < 2 * fits("total_equity"):
        return found
    others = by.get("non_controlling_interests", {})
    owned = [
        p in others and p in by[best] and math.isclose(v + others[p], by[best][p], rel_tol=1e-3)
        for p, v in by["total_equity"].items()
    ]
    rest = (
        "equity_attributable_to_owners" if 3 * sum(owned) >= 2 * len(owned) else "owners_equity_before_others"
    )
    if rest in by:
        return found
    swapped = {best: "total_equity", "total_equity": rest}
    return [replace(r, item=swapped.get(r.item, r.item)) for r in found]


def in_one_scale(found: list[Record], said: list[str]) -> list[Record]:
    """Whole lines that say another scale of the statement's currency, in the scale of the statement, and said so."""
    money = [
        r for r in found if r.table in STATEMENTS and currency_of(r.unit) and scale_of(r.unit)[0][0] == "k"
    ]
    if len({r.unit for r in money}) < 2:
        return found
    usual = Counter(r.unit for r in money).most_common(1)[0][0]
    units: dict[tuple[str, int], set[str]] = {}
    for r in money:
        units.setdefault((r.item, r.line), set()).add(r.unit)
    whole = {key for key, own in units.items() if len(own) == 1}
    out = []
    for r in found:
        own = currency_of(r.unit) == currency_of(usual) and scale_of(r.unit)[0] == scale_of(usual)[0]
        if r.unit != usual and own and (r.item, r.line) in whole and r.column and r.value is not None:
            power = round(math.log10(scale_of(r.unit)[1] / scale_of(usual)[1]))
            text = f"{r.file}: {r.printed}: printed in {r.unit}, read in {usual}"
            said += [text] if text not in said else []
            plain = f"{number(r.text):.{decimals(r.text)}f}"
            r = replace(r, text=f"{plain}e{power}", unit=usual)
        out.append(r)
    return out


def elsewhere(found: list[Record]) -> list[Record]:
    """Ratios that stand among the lines of a statement belong to the ratios."""
    names = set(known_items("ratios"))
    return [
        replace(r, table="ratios")
        if (r.table in STATEMENTS and r.item in names and r.item not in known_items(r.table))
        or (
            (r.table in STATEMENTS or r.table.startswith(SCHEDULE))
            and r.unit == "percent"
            and number(r.text) is not None
        )
        else r
        for r in found
    ]  # fmt: skip
