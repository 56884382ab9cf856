"""Failure logs in, event tables and Chrome traces out.

A log is read as people have it: hours or time stamps, columns under their usual names, NVIDIA Xid codes or words for
what failed. Whatever is mapped, moved or left out on the way is said.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clustersim.des.training.components import COMPONENTS, DOMAINS
from clustersim.des.training.incidents import SimulatedRun
from clustersim.des.training.log_clock import Clock, length_s
from clustersim.des.training.log_lines import (
    is_kernel_log,
    kernel_table,
    without_comments,
    without_quiet_samples,
)
from clustersim.des.training.run import LoggedFailure
from clustersim.errors import InputError, Problem, listed, suggest
from clustersim.reading.guarded import read_text
from clustersim.reading.tables import Table, parse_table

__all__ = ["FailureLog", "chrome_trace", "component_of", "read_failure_log"]

#: Column → the names under which logs carry it, most telling first.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "time": (
        "time_h", "hours", "hour", "t_h", "time_s", "seconds", "time_min", "minutes", "time_d", "days", "timestamp",
        "datetime", "time", "date", "start", "start_time", "fail_time", "failed_at", "occurred_at", "begin", "ts",
        "时间", "日期", "发生时间", "故障时间",
    ),
    "end": (
        "end_h", "end_s", "end", "end_time", "resolved", "resolved_at", "repaired", "repaired_at", "recovered_at",
        "恢复时间", "结束时间",
    ),
    "repair": (
        "repair_h", "repair_s", "repair_min", "repair", "repair_time", "time_to_repair", "ttr", "ttr_h", "downtime",
        "downtime_h", "downtime_s", "downtime_min", "outage", "outage_h", "duration", "duration_h", "duration_s",
        "duration_min", "维修时长",
    ),
    "component": (
        "component", "part", "cause", "category", "error", "error_type", "failure", "failure_type", "reason", "type",
        "xid", "xid_errors", "dcgm_fi_dev_xid_errors", "部件", "故障类型", "故障原因", "原因",
        "event", "message", "msg", "description",
    ),
    "domain": ("domain", "scope"),
}  # fmt: skip

#: NVIDIA Xid → component ("XID Errors", NVIDIA driver documentation): the application's own, memory, link, board.
XIDS: Mapping[int, str] = {
    **dict.fromkeys((8, 13, 31, 32, 43, 45, 68, 69), "software"),
    **dict.fromkeys((48, 63, 64, 92, 94, 95, 160, 161), "hbm"),
    **dict.fromkeys((38, 56, 57, 58, 61, 62, 109, 110, 119, 120, 121, 122, 123, 140, 143), "card_other"),
    **dict.fromkeys((54, 72, 74, 79, 149, 150), "card"),
}

#: Words in a cell that name no component → component; the first that is found counts.
WORDS: tuple[tuple[str, str], ...] = (
    (r"silent|\bsdc\b|corrupt|\bnan\b", "silent_corruption"),
    (r"hang|watchdog|nccl|hccl|time.?out|stuck", "unknown_hang"),
    (r"hbm|\becc\b|\bdbe\b|row.?remap|video.?memory|显存", "hbm"),
    (
        r"switch|\btor\b|cable|optic|transceiver|infiniband|\bib\b|\broce\b|\blink\b|network|交换机|光模块|网络",
        "network",
    ),
    (r"\bnic\b|\bhca\b|网卡", "nic"),
    (r"\bgsp\b|thermal|sram|temperature", "card_other"),
    (r"gpu|gpgpu|\bnpu\b|accelerator|nvlink|\bcard\b|bus|显卡", "card"),
    (r"storage|\bfs\b|filesystem|mount|hdfs|lustre|存储", "storage"),
    (
        r"host|node|server|\bcpu\b|dimm|memory|\bpsu\b|power|chassis|\bssd\b|disk|\bfan\b|maintenance|主机|服务器",
        "host",
    ),
    (r"cuda|software|\bbug\b|\boom\b|driver|crash|depend|exception|code|user|软件", "software"),
)
#: What stands for an end that is not known yet.
OPEN = {"", "-", "--", "n/a", "na", "nan", "none", "null", "ongoing", "open", "unknown", "pending", "tbd"}
_REPORTED = 20


@dataclass(frozen=True, slots=True)
class FailureLog:
    """The events of a log in order of time, and what was mapped, moved or left out on the way."""

    events: tuple[LoggedFailure, ...]
    notes: tuple[str, ...] = ()

    def within(self, duration_s: float) -> FailureLog:
        """Return the events of a run of that length; those beyond its end are left out and counted.

        >>> log = FailureLog((LoggedFailure(10.0, "card", "node"), LoggedFailure(99.0, "card", "node")))
        >>> log.within(50.0).notes
        ('log: 1 of 2 events come after the end of the run (0.0 h) and are left out',)

        Raises InputError where none is left.
        """
        kept = tuple(e for e in self.events if e.time_s < duration_s)
        gone = len(self.events) - len(kept)
        if not gone:
            return self
        if not kept:
            raise InputError(
                f"reliability.log: all {gone} events come after the end of the run ({duration_s / 3600:.1f} h);"
                " set reliability.duration, or reliability.log_start where the log has time stamps"
            )
        note = (
            f"log: {gone} of {len(self.events)} events come after the end of the run ({duration_s / 3600:.1f} h) and"
            " are left out"
        )
        return replace(self, events=kept, notes=(*self.notes, note))


def component_of(text: str) -> str | None:
    """Return the component that a cell of a log means: its name, an Xid code, or a word for it.

    >>> [component_of(t) for t in ("hbm", "Xid 79", "74", "GPU fell off the bus", "ToR switch", "bananas")]
    ['hbm', 'card', 'card', 'card', 'network', None]
    >>> component_of("NVRM: Xid (PCI:0000:3b:00): 48, pid=1, DBE")
    'hbm'
    """
    plain = text.strip().lower().replace(" ", "_").replace("-", "_")
    if plain in {c.name for c in COMPONENTS}:
        return plain
    code = re.fullmatch(r"(?:xid[\s:_-]*)?(\d{1,3})(?:\.0)?", text.strip().lower())
    code = code or re.search(r"\bxid\b\s*(?:\([^)]*\))?[\s:=_-]*(\d{1,3})\b", text.lower())
    if code:
        return XIDS.get(int(code[1]))
    return next((name for words, name in WORDS if re.search(words, text.lower())), None)


def read_failure_log(path: Path, start: str | None = None) -> FailureLog:
    """Read a failure log: a CSV that says when and of what, and, where known, until when and of which domain; or the
    kernel's own lines of NVIDIA Xid errors.

    Times are hours since the start of the run, seconds or unix times in columns that say so, or time stamps with or
    without zone. Time stamps count from ``start``, or else from the beginning of the day of the first event. Lines in
    any order; repairs may overlap, and two events may share an instant.

    Raises InputError with every problem at once: missing columns, times that are none or before the start, components
    that are unknown, or no event at all.
    """
    source = read_text(path)
    notes: list[str] = []
    if is_kernel_log(source.text):
        table = kernel_table(source, start, notes)
    else:
        table = parse_table(without_comments(source, notes), short=True)
    names = _columns(table, notes)
    problems: list[Problem] = []
    table = without_quiet_samples(table, names["component"], notes)
    clock = Clock(table, names["time"], start, problems)
    notes += clock.notes
    mapped: Counter[tuple[str, str]] = Counter()
    events = []
    for line, row in table.numbered():
        event = _event(table.name, line, row, names, clock, problems)
        if event is not None:
            text = row[names["component"]].strip()
            mapped[text, event.component] += text != event.component
            events.append(event)
    if problems:
        raise InputError(f"{path}: {len(problems)} problem(s)", problems[:_REPORTED])
    if not events:
        raise InputError(f"{path}: holds no events")
    notes += [f"log: {n} x {text!r} is read as {name}" for (text, name), n in mapped.items() if n]
    return FailureLog(tuple(sorted(events, key=lambda e: e.time_s)), tuple(notes + _oddities(table, events)))


def _oddities(table: Table, events: Sequence[LoggedFailure]) -> list[str]:
    """What is kept as it stands, and yet should be known."""
    times, notes = [e.time_s for e in events], []
    if times != sorted(times):
        notes.append("log: the lines are not in order of time; they are sorted")
    twice = len(table.rows) - len({tuple(row.items()) for row in table.rows})
    if twice:
        notes.append(f"log: {twice} lines are the same as another; each counts")
    return notes


def _columns(table: Table, notes: list[str]) -> dict[str, str]:
    """Return, by what it means, the column of the table; note what is read under another name, and what is not read.

    Raises InputError naming what is missing and under which names it would be found.
    """
    have = {c.lower().strip().replace(" ", "_"): c for c in table.columns}
    found = {
        what: have[next(n for n in names if n in have)]
        for what, names in COLUMNS.items()
        if any(n in have for n in names)
    }
    missing = [what for what in ("time", "component") if what not in found]
    if missing:
        known = "; ".join(f"{what} ({', '.join(COLUMNS[what][:6])}, …)" for what in missing)
        raise InputError(f"{table.name}:1: lacks the column(s) of {known}; it has: {listed(table.columns)}")
    if "end" in found:
        found.pop("repair", None)
    notes += [
        f"log: column {have!r} is read as {what}"
        for what, have in found.items()
        if have not in {what, COLUMNS[what][0]}
    ]
    unread = [c for c in table.columns if c not in found.values()]
    if unread:
        notes.append(f"log: not read: {', '.join(unread)}")
    return found


def _event(
    name: str, line: int, row: Mapping[str, str], names: Mapping[str, str], clock: Clock, problems: list[Problem]
) -> LoggedFailure | None:  # fmt: skip
    """Return one event, or note its problems."""
    before, key = len(problems), names["component"]
    at = clock.seconds(line, row[names["time"]])
    repair = _repair(name, line, row, names, clock, at, problems)
    text = row[key].strip()
    component = component_of(text)
    domain = row[names["domain"]].strip().lower() if "domain" in names else ""
    if not text:
        problems.append(Problem(name, line, key, "is missing"))
    elif component is None:
        near = suggest(text.lower(), [c.name for c in COMPONENTS])
        if near.startswith("did you mean") or not domain:
            problems.append(Problem(name, line, key, f"{text!r} is no component that is known", near))
        component = text
    if domain and domain not in DOMAINS:
        problems.append(
            Problem(name, line, names["domain"], f"{domain!r} is unknown", suggest(domain, DOMAINS))
        )
    if len(problems) > before or at is None:
        return None
    known = {c.name: c.domain for c in COMPONENTS}
    return LoggedFailure(at, component or text, domain or known[component or text], repair)


def _repair(
    name: str, line: int, row: Mapping[str, str], names: Mapping[str, str], clock: Clock, at: float | None,
    problems: list[Problem],
) -> float | None:  # fmt: skip
    """Seconds of repair, from an end or a length; nothing where the log does not say."""
    what = "end" if "end" in names else "repair"
    text = row[names[what]].strip() if what in names else ""
    if text.lower() in OPEN:
        return None
    if what == "end":
        end = clock.seconds(line, text, names["end"])
        if end is None or at is None:
            return None
        if end < at:
            problems.append(Problem(name, line, names["end"], "comes before the failure itself"))
        return end - at
    length = length_s(text, names["repair"])
    if isinstance(length, str):
        problems.append(Problem(name, line, names["repair"], length))
        return None
    return length


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
