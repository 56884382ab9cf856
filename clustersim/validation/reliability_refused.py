"""What a row of reliability states that is an input of the model, or what it lacks."""

from __future__ import annotations

import re

from clustersim.validation import reliability_text as text
from clustersim.validation.common import ValidationRow
from clustersim.validation.reliability_row import Row

__all__ = ["refused"]


def refused(row: Row) -> ValidationRow:
    """Say what a row states that is an input of the model, or what it lacks."""
    cells = row.cells
    for pattern, reason in (
        (
            r"wast|slow",
            "waste by stragglers is what extras.straggler_rate and its like are given, not what comes out",
        ),
        (r"<=|<\s*\d|downtime|overhead", "states a bound, and no failure rate and recovery that lead to it"),
        (r"goodput|>|ETTR|restart", "states no failure rate, interval and restart time together"),
    ):
        if re.search(pattern, cells["ettr_or_goodput"]):
            return row.refuse(None, "ETTR", "ETTR", reason)
    if "%" in cells["failures"]:
        return row.refuse(
            None, "h", "parts", "states rates of parts, which are inputs (failures_per_year, link_flaps)"
        )
    if text.node_rate(cells):
        return row.refuse(
            None, "h", "MTTF", "states a rate, which is an input, and no time to failure beside it"
        )
    for pattern, reason in (
        (
            r"\bflaps?\b",
            "states how often links flap, which is an input (link_flaps), and not what a flap stops",
        ),
        (r"(?<!un)planned|maintenance", "counts planned interruptions, which are an input (maintenance)"),
        (
            r"longest|failure-free",
            "states the longest stretch without a failure, and no failure rate that leads to it",
        ),
    ):
        if re.search(pattern, cells["failures"]):
            return row.refuse(None, "failures", "counts", reason)
    if re.search(r"simultaneous|spare|standby", cells["failures"]):
        found = re.search(r"=\s*(\d+)", cells["failures"])
        return row.refuse(
            float(found[1]) if found else None, "spares", "spares", "states no failure rate of its machines"
        )
    if text.duration(cells["restart_time"]):
        reason = "times of one software at one size: inputs (reliability.recovery), which no law of the model gives"
        return row.refuse(None, "s", "recovery", reason)
    if text.parameters(cells["cluster"]):
        return row.refuse(None, "B", "checkpoint size", "states neither size nor time of its checkpoint")
    if row.failures and not row.cards:
        return row.refuse(
            row.failures, "failures", "counts", "states no number of cards, over which failures are counted"
        )
    return row.refuse(row.failures, "failures", "counts", "states no outcome that the model gives: no time to failure,"
                      " count over a duration, ETTR, interval, checkpoint or recovery")  # fmt: skip
