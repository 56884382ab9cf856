"""The lines of a failure log before they are events: the kernel's own, comments, and samples of a gauge."""

from __future__ import annotations

import re
from dataclasses import replace

from clustersim.des.training.log_clock import stamp
from clustersim.errors import InputError, Problem
from clustersim.reading.guarded import Text
from clustersim.reading.tables import Table

__all__ = ["is_kernel_log", "kernel_table", "without_comments", "without_quiet_samples"]

_XID = re.compile(r"NVRM: Xid \((?:PCI:)?([0-9A-Fa-f:.]+)\): (\d+)")
_BOOT = re.compile(r"\[\s*(\d+\.\d+)\]")
_C_TIME = re.compile(r"\[?([A-Z][a-z]{2}\s+[A-Z][a-z]{2}\s+\d{1,2}\s+[\d:.]+\s+\d{4})\]?")
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2}[T ][\d:.,]+(?:Z|[+-]\d{2}:?\d{2})?)\s*(\S*)")
_SYSLOG = re.compile(r"([A-Z][a-z]{2}\s+\d{1,2}\s+\d{2}:\d{2}:\d{2})\s+(\S+)")
#: A card that says the same again within this time has not failed again (assumption: its job is still going down).
STORM_S = 3600.0
#: Columns of codes, of which 0 says that there was no error; the last is a gauge that keeps the newest code.
_CODES = ("xid", "xid_errors", "dcgm_fi_dev_xid_errors")
_WHOSE = (
    "hostname",
    "host",
    "node",
    "instance",
    "server",
    "gpu",
    "gpu_id",
    "device",
    "uuid",
    "pci",
    "pci_bus_id",
)
_REPORTED = 20


def is_kernel_log(text: str) -> bool:
    """Whether a text is the kernel's log and no table: Xid lines, and no header of columns before them."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    if re.match(r"[\w .-]+(,[\w .-]+)+$", first) and "NVRM" not in first:
        return False
    return _XID.search(text) is not None


def kernel_table(source: Text, start: str | None, notes: list[str]) -> Table:
    """Return the Xid lines of a kernel log as a table of time, host, card and code; note what is left out.

    Times as ``dmesg -T``, ISO 8601, the system log's (whose year is that of ``start``), or seconds since boot.

    Raises InputError for Xid lines without a time.
    """
    rows, lines, problems = [], [], []
    begun = stamp(start) if start is not None else None
    for number, line in enumerate(source.text.splitlines(), 1):
        found = _XID.search(line)
        if found is None:
            continue
        column, time, host = _when(line[: found.start()], begun.year if begun else None)
        if not time or (column == "timestamp" and stamp(time) is None):
            undated = host and not time
            what = (
                "has no year: give reliability.log_start (import: --given log_start)"
                if undated
                else "has no time that is known"
            )
            problems.append(Problem(source.name, number, "time", what))
        rows.append({"time": time, "host": host, "pci": found[1], "xid": found[2], "unit": column})
        lines.append(number)
    units = {row.pop("unit") for row in rows}
    if len(units - {""}) > 1:
        problems.append(
            Problem(source.name, lines[0], "time", "some lines have dates and others seconds since boot")
        )
    if problems:
        raise InputError(f"{source.name}: {len(problems)} problem(s)", problems[:_REPORTED])
    column = units.pop()
    rows = [{column if k == "time" else k: v for k, v in row.items()} for row in rows]
    notes.append(
        f"log: read as the kernel's; {len(source.text.splitlines()) - len(rows)} lines without an Xid are left out"
    )
    return _without_storms(
        Table(source.name, (column, "host", "pci", "xid"), tuple(rows), tuple(lines)), column, notes
    )


def _when(prefix: str, year: int | None) -> tuple[str, str, str]:
    """The kind of time that a line begins with, the time, and the host that follows it."""
    if found := _C_TIME.search(prefix):
        return "timestamp", found[1], ""
    if found := _ISO.search(prefix):
        return "timestamp", found[1], found[2]
    if found := _SYSLOG.search(prefix):
        return "timestamp", "" if year is None else f"Mon {found[1]} {year}", found[2]
    if found := _BOOT.search(prefix):
        return "time_s", found[1], ""
    return "", "", ""


def _without_storms(table: Table, column: str, notes: list[str]) -> Table:
    """Keep the first of several equal errors of one card that follow each other closely."""
    last: dict[tuple[str, ...], float] = {}
    keep = []
    for row in table.rows:
        at = stamp(row[column])
        now = at.timestamp() if at is not None else float(row[column])
        key = (row["host"], row["pci"], row["xid"])
        keep.append(now - last.get(key, -1e18) > STORM_S)
        last[key] = now
    return _kept(table, keep, "lines repeat an error of the same card within an hour", notes)


def _kept(table: Table, keep: list[bool], why: str, notes: list[str]) -> Table:
    gone = len(keep) - sum(keep)
    if not gone:
        return table
    notes.append(f"log: {gone} {why} and are left out")
    chosen = [i for i, k in enumerate(keep) if k]
    return replace(
        table, rows=tuple(table.rows[i] for i in chosen), lines=tuple(table.lines[i] for i in chosen)
    )


def without_comments(source: Text, notes: list[str]) -> Text:
    """Blank the lines that begin with ``#``, so that all others keep their number."""
    lines = source.text.split("\n")
    count = sum(line.startswith("#") for line in lines)
    if not count:
        return source
    notes.append(f"log: {count} lines that begin with # are left out")
    return replace(source, text="\n".join("" if line.startswith("#") else line for line in lines))


def without_quiet_samples(table: Table, column: str, notes: list[str]) -> Table:
    """Leave out samples of an error code that say none, or, of a gauge, that show the last one still."""
    kind = column.lower().strip().replace(" ", "_")
    if kind not in _CODES:
        return table
    none = {"", "0", "0.0", "nan", "n/a", "none", "null"}
    found = _kept(
        table, [row[column].strip().lower() not in none for row in table.rows], "samples show no error", notes
    )
    if kind != _CODES[-1]:
        return found
    whose = [c for c in table.columns if c.lower() in _WHOSE]
    shown: dict[tuple[str, ...], str] = {}
    fresh: dict[int, bool] = {}
    for line, row in table.numbered():
        key, code = tuple(row[c] for c in whose), row[column].strip().partition(".")[0]
        fresh[line] = shown.get(key) != code
        shown[key] = code
    return _kept(
        found, [fresh[line] for line in found.lines], "samples still show the last error of their card", notes
    )
