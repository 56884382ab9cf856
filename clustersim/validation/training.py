"""Published training runs beside the step-time model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from clustersim.errors import ClusterSimError
from clustersim.perf.step import StepTime, estimate_step
from clustersim.validation.common import ValidationRow, require_columns
from clustersim.validation.training_rows import KnownRow, Unpredictable, known_row, number
from clustersim.validation.training_single_node import is_single_node, training_row
from clustersim.validation.training_software import counts_half_square, is_memory_tuned_on, is_tuned_on

__all__ = ["COLUMNS", "Unpredictable", "predict", "predict_step"]

COLUMNS = (
    "id", "source", "model", "params_B", "layers", "hidden", "heads", "kv_heads", "ffn_hidden", "vocab", "seq_len",
    "global_batch", "micro_batch", "tp", "pp", "dp", "cp", "ep", "vpp_interleave", "seq_parallel", "recompute",
    "zero_stage", "gpu", "n_gpus", "dtype", "interconnect", "iteration_time_s", "tokens_per_s_per_gpu",
)  # fmt: skip


def _measured_s(row: Mapping[str, str], known: KnownRow, step: StepTime) -> float:
    """Return the row's seconds of a step: stated, or from its tokens per second, or from its MFU."""
    seconds = number(row, "iteration_time_s")
    if seconds:
        return seconds
    rate = number(row, "tokens_per_s_per_gpu")
    if rate:
        return known.train.global_batch * known.train.seq_len / (rate * known.train.cards)
    mfu = number(row, "mfu")
    if mfu:
        flops = step.model_flops
        if counts_half_square(row):
            square = 6.0 * known.train.model.layers * known.train.seq_len * known.train.model.score_width
            flops -= 0.5 * square * known.train.global_batch * known.train.seq_len
        return flops / (mfu * step.peak * known.train.cards)
    raise Unpredictable("the row has neither a step time nor tokens per second nor an MFU")


def predict_step(row: Mapping[str, str]) -> tuple[StepTime, float, dict[str, Any]]:
    """Return the predicted step of a row, its measured seconds, and the choices behind the prediction."""
    return _step(row, known_row(row))


def _step(row: Mapping[str, str], known: KnownRow) -> tuple[StepTime, float, dict[str, Any]]:
    train = known.train
    step = estimate_step(train)
    details = {
        "card": train.card.name, "dtype": train.dtype, "nic_bytes_per_s": train.network.scale_out_bandwidth,
        "nic": known.nic, "gemm_efficiency": train.card.gemm_efficiency, "software": asdict(train.plan.software),
        "mfu": step.mfu, "tuned_on": is_tuned_on(row), "guessed": known.chosen,
    }  # fmt: skip
    return step, _measured_s(row, known, step), details


def _known(row: Mapping[str, str]) -> KnownRow | str:
    """Return a row as the step model takes it, or why it cannot be."""
    try:
        return known_row(row)
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        return str(error).splitlines()[0]


def _step_row(row: Mapping[str, str], known: KnownRow | str) -> ValidationRow:
    """The step of one row, or why it is not predicted."""
    base: dict[str, Any] = {"id": row["id"], "source": row["source"], "unit": "s"}
    try:
        if isinstance(known, str):
            raise Unpredictable(known)
        step, measured, details = _step(row, known)
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        reason = str(error).splitlines()[0]
        measured = number(row, "iteration_time_s") or math.nan
        return ValidationRow(**base, predicted=None, measured=measured, card=row["gpu"], reason=reason)
    group = "tuned on" if details["tuned_on"] else "held out"
    return ValidationRow(
        **base,
        predicted=step.step_time_s,
        measured=measured,
        card=details["card"],
        group=group,
        details=details,
    )


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``, or of vTrain's single-node table.

    Raises InputError for missing columns.
    """
    table = list(rows)
    if table and is_single_node(table[0]):
        table = [training_row(row, index) for index, row in enumerate(table)]
    require_columns(table[0] if table else (), COLUMNS, "training data")
    jobs = [(row, _known(row)) for row in table]
    return [_step_row(*pair) for pair in jobs] + [found for pair in jobs for found in _memory_rows(*pair)]


def _stated_memory(row: Mapping[str, str]) -> tuple[float | None, bool]:
    if "peak_memory_gib" in row or "out_of_memory" in row:
        return number(row, "peak_memory_gib"), (row.get("out_of_memory") or "").lower() == "yes"
    notes = row.get("notes") or ""
    found = re.search(r"(?:peak mem[^;]*?|real alloc) ([\d.]+)\s*Gi?B", notes)
    return float(found[1]) if found else None, bool(re.search(r"peak mem[^;]*\bOOM\b", notes))


def _memory_rows(row: Mapping[str, str], known: KnownRow | str) -> list[ValidationRow]:
    """The memory of a row that states one, or the verdict on a row that ran out of it.

    Both columns are optional: ``peak_memory_gib``, and ``out_of_memory`` with yes (1 where it does not fit); where they
    are missing, a column ``notes`` may say the same in words.
    """
    stated, ran_out = _stated_memory(row)
    if stated is None and not ran_out:
        return []
    group = "memory tuned on" if is_memory_tuned_on(row) else "memory"
    base: dict[str, Any] = {
        "id": f"{row['id']} memory", "source": row["source"], "group": group, "aside": True,
    }  # fmt: skip
    if not isinstance(known, str) and number(row, "global_batch") is None:
        known = "the row has no global_batch"
    if isinstance(known, str):
        measured = stated or 1.0
        return [
            ValidationRow(
                **base, predicted=None, measured=measured, unit="GiB", card=row["gpu"], reason=known
            )
        ]
    gib = known.memory_bytes / 2**30
    name = known.train.card.name
    if not ran_out:
        return [ValidationRow(**base, predicted=gib, measured=stated or math.nan, unit="GiB", card=name)]
    verdict = base | {"group": "out of memory"}
    return [
        ValidationRow(
            **verdict, predicted=float(known.memory_bytes > known.train.card.memory_bytes), measured=1.0,
            unit="1 if it does not fit", card=name, details={"needed_gib": gib},
        )
    ]  # fmt: skip
