"""A published row is a scenario: its file runs to the predicted number, or is refused in the same words."""

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.load_inputs import load_inputs
from clustersim.validation import training
from clustersim.validation.common import ValidationRow, reason_of
from clustersim.validation.sources import shipped_rows
from clustersim.validation.training_single_node import is_single_node, training_row
from clustersim.workloads.training import planned_job, step_of
from clustersim.workloads.work import StageCache

TABLES = ("training.csv", "training_2026.csv", "domestic_training.csv", "training_single_node_a100.csv")
Row = Mapping[str, str]


def rows_of(table: str) -> list[Row]:
    return [training_row(row) if is_single_node(row) else row for row in shipped_rows(table)]


def outcome(row: Row, folder: Path) -> tuple[float | None, str]:
    """Step time of the row's file, or why it is refused: when it is written, or when it runs."""
    try:
        file = folder / "row.yaml"
        file.write_text(training.as_scenario([row], row["id"]), encoding="utf-8")
        inputs = load_inputs(str(file))
        inputs.require(money=False, step_alone=True)
        work = inputs.scenario.demand["training"]
        job, _ = planned_job(inputs, work, StageCache())
        return step_of(work, job).step_time_s, ""
    except ClusterSimError as error:
        return None, reason_of(error)


def agree(row: Row, found: ValidationRow, folder: Path) -> None:
    seconds, why = outcome(row, folder)
    if found.reason == training.NO_STEP:
        assert seconds is not None or "does not fit" in why, found.id
    else:
        assert (seconds, why) == (found.predicted, found.reason), found.id


def hold(rows: list[Row], folder: Path) -> None:
    for row, found in zip(rows, training.predict(rows)[: len(rows)], strict=True):
        agree(row, found, folder)


def test_a_sample_of_rows_runs_to_its_prediction(tmp_path: Path) -> None:
    table = rows_of("training.csv")
    found = training.predict(table)[: len(table)]
    refused = [row for row, one in zip(table, found, strict=True) if one.predicted is None]
    hold([*random.Random(16).sample(table, 40), *refused], tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("table", TABLES)
def test_every_row_runs_to_its_prediction(table: str, tmp_path: Path) -> None:
    hold(rows_of(table), tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"tp": "3"}, {"dp": "5"}, {"ep": "4"}, {"dtype": "fp4"}, {"dtype": "banana"}, {"gpu": "P100-16GB"},
        {"pp": "3", "dp": "1"}, {"kv_heads": "5"}, {"zero_stage": "fsdp"}, {"software": "NeMoo"}, {"seq_len": ""},
        {"micro_batch": "7"}, {"schedule": "backwards"}, {"out_of_memory": "yes", "hidden": "40960", "params_B": ""},
        {"cp": "2", "dp": "2"}, {"interconnect": "8x400Gb/s SHARP"}, {"interconnect": "NVL4"},
        {"gpu": "H100 (p5)", "interconnect": "32x100G EFA"}, {"tp_overlap": "0.3"},
        {"gemm_efficiency": "0.5", "memory_bandwidth_GBs": "2900.7"}, {"model": "DeepSeek-V3", "layers": "8"},
        {"model": "DeepSeek-V3", "prediction_layers": "1", "layers": ""},
    ],
)  # fmt: skip
def test_an_edited_row_and_its_file_agree(change: dict[str, str], tmp_path: Path) -> None:
    """Whatever is changed of a row: its prediction is its file's, or both are refused in the same words."""
    row = next(r for r in rows_of("training.csv") if r["id"].startswith("dgxc-") and r["n_gpus"] == "8")
    edited = {**row, **change}
    found = training.predict([edited])[0]
    agree(edited, found, tmp_path)


def test_what_the_words_of_a_site_change_reaches_the_step() -> None:
    row = next(r for r in rows_of("training.csv") if r["id"].startswith("dgxc-") and r["n_gpus"] == "8")
    plain, slow = (training.predict([row | c])[0].predicted for c in ({}, {"gemm_efficiency": "0.3"}))  # type: ignore[operator]
    assert plain is not None and slow is not None and slow > 1.5 * plain


def program(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_a_file_that_checks_and_trains(tmp_path: Path) -> None:
    found = next(r for r in training.predict(rows_of("training.csv")[:5]) if r.predicted is not None)
    file = tmp_path / "row.yaml"
    file.write_text(program("validate", "training", "--as-scenario", found.id).stdout, encoding="utf-8")
    assert program("check", file).returncode == 0
    trained = program("train", file, "-f", "json")
    assert json.loads(trained.stdout)["step_time_s"] == found.predicted
    assert "the step alone" in program("train", file).stdout


def test_an_unknown_row_and_a_table_without_scenarios_are_told() -> None:
    with pytest.raises(InputError, match="no row has the id 'nothing'"):
        training.as_scenario(rows_of("training.csv"), "nothing")
    refused = program("validate", "operators", "--as-scenario", "fp-op-0004")
    assert refused.returncode == 2 and "profiles show A100-40G" in refused.stderr


def test_a_scaling_row_is_two_scenarios(tmp_path: Path) -> None:
    from clustersim.validation import scaling

    rows = shipped_rows("training_scaling.csv")
    found = next(r for r in scaling.predict(rows[:3]) if r.predicted is not None)
    rates = []
    for wanted in (f"{found.id} base", found.id):
        file = tmp_path / "row.yaml"
        file.write_text(scaling.as_scenario(rows, wanted), encoding="utf-8")
        inputs = load_inputs(str(file))
        inputs.require(money=False, step_alone=True)
        job, _ = planned_job(inputs, inputs.scenario.demand["training"], StageCache())
        rates.append(step_of(inputs.scenario.demand["training"], job).tokens_per_s_per_card)
    assert rates[1] / rates[0] == found.predicted
    with pytest.raises(InputError, match="no row has the id"):
        scaling.as_scenario(rows, "nothing")
