"""What the cells of a reliability table say in words: numbers with bounds, durations, counts, rates, sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "Stated", "bandwidth", "card_hours", "cards", "count", "counted_over", "days", "duration", "hours",
    "interval_and_write", "node_rate", "parameters", "restart", "share", "size", "stated", "time_between",
]  # fmt: skip

_UNITS = {
    "ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "min": 60.0, "mins": 60.0,
    "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
_N = r"(\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d{1,2}(?!\d))?)"
_TIME = re.compile(
    rf"{_N}\s*(?:-|–|to)?\s*(?:{_N})?\s*(ms|secs?|seconds?|s|mins?|minutes?|hours?|hrs?|h|days?|d)\b"
)
_LEADING = re.compile(rf"^\s*(~|≈|about|>=?|<=?|≥|≤|over|under)?\s*{_N}(?![eE]\d)", re.IGNORECASE)
_BYTES = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40}
_DAYS = {"d": 1.0, "day": 1.0, "days": 1.0, "week": 7.0, "weeks": 7.0, "month": 30.0, "months": 30.0, "year": 365.0,
         "years": 365.0, "h": 1 / 24, "hours": 1 / 24}  # fmt: skip
_LOWER, _UPPER = {">", ">=", "≥", "over"}, {"<", "<=", "≤", "under"}


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as it is written, and whether it is a bound: ``at least``, ``at most``, or neither."""

    value: float
    bound: str = ""


def _float(text: str) -> float:
    return float(text.replace(",", ""))


def stated(text: str) -> Stated | None:
    """Return the number that a cell begins with.

    >>> stated("~90"), stated(">0.90 effective"), stated("12,970 Xid"), stated("none")
    (Stated(value=90.0, bound=''), Stated(value=0.9, bound='at least'), Stated(value=12970.0, bound=''), None)
    """
    match = _LEADING.match(text)
    if match is None:
        return None
    sign = (match[1] or "").lower()
    return Stated(_float(match[2]), "at least" if sign in _LOWER else "at most" if sign in _UPPER else "")


def cards(text: str) -> Stated | None:
    """Return a number of cards; k counts thousands.

    >>> cards("16k GPUs"), cards("1,024"), cards(">10000")
    (Stated(value=16000.0, bound=''), Stated(value=1024.0, bound=''), Stated(value=10000.0, bound='at least'))
    """
    found = stated(text)
    if found is None or found.value <= 0:
        return None
    thousands = re.match(r"^\s*[^\d]*[\d.,]+\s*[kK](?![A-Za-z])", text)
    return Stated(found.value * 1000, found.bound) if thousands else found


def days(text: str) -> Stated | None:
    """Return a length in days: a bare number counts them.

    >>> [days(t).value for t in ("54", "8 weeks", "~1 month", "3 months", "54 d")]
    [54.0, 56.0, 30.0, 90.0, 54.0]
    """
    found = stated(text)
    if found is None or found.value <= 0:
        return None
    unit = re.match(r"^\s*[^\d]*[\d.,]+(?:e[+-]?\d+)?\s*([A-Za-z]+)", text)
    return Stated(found.value * _DAYS.get(unit[1].lower(), 1.0) if unit else found.value, found.bound)


def hours(text: str) -> Stated | None:
    """Return a time to failure in hours: a bare number counts them.

    >>> [round(hours(t).value, 3) for t in ("2.78", "14 min", "47.7 days", "~33 h", ">24")]
    [2.78, 0.233, 1144.8, 33.0, 24.0]
    """
    found = stated(text)
    if found is None or found.value <= 0:
        return None
    unit = re.match(
        rf"^\s*[^\d]*{_N}\s*(secs?|seconds?|s|mins?|minutes?|hours?|hrs?|h|days?|d|weeks?)\b", text
    )
    if unit is None:
        return found
    seconds = 604800.0 if unit[2].startswith("week") else _UNITS[unit[2]]
    return Stated(found.value * seconds / 3600.0, found.bound)


