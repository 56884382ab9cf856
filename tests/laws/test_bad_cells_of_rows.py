"""A cell that cannot be read refuses its row with the cell and the reason; it never becomes a number silently."""

import csv
from pathlib import Path
from typing import Any

import pytest

import clustersim
from clustersim.validation import serving_domestic
from clustersim.validation.serving_published import stated_published
from clustersim.validation.serving_rows import degree
from clustersim.validation.sites import Unpredictable
from clustersim.validation.training_record import record
from clustersim.validation.training_scenario import stated_scenario

DATA = Path(clustersim.__file__).parent / "data" / "validation"
BAD = ["8.5", "eight", "-8", "0", "nan", "1e400", "８x"]


def _row(table: str, **wanted: str) -> dict[str, str]:
    with (DATA / table).open(encoding="utf-8") as lines:
        return next(r for r in csv.DictReader(lines) if all(r[k] == v for k, v in wanted.items()))


TRAINED = _row("training.csv", tp="8", recompute="full", seq_parallel="no")
COUNTS = ["tp", "pp", "dp", "cp", "ep", "micro_batch", "global_batch", "seq_len", "n_gpus", "layers"]


def _refused(row: dict[str, str], key: str) -> None:
    with pytest.raises(Unpredictable) as refusal:
        stated_scenario(record(row))
    assert key in str(refusal.value) and repr(row[key]) in str(refusal.value)


@pytest.mark.parametrize("key", COUNTS)
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_count_refuses_a_training_row(key: str, bad: str) -> None:
    assert stated_scenario(record(TRAINED)).document
    _refused(TRAINED | {key: bad}, key)


@pytest.mark.parametrize(
    ("key", "bad"),
    [("zero_stage", "4"), ("zero_stage", "-1"), ("zero_stage", "1.5"), ("zero_stage", "banana"),
     ("recompute", "banana"), ("recompute", "1"), ("seq_parallel", "banana"), ("seq_parallel", "2")],
)  # fmt: skip
def test_a_bad_word_refuses_a_training_row(key: str, bad: str) -> None:
    _refused(TRAINED | {key: bad}, key)


@pytest.mark.parametrize("bad", [*BAD, "1.7"])
def test_a_bad_degree_refuses_a_serving_row(bad: str) -> None:
    with pytest.raises(Unpredictable, match="tp is"):
        degree({"tp": bad}, "tp")
    tables: list[tuple[str, Any]] = [
        ("domestic_serving.csv", serving_domestic.stated), ("serving_published.csv", stated_published)
    ]  # fmt: skip
    for table, stated in tables:
        with (DATA / table).open(encoding="utf-8") as lines:
            row = next(
                r for r in csv.DictReader(lines) if not (was := stated([r])[0]).reason and was.run is not None
            )
        found = stated([row | {"tp": bad}])[0]
        assert found.run is None and "tp is" in found.reason, table
