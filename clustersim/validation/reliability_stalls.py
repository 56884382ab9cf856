"""The long runs behind rows of ETTR: one level of checkpoints, and large jobs that stall, synchronous or elastic."""

from __future__ import annotations

import re
from typing import Any

from clustersim.assemble.failures import spread_of_fleets
from clustersim.des.training.components import FailureClass, failure_classes
from clustersim.des.training.copies import CheckpointLevel
from clustersim.des.training.fidelity import expected_goodput
from clustersim.des.training.fleets import at_card_hours
from clustersim.des.training.run import Extras, Recovery, TrainingRun
from clustersim.validation import reliability_text as text
from clustersim.validation.common import ValidationRow
from clustersim.validation.reliability_row import CARDS_PER_NODE, Row

__all__ = ["STALLED", "one_level_ettr", "stall_row", "stalled_run"]


def one_level_ettr(mttf_s: float, interval_s: float | None, restart_s: float, write_s: float = 0.0) -> float:
    """ETTR of one level of checkpoints every interval; without an interval all work is kept."""
    run = TrainingRun(
        nodes=1,
        duration_s=1e12,
        failures=(FailureClass("any", 1 / mttf_s, "process"),),
        recovery=Recovery(detect_s=restart_s, localise_s=0.0, reschedule_s=(0.0, 0.0, 0.0), initialise_s=0.0),
        levels=(
            CheckpointLevel(
                name="any", interval_s=interval_s or 1.0, blocking_s=write_s, lag_s=0.0, restore_s=0.0,
                survives=("process", "node", "multi"),
            ),
        ),
        spare_nodes=0,
        repair_s=1.0,
        keep_work=interval_s is None,
        safe_recovery=interval_s is None,
    )  # fmt: skip
    return expected_goodput(run).ettr


#: What papers on stalls of large jobs leave out (arXiv:2602.00277 states neither).
STALLED = "copies every 10 min (partner) and 30 min (storage), counted by steps; 32 replicas"


def stall_row(row: Row) -> ValidationRow | None:
    """A large job whose failures stall all of it, or an elastic one that goes on without a replica.

    Where the row states no rate, that of the median fleet; its checkpoints and replicas are assumed.
    """
    measured, words = text.share(row.cells["ettr_or_goodput"]), row.cells["restart_time"]
    stall = text.duration(words) if "stall" in words else None
    if measured is None or stall is None or not row.cards:
        return None
    elastic = re.search(r"elastic|fault[- ]toleran", f"{row.cells['cluster']}; {row.cells['id']}") is not None
    spread = spread_of_fleets()
    stated = row.mttf_s * row.cards / 3600 if row.mttf_s else None
    value, worst, best = (
        expected_goodput(stalled_run(row.cards, stall, hours, elastic=elastic)).ettr
        for hours in (stated or spread.median_h, spread.quantile(0.1), spread.quantile(0.9))
    )
    more: dict[str, Any] = (
        {} if stated else {"p10": worst, "p90": best, "inside": worst <= measured.value <= best}
    )
    return row.answer(
        value, measured.value, "ETTR", "stalls", aside=stated is None, elastic=elastic, stall_s=stall,
        mttf=row.mttf_from or "median of the fleets", assumed=STALLED, **more,
    )  # fmt: skip


def stalled_run(cards: float, stall_s: float, card_hours: float, *, elastic: bool) -> TrainingRun:
    """Return a month of a job each of whose failures stalls it, at a rate of failures; the rest as ``STALLED`` says."""
    nodes = max(1, round(cards / CARDS_PER_NODE))
    survives = (("process", "node"), ("process", "node", "multi"))
    return TrainingRun(
        nodes=nodes,
        duration_s=30 * 86400.0,
        failures=at_card_hours(failure_classes(cards=round(cards), nodes=nodes), cards, card_hours),
        # An elastic replica is away for as long as synchronous jobs stall: 10 minutes.
        recovery=Recovery(
            detect_s=600.0 if elastic else stall_s,
            localise_s=0.0,
            reschedule_s=(0.0, 0.0, 0.0),
            initialise_s=0.0,
        ),
        levels=tuple(
            CheckpointLevel(
                name=name, interval_s=every, blocking_s=1.0, lag_s=2.0, restore_s=0.0, survives=left
            )
            for name, every, left in zip(("partner", "storage"), (600.0, 1800.0), survives, strict=True)
        ),
        spare_nodes=max(4, nodes // 12),
        repair_s=86400.0,
        counted_by="steps",
        extras=Extras(elastic_replicas=32, elastic_stall_s=stall_s) if elastic else Extras(),
    )