def share(text: str) -> Stated | None:
    """Return a share of the time, as a fraction or in percent.

    >>> share("0.6881 -> 0.9884"), share("97 %"), share("10.4% of GPU-h wasted"), share("23")
    (Stated(value=0.6881, bound=''), Stated(value=0.97, bound=''), None, None)
    """
    if re.search(r"wast|downtime|overhead|loss|availab", text.replace("error downtime", "")):
        return None
    found = stated(text)
    if found is None:
        return None
    percent = re.match(r"^\s*[^\d]*[\d.,]+\s*%", text) is not None
    value = found.value / 100 if percent else found.value
    return Stated(value, found.bound) if 0 < value <= 1 else None


def duration(text: str) -> float | None:
    """Return the first duration of a text in seconds; the middle of a range.

    >>> duration("u0=5 min"), duration("2-15 min"), duration("600 s"), duration("soon")
    (300.0, 510.0, 600.0, None)
    """
    match = _TIME.search(text)
    return None if match is None else _seconds(match)


def _seconds(match: re.Match[str]) -> float:
    low = _float(match[1])
    high = _float(match[2]) if match[2] else low
    return (low + high) / 2 * _UNITS[match[3]]


def restart(text: str) -> float | None:
    """Return what a restart takes: the first duration, and those that are added to it.

    The choice of hosts is not added: it goes on while the job waits for spares.

    >>> restart("5 min + 1 min"), restart("20 min recovery + 3 min host selection"), restart("u0=5 min")
    (360.0, 1200.0, 300.0)
    >>> restart("detect 60 s; reschedule 60 s; load 30 s"), restart("unproductive <=50 min worst")
    (150.0, None)
    """
    if re.search(r"worst|<", text) or "%" in text:
        return None
    steps = [part for part in re.split(r"[;]", text) if _TIME.search(part)]
    named = [
        part for part in steps if re.search(r"detect|resched|requeue|load|init|restart|localis|restor", part)
    ]
    parts = [p for part in (named if len(named) > 1 else steps[:1]) for p in part.split("+")]
    times = [duration(p) for p in parts if "selection" not in p]
    known = [t for t in times if t is not None]
    return sum(known) if known else None


def interval_and_write(text: str) -> tuple[float | None, float]:
    """Return the interval between checkpoints, and what writing one blocks.

    >>> interval_and_write("60 min (non-blocking write)"), interval_and_write("30 min, write 40 s")
    ((3600.0, 0.0), (1800.0, 40.0))
    >>> interval_and_write("optimal, w=10 s"), interval_and_write("every 30 min + 2 min write")
    ((None, 10.0), (1800.0, 120.0))
    >>> interval_and_write("15 min; write time 30 s"), interval_and_write("900 s (blocks 12 s)")
    ((900.0, 30.0), (900.0, 12.0))
    """
    write = 0.0
    for pattern in (
        r"\bw(?:_cp)?\s*[=~]\s*",
        r"(?<!-)\b(?:blocking|blocks?|writ(?:es?|ing|e-?out)|sav(?:es?|ing)|stalls?|delta)(?:\s+times?)?\s*"
        r"(?:for|of|=|:|~|takes|about)?\s*",
    ):
        found = re.search(pattern + _TIME.pattern, text)
        if found:
            write = duration(found[0]) or 0.0
            text = text.replace(found[0], " ")
    found = re.search(_TIME.pattern + r"\s*(?:blocking|write|save)\b(?!-)", text)
    if found and not write and "+" in text:
        write = duration(found[0]) or 0.0
        text = text.replace(found[0], " ")
    return duration(text), write


