"""Companies in folders of tables and texts, and the faults that a list makes in them: one cell or one word each."""

from __future__ import annotations

import csv
import io
from functools import cache
from itertools import groupby
from pathlib import Path

from clustersim.errors import InputError
from clustersim.finance.audit.run import FAMILIES, FAULTS, OF_TABLES, audit_texts
from clustersim.finance.audit.tables import read_tables

Row = dict[str, str]
#: The families of checks that read texts.
OF_TEXTS = FAMILIES[len(OF_TABLES) :]


def has_fault(texts: dict[str, str], prose: dict[str, str] | None = None, at: str = "") -> bool:
    """Whether the audit finds a fault, one at the text ``at`` where that is named, or refuses the tables.

    The checks stop at the first fault: what a report does after them weighs findings and forgets none, which
    ``test_stopping_at_the_first_fault_finds_what_the_whole_report_finds`` holds.
    """
    try:
        tables = read_tables(texts, prose=prose)
        for family in OF_TEXTS if at else FAMILIES:
            if any(f.verdict in FAULTS and f.where.startswith(at) for f in family(tables)):
                return True
        return not at and bool(audit_texts(texts, prose=prose).faults)
    except InputError:
        return not at


class PrintedFaults:
    """A folder with a company a subfolder and ``faults.csv``; two lines of one name are one fault."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.companies = sorted(p.name for p in data.iterdir() if p.is_dir())
        self.read = cache(self._read)

    def _read(self, company: str) -> tuple[dict[str, str], dict[str, str]]:
        files = sorted((self.data / company).iterdir())
        tables = {f.stem: f.read_text(encoding="utf-8") for f in files if f.suffix == ".csv"}
        return tables, {f.name: f.read_text(encoding="utf-8") for f in files if f.suffix != ".csv"}

    def faults(self, company: str = "") -> list[list[Row]]:
        """Every fault, of one company or of all."""
        with (self.data / "faults.csv").open(encoding="utf-8") as file:
            rows = [r for r in csv.DictReader(file) if company in {"", r["company"]}]
        return [list(g) for _, g in groupby(rows, key=lambda r: (r["company"], r["what"]))]

    def mistaken(self, rows: list[Row]) -> tuple[dict[str, str], dict[str, str]]:
        """A company with one fault in it."""
        tables, prose = (dict(part) for part in self.read(rows[0]["company"]))
        for row in rows:
            name, line = row["file"], int(row["line"]) - 1
            if not row["column"]:
                lines = prose[name].split("\n")
                assert row["printed"] in lines[line]
                lines[line] = lines[line].replace(row["printed"], row["mistaken"], 1)
                prose[name] = "\n".join(lines)
                continue
            stem = name.removesuffix(".csv")
            cells = list(csv.reader(io.StringIO(tables[stem])))
            assert cells[line][int(row["column"])] == row["printed"]
            cells[line][int(row["column"])] = row["mistaken"]
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows(cells)
            tables[stem] = out.getvalue()
        return tables, prose

    def found(self, rows: list[Row]) -> bool:
        """Whether a fault is found; one of a text at the text."""
        tables, prose = self.mistaken(rows)
        return has_fault(tables, prose, "" if rows[0]["column"] else rows[0]["file"])

    def reported(self, rows: list[Row]) -> bool:
        """The same by the whole report."""
        tables, prose = self.mistaken(rows)
        try:
            alarms = audit_texts(tables, prose=prose).faults
        except InputError:
            return bool(rows[0]["column"])
        return any(rows[0]["column"] or f.where.startswith(rows[0]["file"]) for f in alarms)
