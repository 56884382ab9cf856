"""Job traces as jobs: Slurm's sacct, Philly, Helios, Acme, PAI 2023, and a plain table of one's own.

The layout is told by the columns. Times are seconds from the first submission. A job that never started, or that
still ran when the trace ended, has no known length: it is left out and counted under its reason.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clustersim.des.jobs.model import Job, ServerGroup
from clustersim.errors import InputError, Problem, suggest
from clustersim.reading.guarded import Text, printable, read_text
from clustersim.reading.jsontext import parse_json
from clustersim.reading.tables import Table, parse_table, records

__all__ = ["LAYOUTS", "JobTrace", "read_jobs", "read_servers", "table_of"]

#: Columns that tell a layout from the others.
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "pai": ("name", "num_gpu", "gpu_milli", "creation_time", "deletion_time", "scheduled_time"),
    "acme": ("job_id", "user", "gpu_num", "type", "state", "submit_time", "start_time", "end_time"),
    "helios": ("job_id", "user", "gpu_num", "state", "submit_time", "start_time", "end_time"),
    "sacct": ("JobID", "State", "Submit", "Start", "End"),
    "plain": ("cards", "arrives_s", "work_s"),
}
PLAIN_COLUMNS = ("name", "tenant", "priority", "cards", "arrives_s", "starts_s", "work_s", "limit_s", "outcome",
                 "card_types", "cpus", "memory_bytes")  # fmt: skip
_GOOD = ("completed", "succeeded", "running", "pass", "finished")
_CANCELLED = ("cancelled", "canceled", "killed", "preempted", "revoked")
_FAILED = ("failed", "timeout", "node_fail", "out_of_memory", "deadline", "boot_fail")
_REPORTED = 50
_UNKNOWN_TIMES = ("", "unknown", "none", "nan", "null", "n/a")


@dataclass(frozen=True, slots=True)
class JobTrace:
    """Jobs of a trace, the layout that was told, and how many lines were left out, by reason."""

    name: str
    layout: str
    jobs: tuple[Job, ...]
    left_out: Mapping[str, int]


class _BadLine(ValueError):
    """A field of one line cannot be read."""


class _LeftOut(Exception):
    """A line that says nothing that can be simulated."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One job with the times of its trace."""

    job: Job
    submit: float


def read_jobs(path: str | Path, layout: str = "") -> JobTrace:
    """Return the jobs of a trace file.

    Raises InputError for an unknown layout, and with every line that cannot be read.
    """
    text = read_text(path, packed=True)
    if layout == "philly" or (not layout and text.text.lstrip()[:1] in ("[", "{")):
        rows, left_out = _collect(_philly(text), _philly_job, text.name)
        layout = "philly"
    else:
        table = _table(text)
        layout = layout or _told(table)
        if layout not in LAYOUTS:
            raise InputError(
                f"{text.name}: layout {layout!r} is unknown; {suggest(layout, (*LAYOUTS, 'philly'))}"
            )
        table.require(*LAYOUTS[layout])
        rows, left_out = _collect(list(table.numbered()), _READERS[layout], text.name)
    if not rows:
        reasons = "; ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise InputError(f"{text.name}: no job of this trace has a known length ({reasons or 'it is empty'})")
    first = min(row.submit for row in rows)
    jobs = tuple(_from(row, first, at) for at, row in enumerate(sorted(rows, key=lambda row: row.submit), 1))
    return JobTrace(text.name, layout, jobs, left_out)


def _from(row: _Row, first: float, at: int) -> Job:
    # A job that the trace does not name is called by its place in the order of arrivals.
    job = row.job if row.job.name else replace(row.job, name=str(at))
    starts = None if job.starts_s is None else job.starts_s - first
    return replace(job, arrives_s=row.submit - first, starts_s=starts)


