"""``clustersim export xlsx SCENARIO -o FILE``: the forecast as a live workbook."""

from __future__ import annotations

from pathlib import Path

import click

from clustersim.cli.options import say, set_option, write_beside
from clustersim.errors import InputError, suggest


@click.group()
def command() -> None:
    """Take a forecast away: an Excel workbook with live formulas."""


@command.command()
@click.argument("scenario")
@set_option
@click.option(
    "-o", "--output", "output", type=click.Path(path_type=Path), required=True, help="The .xlsx file."
)
@click.option("--case", "case", default="base", show_default=True, help="Case that the selector stands on.")
@click.option(
    "--labels", type=click.Choice(["en", "zh", "both"]), default="en", show_default=True, help="Language."
)
@click.option(
    "--audit",
    "tables",
    type=click.Path(path_type=Path),
    help="Folder of printed tables to audit into a sheet.",
)
def xlsx(
    scenario: str, sets: tuple[str, ...], output: Path, case: str, labels: str, tables: Path | None
) -> None:
    """Write SCENARIO as an Excel workbook: inputs, statements, DCF, sensitivities, charts, checks, all live."""
    if output.suffix.lower() != ".xlsx":
        raise InputError(f"{output}: give a file that ends in .xlsx")
    if not output.parent.is_dir():
        raise InputError(f"{output.parent}: no such folder")
    from clustersim.cli.forecast_common import runs_by_case
    from clustersim.report.workbook.export import export_workbook
    from clustersim.report.workbook.inputs import CASE_KEYS

    runs = runs_by_case(scenario, sets)
    for name, changes in runs["base"].file.cases.items():
        for key in changes:
            if key not in CASE_KEYS:
                raise InputError(
                    f"case {name}: the workbook's selector does not switch {key}; {suggest(key, list(CASE_KEYS))}"
                )
    if case not in runs:
        raise InputError(f"no case {case!r}; {suggest(case, list(runs))}")
    verdicts: list[dict[str, object]] = []
    if tables is not None:
        from clustersim.cli.audit import read_folder
        from clustersim.finance.audit.run import audit_texts

        verdicts = [row for row in audit_texts(read_folder(tables)).rows() if row["verdict"] != "ok"]
    with write_beside(output) as temporary:
        book = export_workbook(temporary, runs, selected=case, language=labels, audit=verdicts)
    say(f"{output}: {len(book.sheets)} sheets, {len(book.cells):,} live formulas")
