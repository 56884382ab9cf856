"""The audit of printed tables as a page: what does not hold, and the bridge to what would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clustersim.errors import CheckFailed, InputError
from clustersim.finance.audit.run import FAULTS, AuditReport, audit_texts
from clustersim.finance.audit.tables import FILES
from clustersim.reading.guarded import read_text
from clustersim.report.answer import Answer, Block
from clustersim.report.said import read_as

__all__ = ["audit_answer", "read_folder"]


def audit_answer(
    folder: str, *, everything: bool = False, strict: bool = False, proceeds_hkd_m: float = 0.0
) -> Answer:
    """Audit the printed tables in a folder; ``strict`` fails where anything is wrong."""
    texts, said = read_folder(folder)
    report = audit_texts(texts, listing_proceeds_hkd_m=proceeds_hkd_m)
    rows = report.rows()
    data = {
        "folder": folder,
        "counts": report.counts,
        "checks": rows,
        "bridge": [asdict(step) for step in report.steps],
    }
    wrong = CheckFailed(f"{len(report.faults)} findings say that something is wrong")
    return Answer(
        name="audit", data=data, page=lambda: _page(report, rows, everything), rows=rows, said=said,
        failed=wrong if strict and report.faults else None,
    )  # fmt: skip


def read_folder(folder: str) -> tuple[dict[str, str], list[str]]:
    """Return the text of every table in a folder, and what is to be said of them.

    Raises InputError for a folder without tables, or a file that cannot be read.
    """
    at = Path(folder)
    if not at.is_dir():
        raise InputError(f"{folder}: no such folder")
    sources = {name: read_text(at / f"{name}.csv") for name in FILES if (at / f"{name}.csv").exists()}
    if not sources:
        raise InputError(f"{folder}: has none of {', '.join(f'{n}.csv' for n in FILES)}")
    said = [text for source in sources.values() for text in read_as(source)]
    return {name: source.text for name, source in sources.items()}, said


def _page(report: AuditReport, rows: Sequence[Mapping[str, Any]], everything: bool) -> list[Block]:
    order = {f.check + f.where: i for i, f in enumerate(report.faults)}
    shown = [r for r in rows if everything or r["verdict"] in (*FAULTS, "info")]
    shown.sort(key=lambda r: order.get(r["check"] + r["where"], len(order)))
    counts = ", ".join(f"{n} {verdict}" for verdict, n in report.counts.items() if n)
    out: list[Block] = [shown, "", f"{len(rows)} checks: {counts}"]
    return [*out, "", [asdict(step) for step in report.steps]] if report.steps else out
