"""Published training runs beside the step-time model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.intervals.layouts import plan_kind
from clustersim.perf.job import TrainJob
from clustersim.perf.shortlist import kind_of
from clustersim.perf.step import StepTime
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, class_of, reason_of, require_columns
from clustersim.validation.row_files import scenario_text
from clustersim.validation.sources import filled, shipped_rows
from clustersim.validation.training_record import Unpredictable, number, stated_memory
from clustersim.validation.training_rows import KnownRow, known_row
from clustersim.validation.training_single_node import SHIPPED, is_single_node, training_row
from clustersim.workloads.training import step_of

__all__ = [
    "COLUMNS",
    "Unpredictable",
    "as_scenario",
    "is_single_node",
    "known_row",
    "measured_step",
    "plan_shards",
    "predict",
    "predict_job",
    "predict_step",
    "step_of",
    "training_row",
    "tuned_ids",
]

COLUMNS = (
    "id", "source", "model", "params_B", "layers", "hidden", "heads", "kv_heads", "ffn_hidden", "vocab", "seq_len",
    "global_batch", "micro_batch", "tp", "pp", "dp", "cp", "ep", "vpp_interleave", "seq_parallel", "recompute",
    "zero_stage", "gpu", "n_gpus", "dtype", "interconnect", "iteration_time_s", "tokens_per_s_per_gpu",
)  # fmt: skip

#: What a row's MFU counts of the attention square (column ``mfu_attention``): the causal half instead of all of it.
CAUSAL_HALF = "causal_half"


NO_STEP = f"{NO_MEASUREMENT}: neither a step time nor tokens per second nor an MFU"
#: Columns of which one holds the measurement.
_MEASUREMENTS = ("iteration_time_s", "tokens_per_s_per_gpu", "mfu")


@lru_cache(maxsize=1)
def tuned_ids() -> dict[str, str]:
    """Return the ids of the rows that constants were found from, and what: ``step``, ``memory`` or both."""
    tables = ("training.csv", "training_2026.csv", SHIPPED)
    return {row["id"]: row["tuned_on"] for name in tables for row in shipped_rows(name) if row["tuned_on"]}


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
        if filled(row).get("mfu_attention") == CAUSAL_HALF:
            square = 6.0 * known.train.model.layers * known.train.seq_len * known.train.model.score_width
            flops -= 0.5 * square * known.train.global_batch * known.train.seq_len
        return flops / (mfu * step.peak * known.train.cards)
    raise Unpredictable(NO_STEP)


def measured_step(row: Mapping[str, str], known: KnownRow) -> float:
    """Return the measured seconds of a row's step.

    Raises Unpredictable where the row has none.
    """
    return _step(row, known)[1]


def predict_job(known: KnownRow, job: TrainJob) -> float:
    """Return the seconds of a row's step with other constants in its job."""
    return step_of(known.work, job).step_time_s


def predict_step(row: Mapping[str, str]) -> tuple[StepTime, float, dict[str, Any]]:
    """Return the predicted step of a row, its measured seconds, and the choices behind the prediction."""
    return _step(row, known_row(row))


def _step(row: Mapping[str, str], known: KnownRow) -> tuple[StepTime, float, dict[str, Any]]:
    train, software = known.train, known.record.software
    if not any(number(row, key) for key in _MEASUREMENTS):
        raise Unpredictable(NO_STEP)
    step = step_of(known.work, train)
    details = {
        "card": train.card.name, "dtype": train.dtype, "recipe": known.record.format.recipe,
        "nic_bytes_per_s": train.network.scale_out_bandwidth, "nic": known.nic,
        "gemm_efficiency": train.card.gemm_efficiency, "software": software.profile.name,
        "software_said": software.said, "constants": asdict(train.plan.software), "mfu": step.mfu,
        "tuned_on": row["id"] in tuned_ids(), "guessed": known.chosen, "shards": kind_of(train.plan),
    }  # fmt: skip
    return step, _measured_s(row, known, step), details


def plan_shards(row: ValidationRow) -> str:
    """Return what the plan of a predicted row shards, as the ranking of plans tells kinds apart."""
    return str(row.details["shards"])


def _size(cards: int) -> str:
    for most, words in (
        (1, "1 card"),
        (8, "2 to 8 cards"),
        (128, "9 to 128 cards"),
        (1024, "129 to 1,024 cards"),
    ):
        if cards <= most:
            return words
    return "above 1,024 cards"


