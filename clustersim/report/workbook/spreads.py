"""What spreads the target price: the football field, the tornado, and the way from the printed target to ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from clustersim.finance.company import Company
from clustersim.planner.moves import Move
from clustersim.report.workbook.book import VALUE_COLUMN, Book
from clustersim.report.workbook.named import said
from clustersim.report.workbook.valuation import where_valued

__all__ = ["Bars", "Spread", "write_spreads"]

_SKY, _BLUE, _GREEN, _ORANGE = "#56B4E9", "#0072B2", "#009E73", "#E69F00"
_LEFT = VALUE_COLUMN
#: Width of the mark of a single number, as a share of the largest.
_MARK = 0.008


@dataclass(frozen=True, slots=True)
class Spread:
    """What this export found beside the live formulas: target prices of cases, of draws, and over ranges of inputs."""

    cases: Mapping[str, float] = field(default_factory=dict)
    draws: tuple[float, float] | None = None
    moves: Sequence[Move] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """Where the numbers of a chart of bars stand: its rows, and the columns of its series with their colours."""

    kind: str
    title: str
    unit: str
    sheet: str
    rows: tuple[int, int]
    series: tuple[tuple[int, str], ...]


def write_spreads(book: Book, company: Company, spread: Spread) -> list[Bars]:
    """Write the tables below the grids of Sensitivities and return what charts draw from them."""
    out = [_field(book, company, spread)]
    # An input that moves nothing would be a row of the chart without a bar.
    if moving := [move for move in spread.moves if move.target_at_low != move.target_at_high]:
        out.append(_tornado(book, company, moving))
    if company.printed is not None:
        out.append(_waterfall(book, company))
    return out


def _head(book: Book, section: str, columns: Sequence[str]) -> int:
    """A section with the heads of its columns; returns the row of its first line."""
    book.section("Sensitivities", section)
    top = book.next_row["Sensitivities"]
    for j, name in enumerate(columns):
        book.text("Sensitivities", top, _LEFT + j, said(name, book.language), "head")
    book.next_row["Sensitivities"] = top + 1
    return top + 1


def _line(book: Book, name: str, formulas: Sequence[tuple[str, float | str]]) -> None:
    row = book.next_row["Sensitivities"]
    book.text("Sensitivities", row, 0, name)
    for j, (formula, value) in enumerate(formulas):
        book.put("Sensitivities", row, _LEFT + j, where_valued(book, formula), value, "formula", "0.00")
    book.next_row["Sensitivities"] = row + 1


def _field(book: Book, company: Company, spread: Spread) -> Bars:
    """Low, high and what lies between, by way of valuing; the target price as a mark that every program draws."""
    top = _head(book, "s.field", ("low_end", "high_end", "span_of", "mark_from", "mark"))
    ways = list(_ways(book, company, spread))
    most = f"MAX({_letter(1)}{top + 1}:{_letter(1)}{top + len(ways)})"
    widest = max(high for *_, (_, high) in ways)
    for name, (low, a), (high, b) in ways:
        row = book.next_row["Sensitivities"]
        at = [f"{book.quoted('Sensitivities')}!{_letter(j)}{row + 1}" for j in range(2)]
        # A bar from a number to itself has no width: what is drawn of it is a mark around it, low and high stay.
        wide, width = f"IF({at[1]}>{at[0]},0,{most}*{_MARK})", 0.0 if b > a else widest * _MARK
        _line(
            book,
            name,
            [
                (low, a),
                (high, b),
                (f"{at[1]}-{at[0]}", b - a),
                (f"{at[0]}-({wide})/2", a - width / 2),
                (wide, width),
            ],
        )
    last = book.next_row["Sensitivities"] - 1
    series = ((_LEFT + 3, ""), (_LEFT + 2, _SKY), (_LEFT + 4, _BLUE))
    return Bars("bar", "chart.field", company.currency, "Sensitivities", (top, last), series)


def _letter(offset: int) -> str:
    """The column of a number of these tables."""
    return chr(65 + _LEFT + offset)


Way = tuple[str, tuple[str, float], tuple[str, float]]


def _ways(book: Book, company: Company, spread: Spread) -> Iterator[Way]:
    cell, value = book.cell, book.value
    dcf, ps, target = (value(k) for k in ("dcf_per_share", "ps_per_share", "target_price"))
    if company.peers is not None:
        legs = f"{cell('dcf_per_share')},{cell('ps_per_share')}"
        yield said("by_legs", book.language), (f"MIN({legs})", min(dcf, ps)), (f"MAX({legs})", max(dcf, ps))
    if company.peers is not None and company.peers.members and value("multiple") > 0:
        n, names = len(company.years), company.peers.members
        ends = [f"INDEX({book.span(f'peer:{p}', 0, n - 1)},1,{cell('ps_year_index')})" for p in names]
        chosen = (row.get(company.peers.year) for row in names.values())
        found = [float(np.asarray(multiple)) for multiple in chosen if multiple is not None]
        weight = value("dcf_weight")

        def blended(function: str, multiple: float) -> tuple[str, float]:
            moved = f"{cell('ps_per_share')}*{function}({','.join(ends)})/{cell('multiple')}"
            text = f"{cell('dcf_weight')}*{cell('dcf_per_share')}+(1-{cell('dcf_weight')})*{moved}"
            return text, weight * dcf + (1 - weight) * ps * multiple / value("multiple")

        yield said("by_peers", book.language), blended("MIN", min(found)), blended("MAX", max(found))
    kept: list[tuple[str, float, float]] = []
    if spread.cases:
        kept.append(("by_cases", min(spread.cases.values()), max(spread.cases.values())))
    if spread.draws is not None:
        kept.append(("by_draws", *spread.draws))
    for key, low, high in kept:
        for end, number in (("low", low), ("high", high)):
            book.input(
                f"{end}.{key}",
                number,
                unit=company.currency,
                source="src.export",
                tier="derived",
                number="0.00",
                sheet="Record",
            )
        yield said(key, book.language), (cell(f"low.{key}"), low), (cell(f"high.{key}"), high)
    yield said("target_price", book.language), (cell("target_price"), target), (cell("target_price"), target)


def _tornado(book: Book, company: Company, moves: Sequence[Move]) -> Bars:
    """The target price over each input's range, as this export had it."""
    top = _head(book, "s.tornado", ("low_end", "high_end", "span_of"))
    for move in moves:
        low, high = sorted((move.target_at_low, move.target_at_high))
        for end, number in (("low", low), ("high", high)):
            book.input(f"{end}.move:{move.key}", number, unit=company.currency, source="src.export", tier="derived",
                       number="0.00", sheet="Record")  # fmt: skip
        ends = [book.cell(f"{end}.move:{move.key}") for end in ("low", "high")]
        _line(
            book,
            said(move.key, book.language),
            [(ends[0], low), (ends[1], high), (f"{ends[1]}-{ends[0]}", high - low)],
        )
    last = book.next_row["Sensitivities"] - 1
    return Bars(
        "bar",
        "chart.tornado",
        company.currency,
        "Sensitivities",
        (top, last),
        ((_LEFT, ""), (_LEFT + 2, _BLUE)),
    )


