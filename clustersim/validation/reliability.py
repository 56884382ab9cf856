"""Published runs beside the reliability model: ETTR, mean time to failure, numbers of failures.

A row is predicted by what it states. With an ETTR, an interval and a restart time: the closed form, at the row's own
MTTF or at the named cluster's published failure rate. With an MTTF or a number of failures only: the component table,
which was counted on Llama 3 405B and is held against every other fleet here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from clustersim.des.training.closed_form import (
    daly_interval,
    linear_ettr,
    renewal_efficiency,
)
from clustersim.des.training.components import FailureClass, failure_classes
from clustersim.des.training.fidelity import expected_goodput
from clustersim.des.training.run import CheckpointLevel, Recovery, TrainingRun
from clustersim.validation.common import ValidationRow, require_columns

__all__ = ["COLUMNS", "predict"]

COLUMNS = (
    "id", "source", "cluster", "n_gpus", "duration_days", "failures", "mttf_hours", "ettr_or_goodput",
    "checkpoint_interval", "restart_time",
)  # fmt: skip
#: Failures per server of eight and day of clusters that rows name (Kokolis et al., arXiv:2410.21680).
NODE_RATES = {"RSC-1": 6.50e-3, "RSC-2": 2.34e-3}
CARDS_PER_NODE = 8
_UNITS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "hour": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|min|h|hour)\b")
_NUMBER = re.compile(r"^\s*(\d+(?:\.\d+)?)")
#: Rows that count one kind of part, not the interruptions of a job.
_PART = re.compile(
    r"gpu|hbm|nic\b|ssd|psu|chassis|io_board|cpu|memory|switch|cable|host|software|silent|nccl|thermal|depend"
    r"|xid|ecc|link|flash|titan|sram|board|tor\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\d\s*/\s*\d")
_NAMED = re.compile(r"(delta|R)\s*=\s*(\d+(?:\.\d+)?)\s*s")


def _number(text: str) -> float | None:
    match = _NUMBER.match(text.replace(",", ""))
    return float(match[1]) if match else None


def _duration(text: str) -> float | None:
    match = _DURATION.search(text)
    return float(match[1]) * _UNITS[match[2]] if match else None


def _mttf_s(row: Mapping[str, str], cards: float | None) -> tuple[float, str] | None:
    """Return a row's MTTF: the one it states, or its cluster's rate at its size."""
    for name, rate in NODE_RATES.items():
        if cards and name in row["cluster"]:
            return 86400 / (cards / CARDS_PER_NODE * rate), f"{name} rate {rate} per server-day"
    stated = _number(row["mttf_hours"])
    return (stated * 3600, "stated in the row") if stated else None


def _ettr(mttf_s: float, interval_s: float | None, restart_s: float) -> float:
    """ETTR of one level of free checkpoints every interval; without an interval all work is kept."""
    run = TrainingRun(
        nodes=1,
        duration_s=1e12,
        failures=(FailureClass("any", 1 / mttf_s, "multi"),),
        recovery=Recovery(detect_s=restart_s, localise_s=0.0, reschedule_s=(0.0, 0.0, 0.0), initialise_s=0.0),
        levels=(
            CheckpointLevel(
                name="any", interval_s=interval_s or 1.0, blocking_s=0.0, lag_s=0.0, restore_s=0.0,
                survives=("process", "node", "multi"),
            ),
        ),
        spare_nodes=0,
        repair_s=1.0,
        keep_work=interval_s is None,
        safe_recovery=interval_s is None,
    )  # fmt: skip
    return expected_goodput(run).ettr


def predict_row(row: Mapping[str, str]) -> ValidationRow:
    """Predict one row, or say why it cannot be predicted."""
    cards = _number(row["n_gpus"])
    base: dict[str, Any] = {"id": row["id"], "source": row["source"], "card": row["cluster"]}
    named = {k: float(v) for k, v in _NAMED.findall(row["cluster"])}
    ettr, mttf = _number(row["ettr_or_goodput"]), _mttf_s(row, cards)
    if {"delta", "R"} <= set(named) and ettr is not None and mttf is not None:
        tau = daly_interval(named["delta"], mttf[0])
        value = renewal_efficiency(tau, named["delta"], named["R"], mttf[0])
        return ValidationRow(**base, predicted=value, measured=ettr, unit="efficiency", group="Daly",
                             details={"interval_s": tau})  # fmt: skip
    if ettr is not None and 0 < ettr <= 1:
        return _predict_ettr(row, base, ettr, mttf)
    measured = _number(row["mttf_hours"])
    part = _PART.search(row["id"].partition("-")[2])
    if part is not None:
        return ValidationRow(**base, predicted=None, measured=measured or math.nan, unit="h", group="components",
                             reason="counts one kind of part; the component table is made of such counts")  # fmt: skip
    if measured and cards and mttf is not None and "rate" in mttf[1]:
        return ValidationRow(**base, predicted=mttf[0] / 3600, measured=measured, unit="h", group="MTTF",
                             details={"rates": mttf[1]})  # fmt: skip
    if measured and cards:
        rate = sum(
            c.rate_per_s
            for c in failure_classes(cards=int(cards), nodes=max(1, round(cards / CARDS_PER_NODE)))
        )
        return ValidationRow(**base, predicted=1 / rate / 3600, measured=measured, unit="h", group="MTTF",
                             details={"rates": "component table (Llama 3)"})  # fmt: skip
    return _predict_count(row, base, cards)


def _predict_ettr(
    row: Mapping[str, str], base: dict[str, Any], ettr: float, mttf: tuple[float, str] | None
) -> ValidationRow:
    if _SEVERAL.search(row["checkpoint_interval"]):
        return ValidationRow(**base, predicted=None, measured=ettr, unit="ETTR", group="ETTR",
                             reason="states several levels at once; a row holds one interval")  # fmt: skip
    kept = row["checkpoint_interval"].strip().lower().startswith("none")
    interval = None if kept else _duration(row["checkpoint_interval"])
    restart = _duration(row["restart_time"])
    missing = [
        name
        for name, value in (
            ("an MTTF", mttf),
            ("a checkpoint interval", interval or kept),
            ("a restart time", restart),
        )
        if not value
    ]
    if missing or mttf is None or restart is None:
        return ValidationRow(**base, predicted=None, measured=ettr, unit="ETTR", group="ETTR",
                             reason=f"states no {', no '.join(m.partition(' ')[2] for m in missing)}")  # fmt: skip
    details = {"mttf_h": mttf[0] / 3600, "mttf": mttf[1], "interval_s": interval, "restart_s": restart}
    value = _ettr(mttf[0], interval, restart)
    if interval and "rate" in mttf[1]:
        # Meta's rows are values of Meta's own linear form; the exact renewal value stands beside it.
        details["exact_renewal"] = value
        value = linear_ettr(1 / mttf[0], restart, interval)
    return ValidationRow(**base, predicted=value, measured=ettr, unit="ETTR", group="ETTR", details=details)


def _predict_count(row: Mapping[str, str], base: dict[str, Any], cards: float | None) -> ValidationRow:
    count, days = _number(row["failures"]), _number(row["duration_days"])
    if not count or not days or not cards:
        return ValidationRow(**base, predicted=None, measured=count or math.nan, unit="failures", group="counts",
                             reason="states no number that the model gives (size, duration, failures)")  # fmt: skip
    rate = sum(
        c.rate_per_s for c in failure_classes(cards=int(cards), nodes=max(1, round(cards / CARDS_PER_NODE)))
    )
    return ValidationRow(**base, predicted=rate * days * 86400, measured=count, unit="failures", group="counts",
                         details={"rates": "component table (Llama 3)"})  # fmt: skip


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``.

    Raises InputError for missing columns.
    """
    table = list(rows)
    require_columns(table[0] if table else (), COLUMNS, "reliability data")
    return [predict_row(row) for row in table]
