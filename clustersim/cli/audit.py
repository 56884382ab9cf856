"""``clustersim audit DIR``: recompute a printed report and say what does not hold."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import emit_object, emit_rows, format_option, render_table, tell_encoding
from clustersim.errors import CheckFailed, InputError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Show in the table what is right, too.")
@click.option("--strict", is_flag=True, help="Exit with 5 when anything is wrong.")
@click.option(
    "--listing-proceeds-hkd-m",
    "proceeds",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Proceeds of a listing that the cash flow leaves out, for the bridge.",
)
@format_option("table", "json", "csv")
def command(folder: Path, everything: bool, strict: bool, proceeds: float, fmt: str) -> None:
    """Audit the printed tables in FOLDER (income_statement.csv, balance_sheet.csv, …): every figure that can be."""
    from clustersim.finance.audit.run import audit_texts

    report = audit_texts(read_folder(folder), listing_proceeds_hkd_m=proceeds)
    rows = report.rows()
    if fmt == "csv":
        emit_rows(rows, fmt)
    else:
        result = {
            "folder": str(folder),
            "counts": report.counts,
            "checks": rows,
            "bridge": [asdict(step) for step in report.steps],
        }
        emit_object(result, fmt, lambda: _table(report, rows, everything))
    if strict and report.faults:
        raise CheckFailed(f"{len(report.faults)} findings say that something is wrong")


def read_folder(folder: Path) -> dict[str, str]:
    """Return the text of every table in a folder.

    Raises InputError for a folder without tables, or a file that cannot be read.
    """
    from clustersim.finance.audit.tables import FILES
    from clustersim.reading.guarded import read_text

    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    texts = {}
    for name in FILES:
        path = folder / f"{name}.csv"
        if not path.exists():
            continue
        source = read_text(path)
        tell_encoding(source.name, source.encoding)
        texts[name] = source.text
    if not texts:
        raise InputError(f"{folder}: has none of {', '.join(f'{n}.csv' for n in FILES)}")
    return texts


def _table(report: Any, rows: list[dict[str, Any]], everything: bool) -> str:
    from clustersim.finance.audit.run import FAULTS

    order = {f.check + f.where: i for i, f in enumerate(report.faults)}
    shown = [r for r in rows if everything or r["verdict"] in (*FAULTS, "info")]
    shown.sort(key=lambda r: order.get(r["check"] + r["where"], len(order)))
    counts = ", ".join(f"{n} {verdict}" for verdict, n in report.counts.items() if n)
    out = [render_table(shown, "table"), "", f"{len(rows)} checks: {counts}"]
    if report.steps:
        out += ["", render_table([asdict(step) for step in report.steps], "table")]
    return "\n".join(out)
