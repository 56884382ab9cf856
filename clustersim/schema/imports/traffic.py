"""Request logs, job traces and failure logs through the same door: each is read by its own room's reader."""

from __future__ import annotations

import json
from typing import Any

from clustersim.des.jobs.traces import LAYOUTS, read_jobs, table_of
from clustersim.des.serving.traces import AZURE, PLAIN, read_trace
from clustersim.des.training.log import COLUMNS as FAILURES
from clustersim.des.training.log import read_failure_log
from clustersim.des.training.log_lines import is_kernel_log
from clustersim.schema.imports.source import Imported, ImportOptions, Source, csv_text, lowered

__all__ = ["is_failures", "is_jobs", "is_requests", "read_failures", "read_job_trace", "read_requests"]

#: BurstGPT's columns (HPMLL/BurstGPT, data/): seconds, and tokens of each side.
BURST = ("Timestamp", "Request tokens", "Response tokens")
_REQUESTS = (AZURE, PLAIN, BURST)
JOB_COLUMNS = ("name", "tenant", "priority", "cards", "arrives_s", "starts_s", "work_s", "limit_s", "outcome",
               "card_types", "cpus", "memory_bytes")  # fmt: skip


def is_requests(source: Source) -> bool:
    """Tell whether a file is a log of requests: columns of a known log, or objects with lengths and a time."""
    if source.archive:
        return False
    if source.objects:
        return {"input_length", "output_length"} <= set(source.objects[0])
    have = set(source.header)
    return any({lowered(c) for c in columns} <= have for columns in _REQUESTS)


def read_requests(source: Source, options: ImportOptions) -> Imported:
    """Return arrivals and lengths, the first arrival at zero; with prefix blocks as JSON lines, else as a CSV.

    Raises InputError with every line that cannot be read, beyond those that may be skipped.
    """
    columns: tuple[str, str, str] | None = None
    if options.columns:
        columns = (options.columns[0], options.columns[1], options.columns[2])
    elif {lowered(c) for c in BURST} <= set(source.header):
        columns = BURST
    trace = read_trace(source.path, columns=columns, skip=options.skip)
    r = trace.requests
    said = [f"a log of requests: {r.prompt.size:,} requests over {float(r.arrival[-1]):,.0f} s"]
    said += [f"skipped: {problem}" for problem in trace.skipped[:10]]
    if len(trace.skipped) > 10:
        said.append(f"… and {len(trace.skipped) - 10} more skipped lines")
    name = options.name or source.stem
    if r.blocks:
        lines = [
            json.dumps({"timestamp": round(float(t) * 1000.0, 3), "input_length": int(p), "output_length": int(o),
                        "hash_ids": list(b)})
            for t, p, o, b in zip(r.arrival, r.prompt, r.output, r.blocks, strict=True)
        ]  # fmt: skip
        return Imported(
            "requests", name, "traces", "\n".join(lines) + "\n", r, said=tuple(said), ending="jsonl"
        )
    rows = [dict(zip(PLAIN, (float(t), int(p), int(o)), strict=True))
            for t, p, o in zip(r.arrival, r.prompt, r.output, strict=True)]  # fmt: skip
    return Imported("requests", name, "traces", csv_text(rows, PLAIN), r, tuple(rows), tuple(said), "csv")


def is_jobs(source: Source) -> bool:
    """Tell whether a file is a job trace: by its columns, or as Philly's list of jobs with attempts."""
    if source.archive:
        return False
    if source.objects:
        return {"attempts", "submitted_time"} <= set(source.objects[0])
    first = next((line for line in source.text.split("\n", 50) if line.strip()), "")
    mark = "|" if "|" in first and "," not in first else ","
    have = {lowered(cell) for cell in first.split(mark)}
    return any({lowered(c) for c in columns} <= have for columns in LAYOUTS.values())


def read_job_trace(source: Source, options: ImportOptions) -> Imported:
    """Return the jobs in the plain layout, which ``jobs`` replays.

    Raises InputError with every line that cannot be read.
    """
    trace = read_jobs(source.path)
    rows = table_of(trace)
    said = [f"a job trace ({trace.layout}): {len(rows):,} jobs"]
    said += [f"left out: {count:,} that {reason}" for reason, count in trace.left_out.items()]
    return Imported("jobs", options.name or source.stem, "traces", csv_text(rows, JOB_COLUMNS), trace, tuple(rows),
                    tuple(said), "csv")  # fmt: skip


def is_failures(source: Source) -> bool:
    """Tell whether a text is a log of failures: the kernel's Xid lines, or a table of a time and of what failed."""
    if source.archive:
        return False
    if is_kernel_log(source.text):
        return True
    have = {cell.replace(" ", "_") for cell in source.header}
    telling = set(FAILURES["component"]) - {"type", "message", "msg", "description", "event", "part"}
    return len(have) > 1 and bool(have & set(FAILURES["time"])) and bool(have & telling)


def read_failures(source: Source, options: ImportOptions) -> Imported:
    """Return the events in the layout that ``reliability.log`` takes: seconds, component, domain, repair.

    Raises InputError as the reader of such logs does.
    """
    log = read_failure_log(source.path, options.given.get("log_start"))
    rows: list[dict[str, Any]] = [
        {"time_s": e.time_s, "component": e.component, "domain": e.domain, "repair_s": e.repair_s}
        for e in log.events
    ]
    said = [f"a log of failures: {len(rows)} events", *log.notes]
    return Imported("failures", options.name or source.stem, "measured",
                    csv_text(rows, ("time_s", "component", "domain", "repair_s")), log, tuple(rows), tuple(said),
                    "csv")  # fmt: skip