def _table(text: Text) -> Table:
    """Return the records; Slurm parts its columns by bars."""
    head = text.text.partition("\n")[0]
    if "|" in head and "," not in head:
        every = [[c.strip() for c in row] for _, row in records(text.text, text.name, "|")]
        lines = [line for line, _ in records(text.text, text.name, "|")]
        columns = tuple(c for c in every[0] if c)
        short = [Problem(text.name, line, "", f"fewer cells than columns ({len(row)}, not {len(columns)})")
                 for line, row in zip(lines[1:], every[1:], strict=True) if len(row) < len(columns)]  # fmt: skip
        if short:
            raise InputError(f"{text.name}: {len(short)} line(s) do not fit the header", short[:_REPORTED])
        rows = tuple(dict(zip(columns, row, strict=False)) for row in every[1:])
        return Table(text.name, columns, rows, tuple(lines[1:]))
    return parse_table(text)


def _told(table: Table) -> str:
    for layout, columns in LAYOUTS.items():
        if set(columns) <= set(table.columns):
            return layout
    raise InputError(
        f"{table.name}:1: these columns are of no known job trace; known are "
        + "; ".join(f"{layout} ({', '.join(columns)})" for layout, columns in LAYOUTS.items())
    )


def _collect(
    lines: list[tuple[int, dict[str, Any]]], read: Callable[[dict[str, Any]], _Row], name: str
) -> tuple[list[_Row], dict[str, int]]:
    rows: list[_Row] = []
    problems: list[Problem] = []
    left_out: Counter[str] = Counter()
    for line, record in lines:
        try:
            rows.append(read(record))
        except _LeftOut as reason:
            left_out[str(reason)] += 1
        except _BadLine as error:
            problems.append(Problem(name, line, "", str(error)))
    if problems:
        more = len(problems) - _REPORTED
        told = "\n".join(str(problem) for problem in problems[:_REPORTED])
        raise InputError(told + (f"\n… and {more} more lines" if more > 0 else ""))
    return rows, dict(left_out)


def _number(record: Mapping[str, Any], column: str, default: float | None = None) -> float:
    raw = record.get(column, "")
    text = str(raw).strip()
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        raise _BadLine(f"{column}: {printable(text)!r} is no number") from None
    if not math.isfinite(value) or value < 0:
        raise _BadLine(f"{column}: {printable(text)!r} must be finite and not negative")
    return value


def _time(record: Mapping[str, Any], column: str) -> float | None:
    """Return seconds of a number or of a date and time (UTC where it names no zone); None where it is unknown."""
    text = str(record.get(column) or "").strip()
    if text.lower() in _UNKNOWN_TIMES:
        return None
    try:
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else _moment(text)
    except ValueError:
        raise _BadLine(f"{column}: {printable(text)!r} is neither seconds nor a date and time") from None


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _outcome(state: str) -> str:
    word = state.strip().lower().split()[0] if state.strip() else ""
    for words, outcome in ((_GOOD, "finished"), (_CANCELLED, "cancelled"), (_FAILED, "failed")):
        if word in words:
            return outcome
    raise _BadLine(
        f"state {printable(state)!r} is unknown; known are {', '.join((*_GOOD, *_CANCELLED, *_FAILED))}"
    )


def _row(name: str, submit: float | None, start: float | None, end: float | None, **fields: Any) -> _Row:
    """Return the row of a job whose times are known, or say why there is none."""
    if submit is None:
        raise _BadLine("the time of submission is missing")
    if start is None:
        raise _LeftOut("never started")
    if end is None:
        raise _LeftOut("still ran at the end of the trace")
    if end < start or start < submit:
        raise _BadLine(f"{name}: submitted {submit:g}, started {start:g}, ended {end:g}: times run backwards")
    if end == start:
        raise _LeftOut("ended in the second in which it started")
    return _Row(Job(name=name, work_s=end - start, starts_s=start, **fields), submit)


