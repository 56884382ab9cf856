"""Failure logs in, event tables and Chrome traces out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clustersim.des.training.components import COMPONENTS, DOMAINS
from clustersim.des.training.run import LoggedFailure
from clustersim.des.training.simulate import SimulatedRun
from clustersim.errors import InputError, Problem, suggest
from clustersim.reading.tables import read_table

__all__ = ["chrome_trace", "read_failure_log"]

_COLUMNS = ("time_h", "component")


def read_failure_log(path: Path) -> tuple[LoggedFailure, ...]:
    """Read a CSV of failures with columns ``time_h`` and ``component``, and ``domain`` and ``end_h`` where known.

    Raises InputError with every problem at once: missing columns, numbers that are none or negative, an unknown
    domain, events out of order, or an event that begins before the one before it has ended.
    """
    table = read_table(path, short=True)
    table.require(*_COLUMNS)
    problems: list[Problem] = []
    events: list[LoggedFailure] = []
    known = {c.name: c.domain for c in COMPONENTS}
    last = ended = 0.0
    for line, row in table.numbered():
        try:
            at = float(row["time_h"]) * 3600
            end = float(row.get("end_h") or row["time_h"]) * 3600
            if not (math.isfinite(at) and math.isfinite(end)):
                raise ValueError
        except ValueError:
            problems.append(Problem(str(path), line, "time_h", f"{row['time_h']!r} is not a number of hours"))
            continue
        if not row["component"].strip():
            problems.append(Problem(str(path), line, "component", "is missing"))
        domain = row.get("domain") or known.get(row["component"], "node")
        if domain not in DOMAINS:
            problems.append(
                Problem(str(path), line, "domain", f"{domain!r} is unknown", suggest(domain, DOMAINS))
            )
        if at < 0 or end < at:
            problems.append(Problem(str(path), line, "time_h", "must not be negative, nor later than end_h"))
        elif at < last:
            problems.append(
                Problem(str(path), line, "time_h", "comes before the line above", "sort the log by time")
            )
        elif at < ended:
            problems.append(
                Problem(
                    str(path),
                    line,
                    "time_h",
                    "begins before the event above has ended",
                    "merge the two events",
                )
            )
        last, ended = max(last, at), max(ended, end)
        events.append(LoggedFailure(at, row["component"], domain))
    if problems:
        raise InputError(f"{path}: {len(problems)} problem(s)", problems)
    if not events:
        raise InputError(f"{path}: holds no events")
    return tuple(events)


def chrome_trace(runs: Iterable[SimulatedRun]) -> str:
    """Return runs as a Chrome trace (JSON): one process a run, stretches of running and recoveries as spans."""
    events: list[dict[str, Any]] = []

    def span(name: str, kind: str, run: int, start: float, end: float, **more: Any) -> None:
        events.append(
            {"name": name, "cat": kind, "ph": "X", "pid": run, "tid": kind, "ts": start * 1e6,
             "dur": (end - start) * 1e6, "args": more}
        )  # fmt: skip

    for number, run in enumerate(runs):
        for start, end in run.segments():
            span("training", "running", number, start, end)
        for i in run.incidents:
            span(
                i.component, "recovery", number, i.failed_at_s, i.resumed_at_s, restored_from=i.restored_from,
                lost_work_s=i.lost_work_s, waited_for_spare_s=i.waited_for_spare_s,
            )  # fmt: skip
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"})
