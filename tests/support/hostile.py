"""Hostile inputs: what Hypothesis makes of a right file, and a guard against what never ends."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from clustersim.errors import ClusterSimError

#: A call that should take milliseconds and works this long, or waits so long, hangs; other work of the machine counts
#: as waiting.
WORK_S, WAIT_S = 60, 600

VALUES = (
    "", "~", "null", "true", "no", "[]", "{}", "[[[[", "}", "-1", "0", "-0", "0.5", "1e308", "-1e308", "1e-320",
    "1e999", ".inf", "-.inf", ".nan", "nan", "inf", "9" * 401, "9" * 300, "9" * 25, "400 GB/s", "5 CNY/kWh",
    "3 d", "-3 s", "90 %", "1e308 TB", "1e308 PFLOP/s", "1 1", "1 /s", "1 s/s/s", "1 /", "%", "'", '"', "'\t'",
    "=1+1", "@x", "\x1b[2J", "名称", "：", "；", "，", "1;", "x" * 5000, "2026-13-45", "2026-01-01", "0x10", "1_000",
    "１２", "²", "1,5", "{value: 1}", "{value: 1, source: x, tier: given}",
    "{value: 1, low: 2, high: 0, source: x, tier: measured}", "[1, 2, 3]", "{a: {b: {c: 1}}}", "*a", "&a 1",
    "!!int 1", "!x 1", "<<", "? 1", "- 1", "- - 1", "|", ">", "---", "...", "# x", "\\", "../../etc/passwd",
    "/dev/zero", "x.yaml", "H100", "nanjing-1024", "a/b.c", "\ud7ff", "\u202e", "\ufeff", "0:0:0",
)  # fmt: skip
WHAT = ["token"] * 4 + ["value", "drop", "twice", "indent", "cut", "put"]
_TOKEN = re.compile(r"[^\s:,{}\[\]]+")


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """Return a text in which up to three places are something else."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        line, value = lines[at], draw(st.sampled_from(VALUES))
        what = draw(st.sampled_from(WHAT))
        tokens = list(_TOKEN.finditer(line))
        if what == "token" and tokens:
            token = tokens[draw(st.integers(0, len(tokens) - 1))]
            lines[at] = line[: token.start()] + value + line[token.end() :]
        elif what == "value":
            lines[at] = f"{line.partition(':')[0]}: {value}"
        elif what == "drop":
            lines[at] = ""
        elif what == "twice":
            lines.insert(at, line)
        elif what == "indent":
            lines[at] = draw(st.sampled_from(["\t", " ", "    ", "- "])) + line
        elif what == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        else:
            lines.insert(at, value)
    return "\n".join(lines)


@st.composite
def encoded(draw: st.DrawFn, text: str) -> bytes:
    """Return a mutated text as bytes, sometimes in another encoding, damaged or cut."""
    data = draw(mutated(text)).encode(
        draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-le", "gbk", "latin-1"])),
        "replace",
    )
    harm = draw(st.sampled_from(["", "", "", "", "", "flip", "cut", "nul"]))
    at = draw(st.integers(0, max(len(data) - 1, 0)))
    if harm == "flip" and data:
        return data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :]
    if harm == "cut":
        return data[:at]
    return data[:at] + b"\0" + data[at:] if harm == "nul" else data


@contextmanager
def no_hang() -> Iterator[None]:
    """Fail where the body does not end."""

    def late(number: int, frame: object) -> None:
        raise AssertionError(f"still not done after {WORK_S} s of work or {WAIT_S} s of waiting")

    watched = ((signal.ITIMER_PROF, signal.SIGPROF, WORK_S), (signal.ITIMER_REAL, signal.SIGALRM, WAIT_S))
    before = [signal.signal(number, late) for _, number, _ in watched]
    for clock, _, limit in watched:
        signal.setitimer(clock, limit)
    try:
        yield
    finally:
        for (clock, number, _), handler in zip(watched, before, strict=True):
            signal.setitimer(clock, 0)
            signal.signal(number, handler)


def only_refusals(function, *args):  # type: ignore[no-untyped-def]
    """Call what reads an input: an answer or an error of ours; anything else escapes and fails the test."""
    with no_hang():
        try:
            return function(*args)
        except ClusterSimError as error:
            assert str(error).strip()
            return None


def examples(count: int) -> settings:
    """Seeded and bounded: the same inputs on every run."""
    return settings(
        max_examples=count, derandomize=True, database=None, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )  # fmt: skip
