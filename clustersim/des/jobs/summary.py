"""What a shared site did, by owner and by size of job."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from clustersim.des.jobs.book import JobRecord, SharedRun

__all__ = ["by_size", "by_tenant", "headline", "size_words"]

#: Upper bounds of the sizes in cards, and their words.
_SIZES = ((1, "share of a card"), (2, "1 card"), (8, "2-7 cards"), (9, "8 cards"), (65, "9-64 cards"),
          (513, "65-512 cards"), (math.inf, "over 512 cards"))  # fmt: skip


def size_words(cards: float) -> str:
    """Return the words for a job's size.

    >>> size_words(0.5), size_words(8), size_words(96), size_words(0)
    ('share of a card', '8 cards', '65-512 cards', 'no card')
    """
    if cards == 0:
        return "no card"
    return next(words for bound, words in _SIZES if cards < bound)


def _hours(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) / 3600.0 if values else None


def _row(records: Sequence[JobRecord]) -> dict[str, Any]:
    """Counts, waits and completion times of some jobs; times are those of jobs that started, or still wait."""
    waits = [record.waited_s for record in records]
    took = [record.ended_s - record.arrived_s for record in records if record.status == "finished"]
    return {
        "jobs": len(records),
        "finished": len(took),
        "waiting": sum(record.status == "queued" for record in records),
        "useful_card_h": sum(record.useful_card_s for record in records) / 3600.0,
        "lost_card_h": sum(record.lost_card_s for record in records) / 3600.0,
        "wait_p50_h": _hours(waits, 0.5),
        "wait_p95_h": _hours(waits, 0.95),
        "completion_p50_h": _hours(took, 0.5),
        "completion_p95_h": _hours(took, 0.95),
        "preemptions": sum(record.preemptions for record in records),
        "failures": sum(record.failures for record in records),
    }


def _grouped(run: SharedRun, key: Callable[[JobRecord], str], name: str) -> list[dict[str, Any]]:
    groups: dict[str, list[JobRecord]] = {}
    for record in run.records:
        groups.setdefault(key(record), []).append(record)
    return [{name: label, **_row(records)} for label, records in groups.items()]


def by_size(run: SharedRun) -> list[dict[str, Any]]:
    """Return one row a size of job, the smallest first."""
    order = ["no card", *(words for _, words in _SIZES)]
    rows = _grouped(run, lambda record: size_words(record.cards), "size")
    return sorted(rows, key=lambda row: order.index(row["size"]))


def _owner(record: JobRecord) -> str:
    return f"{record.tenant or 'all'}, priority {record.priority}"


def by_tenant(run: SharedRun, cny_per_useful_card_hour: float | None = None) -> list[dict[str, Any]]:
    """Return one row a tenant and priority, with what a useful card-hour costs it.

    All cost of the site is borne in proportion to the card-hours held: a tenant's useful hour costs the site's mean
    times (held / useful) of the tenant over (held / useful) of the site, so that the parts sum to the whole. Services,
    where any held servers, are the last row: every hour that they hold is useful.
    """
    rows = _grouped(run, _owner, "tenant")
    services = [{"tenant": "services", **_row([]), "useful_card_h": run.service_card_h}]
    services = services if run.service_card_h > 0 else []
    if cny_per_useful_card_hour is None:
        return rows + services
    useful = run.useful_share
    mean = cny_per_useful_card_hour * useful / run.utilisation if run.utilisation else 0.0
    for row in services:
        row["cny_per_useful_card_hour"] = mean
    for row in rows:
        kept = sum(
            record.useful_card_s
            for record in run.records
            if _owner(record) == row["tenant"] and record.status not in ("failed", "cancelled")
        )
        held = row["useful_card_h"] + row["lost_card_h"]
        row["cny_per_useful_card_hour"] = mean * held * 3600.0 / kept if kept > 0 else None
    return rows + services


def headline(run: SharedRun) -> dict[str, Any]:
    """Return the shares of the site's card-time, waits, and jobs that are through."""
    waits = [record.waited_s for record in run.records]
    gangs = [record for record in run.records if record.leaves]
    return {
        "cards": run.cards,
        "duration_h": run.duration_s / 3600.0,
        "jobs_count": len(run.records),
        "finished": sum(record.status == "finished" for record in run.records),
        "utilisation": run.utilisation,
        "useful_share": run.useful_share,
        "unsuccessful_share": run.unsuccessful_share,
        "lost_share": run.lost_share,
        "down_share": run.down_share,
        "idle_share": run.idle_share,
        "fragmented_share": run.fragmented_share,
        "service_met_share": run.service_met_share,
        "wait_p50_h": _hours(waits, 0.5),
        "wait_p95_h": _hours(waits, 0.95),
        "waited_over_60_s_share": float(np.mean(np.array(waits) > 60.0)) if waits else None,
        "mean_leaves": float(np.mean([record.leaves for record in gangs])) if gangs else None,
    }
