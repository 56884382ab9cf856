"""The times of a failure log: hours, seconds, unix times and time stamps, all as seconds since the start of the run."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from clustersim.errors import InputError, Problem
from clustersim.reading.tables import Table

__all__ = ["Clock", "length_s", "stamp"]

#: A unix time is at least this large (2001), and a plausible number of hours is not.
_UNIX = 1e9
#: Years in which accelerators can have failed; other dates are slips.
_YEARS = range(1970, 2200)
_SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "hr": 3600.0, "hours": 3600.0, "hour": 3600.0,
            "d": 86400.0, "day": 86400.0, "days": 86400.0}  # fmt: skip
_LENGTH = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([A-Za-z]*)\s*", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d+)\s*d(?:ays?)?[\s,]*)?(\d{1,4}):([0-5]\d)(?::([0-5]\d))?")
#: Ends of column names that say a unit.
_SUFFIX = {"_h": 3600.0, "_s": 1.0, "_min": 60.0, "_d": 86400.0}
_NAMED = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "hour": 3600.0, "days": 86400.0}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _unit_of(column: str) -> float | None:
    """Seconds of the unit that a column's name says; nothing where it says none."""
    plain = column.lower()
    if plain in _NAMED:
        return _NAMED[plain]
    return next((seconds for end, seconds in _SUFFIX.items() if plain.endswith(end)), None)


def length_s(text: str, column: str) -> float | str:
    """Return the seconds of a length of time, or what is wrong with it; its unit stands with it or ends the column.

    >>> length_s("5 h", "downtime"), length_s("30", "repair_min"), length_s("1:30", "downtime"), length_s("5", "repair")
    (18000.0, 1800.0, 5400.0, "'5' has no unit: write 5 h, or name the column repair_h")
    """
    clock, plain = _CLOCK.fullmatch(text.strip()), _LENGTH.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = (float(v or 0) for v in clock.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds
    if plain is None or (plain[2] and plain[2].lower() not in _SECONDS):
        return f"{text.strip()!r} is no length of time"
    unit = _SECONDS[plain[2].lower()] if plain[2] else _unit_of(column)
    if unit is None:
        return f"{text.strip()!r} has no unit: write {text.strip()} h, or name the column {column}_h"
    value = float(plain[1]) * unit
    return value if math.isfinite(value) and value >= 0 else f"{text.strip()!r} is no length of time"


class Clock:
    """Turns the cells of a log into seconds since the start of the run."""

    def __init__(self, table: Table, column: str, start: str | None, problems: list[Problem]) -> None:
        self._name, self._column, self._problems = table.name, column, problems
        self.notes: list[str] = []
        said = _unit_of(column)
        self._unit = said or 3600.0
        stamps = [stamp(row[column]) for row in table.rows]
        known = [s for s in stamps if s is not None]
        self._zoned = bool(known) and known[0].tzinfo is not None
        self._start: datetime | None = None
        if not known and start is None:
            if said is None:
                self.notes.append(
                    f"log: bare numbers of {column!r} are read as hours since the start of the run"
                )
            return
        if start is not None:
            self._start = stamp(start)
            if self._start is None:
                raise InputError(
                    f"reliability.log_start: {start!r} is no time stamp; write 2026-03-01T08:00+08:00"
                )
            self._zoned = self._start.tzinfo is not None
            return
        alike = [s for s in known if (s.tzinfo is not None) == self._zoned]
        first = min(alike)
        self._start = first.replace(hour=0, minute=0, second=0, microsecond=0)
        self.notes.append(
            f"log: no start of the run is given; hours count from {self._start.isoformat()}, the beginning of"
            " the day of the first event (reliability.log_start states another)"
        )

    def seconds(self, line: int, text: str, column: str | None = None) -> float | None:
        """Return a time since the start, or note why there is none."""
        column = column or self._column
        what = self._plain(text, column) if self._start is None else self._dated(text)
        if isinstance(what, str):
            self._problems.append(Problem(self._name, line, column, what))
            return None
        if what < 0:
            self._problems.append(
                Problem(self._name, line, column, f"{text.strip()!r} is before the start of the run")
            )
            return None
        return what

    def _plain(self, text: str, column: str) -> float | str:
        found = _LENGTH.fullmatch(text)
        if found is None or (found[2] and found[2].lower() not in _SECONDS):
            return f"{text.strip()!r} is not a number of hours, nor a time stamp{_hint(text)}"
        unit = _SECONDS[found[2].lower()] if found[2] else _unit_of(column) or self._unit
        value = float(found[1]) * unit
        return value if math.isfinite(value) else f"{text.strip()!r} is not a number of hours"

    def _dated(self, text: str) -> float | str:
        at = stamp(text)
        if at is None or self._start is None:
            return f"{text.strip()!r} is no time stamp, as the others are{_hint(text)}"
        if (at.tzinfo is not None) != self._zoned:
            word = "has no zone, and others have one" if self._zoned else "has a zone, and others have none"
            return f"{text.strip()!r} {word}; write all alike"
        return (at - self._start) / timedelta(seconds=1)


def _hint(text: str) -> str:
    """Say what to write where days and months cannot be told apart."""
    if re.match(r"\s*\d{1,2}[/-]\d{1,2}[/-]\d{2,4}", text):
        return ": which is the month? write 2026-03-01 12:00"
    return ""


def stamp(text: str) -> datetime | None:
    """Return a time stamp: ISO 8601 (also with / and a blank), day.month.year, as C writes it, or a unix time.

    >>> [stamp(t).isoformat() for t in ("2026/03/02 03:04", "02.03.2026 03:04", "Mon Mar  2 03:04:05 2026", "20260302")]
    ['2026-03-02T03:04:00', '2026-03-02T03:04:00', '2026-03-02T03:04:05', '2026-03-02T00:00:00']
    >>> stamp("2026-03-02 03:04 UTC").isoformat(), stamp("10"), stamp("03/02/2026")
    ('2026-03-02T03:04:00+00:00', None, None)
    """
    plain = text.strip().replace("/", "-")
    if not re.fullmatch(r"(19|20)\d{6}", plain):
        number = _number(plain)
        if number is not None:
            return _unix(number)
    plain = re.sub(r"\s*(UTC|GMT)$", "+00:00", plain)
    plain = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", plain)
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", plain)
    if german:
        plain = f"{german[3]}-{int(german[2]):02d}-{int(german[1]):02d}{german[4]}"
    of_c = re.fullmatch(r"[A-Za-z]{3}\s+([A-Za-z]{3})\s+(\d{1,2})\s+([\d:.]+)\s+(\d{4})", plain)
    if of_c and of_c[1].lower() in _MONTHS:
        plain = f"{of_c[4]}-{_MONTHS.index(of_c[1].lower()) + 1:02d}-{int(of_c[2]):02d}T{of_c[3]}"
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unix(number: float) -> datetime | None:
    """A unix time in seconds, or in milli-, micro- or nanoseconds where it is too large for those."""
    if not math.isfinite(number) or number < _UNIX:
        return None
    for _ in range(3):
        if number > 1000 * _UNIX:
            number /= 1000
    try:
        found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    except OverflowError:
        return None
    return found if found.year in _YEARS else None