def _pai(record: Mapping[str, Any]) -> _Row:
    count = _number(record, "num_gpu")
    share = _number(record, "gpu_milli") / 1000.0
    kinds = tuple(k for k in str(record.get("gpu_spec") or "").split("|") if k)
    state = str(record.get("pod_phase") or "Running")
    return _row(
        str(record["name"]),
        _time(record, "creation_time"),
        _time(record, "scheduled_time"),
        _time(record, "deletion_time"),
        cards=share if count == 1 else count,
        tenant=str(record.get("qos") or ""),
        outcome="finished" if state == "Pending" else _outcome(state),
        card_types=kinds,
        cpus=_number(record, "cpu_milli", 0.0) / 1000.0,
        memory_bytes=_number(record, "memory_mib", 0.0) * 2.0**20,
    )


def _helios(record: Mapping[str, Any]) -> _Row:
    return _row(
        str(record["job_id"]),
        _time(record, "submit_time"),
        _time(record, "start_time"),
        _time(record, "end_time"),
        cards=_number(record, "gpu_num"),
        tenant=str(record.get("vc") or record.get("user") or ""),
        outcome=_outcome(str(record["state"])),
    )


def _sacct(record: Mapping[str, Any]) -> _Row:
    name = str(record["JobID"])
    if "." in name:
        raise _LeftOut("steps of a job")
    state = str(record["State"])
    running = state.strip().upper().startswith(("RUNNING", "PENDING"))
    return _row(
        name,
        _time(record, "Submit"),
        _time(record, "Start"),
        None if running else _time(record, "End"),
        cards=_slurm_cards(record),
        tenant=str(record.get("Account") or record.get("User") or ""),
        outcome="finished" if running else _outcome(state),
        limit_s=_slurm_limit(str(record.get("Timelimit") or "")),
    )


#: Columns of sacct that may say how many cards a job has.
_SLURM_CARDS = ("AllocTRES", "ReqTRES", "AllocGRES", "ReqGRES", "NGPUS")


def _slurm_cards(record: Mapping[str, Any]) -> float:
    """Return the cards of a job: ``gres/gpu=16``, ``gres/gpu:a100=16``, or ``gpu:a100:8`` a node times its nodes."""
    if not any(column in record for column in _SLURM_CARDS):
        raise _BadLine(f"no column says how many cards: export one of {', '.join(_SLURM_CARDS)}")
    tres = str(record.get("AllocTRES") or record.get("ReqTRES") or "")
    found = re.search(r"gres/gpu=(\d+)", tres)
    if found:
        return float(found.group(1))
    typed = re.findall(r"gres/gpu:[^=,]+=(\d+)", tres)
    if typed:
        return float(sum(map(int, typed)))
    gres = str(record.get("AllocGRES") or record.get("ReqGRES") or "")
    each = re.findall(r"(?:^|,)(?:gres[:/])?gpu(?::[^:,=()]+)?[:=](\d+)", gres)
    if each:
        return sum(map(int, each)) * (_number(record, "NNodes", 1.0) or 1.0)
    return _number(record, "NGPUS", 0.0)


def _slurm_limit(text: str) -> float | None:
    """Return the seconds of ``[DD-]HH:MM:SS``; None where there is no limit."""
    found = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d\d):(\d\d)", text.strip())
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds) or None


def _plain(record: Mapping[str, Any]) -> _Row:
    arrives, work = _number(record, "arrives_s"), _number(record, "work_s")
    starts = _time(record, "starts_s")
    if work == 0:
        raise _LeftOut("no work")
    job = Job(
        name=str(record.get("name") or ""),
        cards=_number(record, "cards"),
        work_s=work,
        tenant=str(record.get("tenant") or ""),
        priority=int(_number(record, "priority", 0.0)),
        starts_s=starts,
        limit_s=_number(record, "limit_s", 0.0) or None,
        outcome=_outcome(str(record.get("outcome") or "finished")),
        card_types=tuple(k for k in str(record.get("card_types") or "").split("|") if k),
        cpus=_number(record, "cpus", 0.0),
        memory_bytes=_number(record, "memory_bytes", 0.0),
    )
    return _Row(job, arrives)


