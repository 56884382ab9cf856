"""Published steps that no constant was found from and that no table ships: a judge of the step model.

The loss at scale of megatron-core was set after the row of Nemotron-4 had been seen: for that stack it judges sanity
alone.

The rows are figures of two publications whose settings are complete (arXiv:2406.11704, table 2, bfloat on H100; NeMo
AutoModel's performance summary of 2025-10 with the settings of its benchmark configurations). The runs of NeMo
AutoModel route every token to experts that follow one another (its fake balanced gate), so that they exchange less
than experts drawn evenly do: predicted too slow, and held to a wide bound only.
"""

import csv
import statistics
from functools import lru_cache
from pathlib import Path

from clustersim.validation.common import ValidationRow
from clustersim.validation.leave_out import TABLES, Measured, measured_steps
from clustersim.validation.sources import shipped_rows
from clustersim.validation.training import predict, tuned_ids

JUDGE = Path(__file__).resolve().parent.parent / "data" / "training_judge.csv"
#: The worst that a step of an unseen stack may be off; of P10 to P90 of its class (docs/intervals.md) the wider side.
WORST = 0.6


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, str], ...]:
    with JUDGE.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@lru_cache(maxsize=1)
def _measured() -> tuple[Measured, ...]:
    return tuple(measured_steps(_rows()))


def test_no_constant_was_found_from_the_judge() -> None:
    sources = {row["source"] for table in TABLES for row in shipped_rows(table)}
    assert not {row["id"] for row in _rows()} & set(tuned_ids())
    assert not {row["source"] for row in _rows()} & sources


def test_every_row_of_the_judge_is_predicted_within_its_class() -> None:
    found = {row.id: row.error(row.known.train) for row in _measured()}
    assert set(found) == {row["id"] for row in _rows()}
    assert all(abs(error) < WORST for error in found.values()), found


def test_a_dense_run_of_a_known_stack_on_thousands_of_cards() -> None:
    off = [row.error(row.known.train) for row in _measured() if row.software == "megatron-core"]
    assert len(off) == 1 and abs(off[0]) <= 0.08, off


#: TorchTitan's other rows (its benchmarks of December 2024 and June 2025): the same publications as shipped rows, read
#: after the terms of its memory had been set, with no constant found from either.
TITAN = JUDGE.with_name("training_judge_torchtitan.csv")


@lru_cache(maxsize=1)
def _titan() -> tuple[ValidationRow, ...]:
    with TITAN.open(encoding="utf-8", newline="") as file:
        return tuple(predict(csv.DictReader(file)))


def test_steps_of_pytorchs_sharding_that_nobody_tuned_on() -> None:
    off = [row.error_pct for row in _titan() if not row.id.endswith(" memory")]
    assert len(off) == 11 and None not in off
    assert statistics.median(map(abs, off)) <= 8 and max(map(abs, off)) <= 25, off


def test_memory_of_pytorchs_sharding_that_nobody_tuned_on() -> None:
    off = [row.error_pct for row in _titan() if row.id.endswith(" memory")]
    assert len(off) == 11 and statistics.fmean(map(abs, off)) <= 10, off
