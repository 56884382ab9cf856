"""The audit of printed tables as a page: what does not hold, the bridge to what would, and what no check covers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clustersim.errors import CheckFailed, InputError
from clustersim.finance.audit.blocks import holds_table
from clustersim.finance.audit.run import FAULTS, AuditReport, audit_texts
from clustersim.finance.audit.tables import FILES
from clustersim.reading.guarded import read_text
from clustersim.reading.sheets import read_sheets
from clustersim.report.answer import Answer, Block
from clustersim.report.language import language
from clustersim.report.said import read_as
from clustersim.report.spoken import spoken_cell

__all__ = ["audit_answer", "read_folder"]

#: Texts that are held to the tables beside them.
PROSE = {".txt", ".md"}
#: Figures without a check that a page lists; the others are counted, and JSON has them all.
MOST_LISTED = 12


#: Between a file and why it was left.
NOT_READ = re.compile(r":\snot\sread:\s")


def audit_answer(
    folder: str,
    *,
    everything: bool = False,
    strict: bool = False,
    proceeds: tuple[float, str] = (0.0, ""),
    unit: str = "",
    rates: Mapping[str, float] | None = None,
) -> Answer:
    """Audit the printed tables in a folder or workbook; ``strict`` fails where anything is wrong."""
    texts, said = read_folder(folder)
    prose = read_prose(folder)
    report = audit_texts(texts, listing_proceeds=proceeds, unit=unit, rates=rates, prose=prose)
    rows = report.rows()
    left = [NOT_READ.sub(": ", text, count=1) for text in said if NOT_READ.search(text)]
    data = {
        "folder": folder,
        "counts": report.counts,
        "read": {**report.read, "not_read": [*left, *report.tables.unread]},
        "checks": _spoken(rows),
        "bridge": _spoken([asdict(step) for step in report.steps]),
    }
    wrong = CheckFailed(f"{len(report.faults)} findings say that something is wrong")
    told = list(_told(report, left))
    return Answer(
        name="audit", data=data, page=lambda: [*_page(report, rows, everything), "", _short(told)],
        rows=_spoken([*rows, *told]), said=[*said, *_summary(report)],
        failed=wrong if strict and report.faults else None,
    )  # fmt: skip


#: Words of a row; its other texts are codes and places, by which one filters.
SAID = ("check", "step", "note")


def _spoken(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of CSV and JSON with their words in the chosen language; columns and verdicts keep their codes."""
    if language() == "en":
        return list(rows)
    return [
        {k: spoken_cell("note" if k == "note" else k, v) if k in SAID and isinstance(v, str) and v else v
         for k, v in row.items()}
        for row in rows
    ]  # fmt: skip


def _told(report: AuditReport, left: Sequence[str]) -> Iterator[dict[str, object]]:
    """What was read, decided, not read and not covered, as further rows of the checks: ``verdict`` says which."""
    read = report.read
    figures = read["figures_by_table"]
    assert isinstance(figures, dict)
    parts: list[tuple[str, Sequence[str]]] = [
        ("decided", report.tables.conventions), ("not_read", (*left, *report.tables.unread)),
        ("sum_line", _texts(read["read_only_as_lines_of_a_sum"])), ("absent", report.tables.absent),
        ("not_covered", report.uncovered),
    ]  # fmt: skip
    for table, n in figures.items():
        yield _as_row("read", table, f"{n} figures in {report.tables.currency}")
    for name, text in report.tables.prose:
        yield _as_row("read", name, f"{len(text)} characters")
    for verdict, lines in parts:
        for line in lines:
            yield _as_row(verdict, "", line)


def _short(told: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """These rows without the columns of figures."""
    return [{key: row[key] for key in ("verdict", "where", "note")} for row in told]


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def _as_row(verdict: str, where: str, note: str) -> dict[str, object]:
    return {
        "check": "", "where": where, "printed": None, "recomputed": None, "difference": None, "verdict": verdict,
        "materiality_per_share": None, "currency": "", "note": note,
    }  # fmt: skip


def read_folder(folder: str) -> tuple[dict[str, str], list[str]]:
    """Return the text of every table in a folder, or of every sheet of a workbook, and what is to be said of them.

    A table is known by its name in either language (``income_statement.csv``, ``利润表.csv``). Other files are said.
    Raises InputError for a folder without tables, or a file that cannot be read.
    """
    at = Path(folder)
    if at.suffix.lower() == ".xlsx" and at.is_file():
        return _known(read_sheets(at), at.name), []
    if not at.is_dir():
        raise InputError(f"{folder}: no such folder")
    texts: dict[str, str] = {}
    said: list[str] = []
    for file in sorted(at.iterdir()):
        kind = file.suffix.lower()
        if file.is_symlink():
            said.append(f"{file.name}: not read: a link to another place; put the file itself here")
        elif kind == ".csv":
            source = read_text(file)
            texts[file.stem] = source.text
            said += read_as(source)
        elif kind == ".xlsx":
            texts |= read_sheets(file)
        elif kind not in PROSE and not file.name.startswith("."):
            said.append(f"{file.name}: not read: neither CSV, XLSX nor text")
    return _known(texts, folder), said


def read_prose(folder: str) -> dict[str, str]:
    """Return the texts that stand beside the tables by file name."""
    at = Path(folder)
    files = (
        sorted(f for f in at.iterdir() if f.suffix.lower() in PROSE and not f.is_symlink())
        if at.is_dir()
        else []
    )
    return {f.name: read_text(f).text for f in files}


def _known(texts: dict[str, str], where: str) -> dict[str, str]:
    if not any(holds_table(name, text) for name, text in texts.items()):
        found = f"; found {', '.join(texts)}" if texts else ""
        raise InputError(f"{where}: has none of {', '.join(f'{n}.csv' for n in FILES)}{found}")
    return texts


def _summary(report: AuditReport) -> list[str]:
    """What was read, what was not, and what no check covers, in a few lines."""
    read, uncovered = report.read, report.uncovered
    tables = report.tables
    by_table = read["figures_by_table"]
    assert isinstance(by_table, dict)
    out = [
        f"read: {len(tables.records)} figures in {tables.currency} ("
        + ", ".join(f"{n} {table}" for table, n in by_table.items()) + ")"
        + "".join(f"; text {name}" for name, _ in tables.prose)
    ]  # fmt: skip
    out += [f"decided: {text}" for text in tables.conventions]
    out += [f"not read: {text}" for text in tables.unread]
    lines = read["read_only_as_lines_of_a_sum"]
    assert isinstance(lines, list)
    out += [f"not understood, read only as a line of its sum: {text}" for text in lines]
    if tables.absent:
        out.append(f"absent: {', '.join(tables.absent)}")
    shown = "; ".join(uncovered[:MOST_LISTED])
    more = (
        f"; and {len(uncovered) - MOST_LISTED} more (all with --format json)"
        if len(uncovered) > MOST_LISTED
        else ""
    )
    out.append(f"covered by no check: {len(uncovered)} figures{': ' + shown if shown else ''}{more}")
    return out


def _page(report: AuditReport, rows: Sequence[Mapping[str, Any]], everything: bool) -> list[Block]:
    order = {f.check + f.where: i for i, f in enumerate(report.faults)}
    shown = [r for r in rows if everything or r["verdict"] in (*FAULTS, "info")]
    shown.sort(key=lambda r: order.get(r["check"] + r["where"], len(order)))
    counts = ", ".join(f"{n} {verdict}" for verdict, n in report.counts.items() if n)
    out: list[Block] = [shown, "", f"{len(rows)} checks: {counts}"]
    return [*out, "", [asdict(step) for step in report.steps]] if report.steps else out