def count(text: str) -> float | None:
    """Return a count of failures: what stands before a bracket, counts of several kinds added up.

    >>> count("466 (47 planned + 419 unexpected)"), count("54 NVLink 21 CUDA 16 node 12 ECC 12 network")
    (466.0, 115.0)
    >>> count("38,236 explicit + 5,948 implicit"), count("11108 rerun / 11146 report"), count("0.08%/day machines")
    (44184.0, 11108.0, None)
    """
    plain = re.sub(r"\([^)]*\)", " ", text).partition("/ ")[0]
    if "%" in plain or re.search(r"\bper\b|/|=", plain):
        return None
    plain = re.split(r"\bover\b|\bof\b|\bin\s+[\d.]|;", plain)[0]
    if re.search(r"longest|failure-free|without|(?<!un)planned", plain):
        return None
    numbers = re.findall(rf"(?<![\w.-]){_N}(?=\s|$|\+)(?!\s*(?:h|d|hours|days|min|s)\b)", plain)
    return sum(map(_float, numbers)) if numbers else None


def time_between(text: str) -> float | None:
    """Return the seconds between failures that a text counts by the day, week or month; the middle of a range.

    >>> time_between("1-2 GPU failures a week"), time_between("~40 crashes/month"), time_between("0.08%/day")
    (403200.0, 64800.0, None)
    """
    found = re.search(
        rf"{_N}\s*(?:(?:-|–|to)\s*{_N})?\s*(?!%)(?:[A-Za-z]+\s*){{0,2}}?\s*(?:\ba\b|\bper\b|/)\s*(day|week|month)\b",
        text,
    )
    if found is None:
        return None
    low = _float(found[1])
    times = (low + (_float(found[2]) if found[2] else low)) / 2
    return {"day": 86400.0, "week": 604800.0, "month": 2_592_000.0}[found[3]] / times if times > 0 else None


def counted_over(text: str) -> tuple[float, float] | None:
    """Return a count and the days over which it was taken, where one text says both.

    >>> counted_over("38 in 14 days"), counted_over("~90 restarts over 8 weeks"), counted_over("419")
    ((38.0, 14.0), (90.0, 56.0), None)
    """
    found = re.search(
        rf"{_N}\s*[A-Za-z ]*?\b(?:in|over|during|within)\s+{_N}\s*"
        r"(days?|d|weeks?|months?|years?|h|hours)\b",
        text,
    )
    return (_float(found[1]), _float(found[2]) * _DAYS[found[3]]) if found else None


def node_rate(row: Mapping[str, str]) -> float | None:
    """Return failures per server-day that a row states: ``r_f=6.50 per 1000 node-days``, or in its id.

    >>> node_rate({"failures": "r_f=2.34 per 1000 node-days"}), node_rate({"id": "rsc-derived-1024-0.0065"})
    (0.00234, 0.0065)
    >>> node_rate({"failures": "6.5 failures per 1,000 node-days"}), node_rate({"failures": "3.8e-3 per server-day"})
    (0.0065, 0.0038)
    """
    text = "; ".join(v for k, v in row.items() if k not in {"source", "notes"} and isinstance(v, str))
    found = re.search(rf"r_?f\s*=\s*{_N}(\s*(?:per|/)\s*1,?000)?", text)
    if found:
        value = _float(found[1])
        return value / 1000 if found[2] or value > 0.1 else value
    found = re.search(
        rf"{_N}\s*(?:failures?|interruptions?|faults?)?\s*(?:per|/)\s*(1,?000\s*)?(?:node|server|machine|host)-?\s?days?\b",
        text,
    )
    if found:
        return _float(found[1]) / (1000 if found[2] else 1)
    found = re.search(r"-(0\.0\d+)(?:;|$)", row.get("id", "") + ";")
    return _float(found[1]) if found else None