def _waterfall(book: Book, company: Company) -> Bars:
    """From the printed target to ours: what the recomputed flows and the multiple do to it, each by its weight."""
    cell, value = book.cell, book.value
    top = _head(book, "s.waterfall", ("level", "hidden", "rises", "falls"))
    weight, shares = cell("dcf_weight"), cell("shares_used")
    w, s = value("dcf_weight"), value("shares_used")
    printed, target = value("printed.target_price"), value("target_price")
    by_dcf = w * (value("dcf_m") - value("printed.dcf_m")) / s
    by_ps = (1 - w) * (value("ps_m") - value("printed.ps_m")) / s
    steps = [
        ("by_flows", f"{weight}*({cell('dcf_m')}-{cell('printed.dcf_m')})/{shares}", by_dcf),
        ("by_multiple", f"(1-{weight})*({cell('ps_m')}-{cell('printed.ps_m')})/{shares}", by_ps),
    ]
    rest = f"{cell('target_price')}-{cell('printed.target_price')}-({steps[0][1]})-({steps[1][1]})"
    steps.append(("by_rest", rest, target - printed - by_dcf - by_ps))
    level, before = cell("printed.target_price"), printed
    _line(
        book,
        said("printed.target_price", book.language),
        [(level, printed), ("0", 0.0), ("0", 0.0), ("0", 0.0)],
    )
    for key, text, number in steps:
        after = f"({level})+({text})"
        low = f"MIN({level},{after})"
        _line(book, said(key, book.language), [
            ("0", 0.0), (low, min(before, before + number)), (f"MAX({text},0)", max(number, 0.0)),
            (f"MAX(-({text}),0)", max(-number, 0.0)),
        ])  # fmt: skip
        level, before = after, before + number
    _line(
        book,
        said("target_price", book.language),
        [(cell("target_price"), target), ("0", 0.0), ("0", 0.0), ("0", 0.0)],
    )
    last = book.next_row["Sensitivities"] - 1
    series = ((_LEFT + 1, ""), (_LEFT, _BLUE), (_LEFT + 2, _GREEN), (_LEFT + 3, _ORANGE))
    return Bars("column", "chart.waterfall", company.currency, "Sensitivities", (top, last), series)