def _philly(text: Text) -> list[tuple[int, dict[str, Any]]]:
    data = parse_json(text.text, text.name)
    if not isinstance(data, list) or not all(isinstance(one, dict) and "attempts" in one for one in data):
        raise InputError(f"{text.name}: a Philly log is a list of jobs, each with its attempts")
    return list(enumerate(data, 1))


def _philly_job(record: Mapping[str, Any]) -> _Row:
    attempts = [a for a in record["attempts"] if isinstance(a, dict) and a.get("start_time")]
    if not attempts:
        raise _LeftOut("never started")
    cards = sum(len(server.get("gpus", ())) for server in attempts[0].get("detail", ()))
    return _row(
        str(record.get("jobid", "")),
        _time(record, "submitted_time"),
        _time(attempts[0], "start_time"),
        _time(attempts[-1], "end_time"),
        cards=float(cards),
        tenant=str(record.get("vc") or ""),
        outcome=_outcome(str(record.get("status") or "")),
    )


_READERS: Mapping[str, Callable[[dict[str, Any]], _Row]] = {
    "pai": _pai, "acme": _helios, "helios": _helios, "sacct": _sacct, "plain": _plain,
}  # fmt: skip


def read_servers(path: str | Path) -> tuple[ServerGroup, ...]:
    """Return the servers of a table, like ones together.

    PAI's ``sn,cpu_milli,memory_mib,gpu,model`` has a line a server; a plain table has ``count,cards`` and, where known,
    ``card, cpus, memory_bytes``. Raises InputError with every line that cannot be read.
    """
    table = parse_table(read_text(path, packed=True))
    if {"count", "cards"} <= set(table.columns):
        return _plain_servers(table)
    if "sn" not in table.columns:
        raise InputError(
            f"{table.name}:1: a table of servers has count, cards and, where known, card, cpus, memory_bytes; "
            "or PAI's sn, cpu_milli, memory_mib, gpu, model"
        )
    table.require("sn", "cpu_milli", "memory_mib", "gpu", "model")
    kinds: Counter[tuple[int, str, float, float]] = Counter()
    problems = []
    for line, record in table.numbered():
        try:
            kinds[
                int(_number(record, "gpu")), record["model"],
                _number(record, "cpu_milli") / 1000.0, _number(record, "memory_mib") * 2.0**20,
            ] += 1  # fmt: skip
        except _BadLine as error:
            problems.append(f"{table.name}:{line}: {error}")
    if problems:
        raise InputError("\n".join(problems[:_REPORTED]))
    return tuple(
        ServerGroup(count=count, cards=cards, card=card, cpus=cpus, memory_bytes=memory)
        for (cards, card, cpus, memory), count in kinds.items()
    )


def _plain_servers(table: Table) -> tuple[ServerGroup, ...]:
    groups, problems = [], []
    for line, record in table.numbered():
        try:
            count, cards = _number(record, "count"), _number(record, "cards")
            if count < 1 or count % 1 or cards < 1 or cards % 1:
                raise _BadLine("count and cards: whole numbers from 1")
            groups.append(
                ServerGroup(
                    count=int(count),
                    cards=int(cards),
                    card=str(record.get("card") or ""),
                    cpus=_number(record, "cpus", math.inf),
                    memory_bytes=_number(record, "memory_bytes", math.inf),
                )
            )
        except _BadLine as error:
            problems.append(f"{table.name}:{line}: {error}")
    if problems:
        raise InputError("\n".join(problems[:_REPORTED]))
    if not groups:
        raise InputError(f"{table.name}: no servers")
    return tuple(groups)


def table_of(trace: JobTrace) -> list[dict[str, Any]]:
    """Return the jobs as rows of the plain layout, which ``read_jobs`` reads back."""
    return [
        {
            column: "|".join(job.card_types) if column == "card_types" else getattr(job, column)
            for column in PLAIN_COLUMNS
        }
        for job in trace.jobs
    ]