def card_hours(row: Mapping[str, str], cards_per_node: float) -> float | None:
    """Return the card-hours per failure that a row states, as such or as a share of machines that fail.

    >>> [card_hours({"failures": t}, 8) for t in ("50,677 GPU-h per failure", "0.08%/day machines (4 chips)")]
    [50677.0, 120000.0]
    >>> [round(card_hours({"failures": t}, 8)) for t in ("0.0319%/instance-hour", "0.02%-0.06%/instance-hour")]
    [25078, 20000]
    >>> [round(card_hours({"failures": t}, 8)) for t in ("0.17 per GPU-year", "9 % of GPUs per year")]
    [51529, 97333]
    >>> card_hours({"failures": "OCS 0.04%/day"}, 8)
    """
    text = "; ".join(row.get(k, "") or "" for k in ("failures", "mttf_hours", "cluster"))
    found = re.search(
        rf"{_N}\s*(?:GPU|card|accelerator|device|NPU)[- ]?h(?:ours?)?\s*(?:per|/)", text, re.IGNORECASE
    )
    found = found or re.search(
        rf"(?:MTBF|MTTF|mean|every|between failures)\D{{0,20}}{_N}\s*(?:GPU|card|device|NPU)[- ]?h",
        text,
        re.IGNORECASE,
    )
    if found:
        return _float(found[1])
    yearly = re.search(
        rf"{_N}\s*(%)?\s*(?:failures?\s*)?(?:of\s+(?:all\s+)?(?:GPU|card|accelerator|NPU)s\s*)?(?:per|/|a)\s*"
        r"(?:(?:GPU|card|accelerator|NPU)[- ])?year\b",
        text,
        re.IGNORECASE,
    )
    if yearly and re.search(r"GPU|card|accelerator|NPU", yearly[0], re.IGNORECASE) and _float(yearly[1]) > 0:
        return 8760.0 / (_float(yearly[1]) / (100.0 if yearly[2] else 1.0))
    machines = r"(?:instances?|nodes?|machines?|servers?|hosts?)"
    found = re.search(
        rf"{_N}\s*%?\s*(?:(?:-|–|to)\s*{_N}\s*)?%\s*(?:of\s+)?(?:{machines}\s*)?(?:/|per\s+|a\s+)\s*"
        rf"(?:{machines}-?)?(hour|h|day)\b(?:\s*{machines})?",
        text,
    )
    if found is None or not re.search(machines, found[0]) or _float(found[1]) <= 0:
        return None
    share = (_float(found[1]) + _float(found[2] or found[1])) / 2
    chips = re.search(r"\((\d+) (?:chips|cards|GPUs)\)", text)
    per_node = float(chips[1]) if chips else cards_per_node
    return per_node * (1.0 if found[3] in {"hour", "h"} else 24.0) / (share / 100)


def parameters(text: str) -> float | None:
    """Return a model's parameters.

    >>> parameters("405B Megatron TP8"), parameters("GPT-175B baseline"), parameters("1.2T MoE"), parameters("H100")
    (405000000000.0, 175000000000.0, 1200000000000.0, None)
    """
    found = re.search(r"(?<![\w.])(?:[A-Za-z]+-)?(\d+(?:\.\d+)?)\s?([BT])(?![\w/])", text)
    return float(found[1]) * {"B": 1e9, "T": 1e12}[found[2]] if found else None


def size(text: str) -> float | None:
    """Return a number of bytes, rates left out.

    >>> size("105 GB = 13.12 B/param"), size("111 GB/s save")
    (105000000000.0, None)
    """
    found = re.search(rf"{_N}\s*({'|'.join(_BYTES)})\b(?!\s*/)", text)
    return _float(found[1]) * _BYTES[found[2]] if found else None


def bandwidth(text: str) -> float | None:
    """Return bytes per second, from bytes or bits.

    >>> bandwidth("to remote storage at 20 Gbps"), bandwidth("2.5 GB/s"), bandwidth("20 GB")
    (2500000000.0, 2500000000.0, None)
    """
    found = re.search(rf"{_N}\s*([MGT])(?:B/s|Bps)", text)
    if found:
        return _float(found[1]) * {"M": 1e6, "G": 1e9, "T": 1e12}[found[2]]
    found = re.search(rf"{_N}\s*([MGT])(?:b/s|bps|bit/s)", text)
    return _float(found[1]) * {"M": 1e6, "G": 1e9, "T": 1e12}[found[2]] / 8 if found else None