def _where(row: Mapping[str, str], known: KnownRow | str) -> dict[str, Any]:
    """What a row's errors are shown by, and the question that it answers by its plan."""
    tuned = tuned_ids().get(row["id"], "")
    out: dict[str, Any] = {"id": row["id"], "source": row["source"], "tuned": bool(tuned), "card": row["gpu"]}
    if isinstance(known, str):
        return out
    train, record = known.train, known.record
    asked = (
        row["model"],
        train.model.layers,
        train.card.name,
        train.cards,
        train.global_batch,
        train.seq_len,
        train.dtype,
    )
    return out | {
        "card": train.card.name, "card_class": class_of(record.card), "software": record.software.profile.name,
        "plan_kind": plan_kind(train.plan), "domain": _size(train.cards), "question": "|".join(map(str, asked)),
        "family": _family(known),
    }  # fmt: skip


def _family(known: KnownRow) -> str:
    """Mixture or dense, and whether anything was ever measured of its software."""
    kind = "mixtures" if known.train.model.experts else "dense"
    stack = "unmeasured" if known.record.software.profile.evidence == "unmeasured" else "known"
    return f"{kind}, {stack} stacks"


def _known(row: Mapping[str, str]) -> KnownRow | str:
    """Return a row as the step model takes it, or why it cannot be."""
    try:
        return known_row(row)
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        return reason_of(error)


def _step_row(row: Mapping[str, str], known: KnownRow | str) -> ValidationRow:
    """The step of one row, or why it is set aside."""
    where = _where(row, known)
    try:
        if isinstance(known, str):
            raise Unpredictable(known)
        step, measured, details = _step(row, known)
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        reason = reason_of(error)
        measured = number(row, "iteration_time_s") or math.nan
        return ValidationRow(**where, unit="s", predicted=None, measured=measured, reason=reason)
    return ValidationRow(
        **where,
        unit="s",
        predicted=step.step_time_s,
        measured=measured,
        group="tuned on" if where["tuned"] else "held out",
        details=details,
    )


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: running it gives the row's prediction.

    Raises InputError with the nearest id for an unknown one, and for a row that holds no scenario, in the words in
    which it is set aside.
    """
    table = [training_row(row) if is_single_node(row) else row for row in rows]
    row = next((r for r in table if r["id"] == wanted), None)
    if row is None:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, [r['id'] for r in table])}")
    try:
        known = known_row(row)
    except Unpredictable as error:
        raise InputError(reason_of(error)) from None
    said = [f"Row {wanted} of {row['source']} as `validate` predicts it."]
    said += [f"Chosen or taken: {known.chosen}."] if known.chosen else []
    return scenario_text(known.document, "\n".join(said))


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``, or of vTrain's single-node table.

    Raises InputError for missing columns.
    """
    table = list(rows)
    if table and is_single_node(table[0]):
        table = [training_row(row) for row in table]
    require_columns(table[0] if table else (), COLUMNS, "training data")
    jobs = [(row, _known(row)) for row in table]
    return [_step_row(*pair) for pair in jobs] + [found for pair in jobs for found in _memory_rows(*pair)]


def _memory_rows(row: Mapping[str, str], known: KnownRow | str) -> list[ValidationRow]:
    """The memory of a row that states one, or the verdict on a row that ran out of it.

    Both columns are optional: ``peak_memory_gib``, and ``out_of_memory`` with yes (1 where it does not fit); where they
    are missing, a column ``notes`` may say the same in words.
    """
    stated, ran_out = stated_memory(row)
    if stated is None and not ran_out:
        return []
    memory_tuned = "memory" in tuned_ids().get(row["id"], "")
    where = _where(row, known) | {
        "id": f"{row['id']} memory",
        "aside": True,
        "tuned": memory_tuned,
        "question": "",
    }
    shards = not isinstance(known, str) and (
        known.train.plan.zero == 3 or "fsdp" in (row.get("zero_stage") or "").lower()
    )
    where["group"] = "memory tuned on" if memory_tuned else "memory of FSDP" if shards else "memory"
    if not isinstance(known, str) and number(row, "global_batch") is None:
        known = "the row has no global_batch"
    if isinstance(known, str):
        return [ValidationRow(**where, predicted=None, measured=stated or 1.0, unit="GiB", reason=known)]
    gib = known.memory_bytes / 2**30
    if not ran_out:
        return [ValidationRow(**where, predicted=gib, measured=stated or math.nan, unit="GiB")]
    where["group"] = "out of memory"
    return [
        ValidationRow(
            **where, predicted=float(known.memory_bytes > known.train.card.memory_bytes), measured=1.0,
            unit="1 if it does not fit", details={"needed_gib": gib},
        )
    ]  # fmt: skip
