"""A published serving row is a scenario: its file serves to the predicted numbers, or is refused in the same words."""

import importlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from clustersim.errors import ClusterSimError, InputError
from clustersim.planner.serving import Serving
from clustersim.schema.inputs import load_inputs
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of
from clustersim.validation.domains import DOMAINS
from clustersim.validation.sources import shipped_rows

SERVING = [name for name in DOMAINS if name.startswith("serving") or name == "domestic_serving"]
Row = Mapping[str, str]


def table(domain: str) -> tuple[object, list[Row]]:
    module, name = DOMAINS[domain]
    return importlib.import_module(module), [
        {**row, "id": row.get("id") or f"row-{i}"} for i, row in enumerate(shipped_rows(name))
    ]


def outcome(module: object, row: Row, folder: Path) -> tuple[dict[str, float], str]:
    """What `serve` finds of the row's file, or why it is refused: when it is written, or when it runs."""
    try:
        file = folder / "row.yaml"
        file.write_text(module.as_scenario([row], row["id"]), encoding="utf-8")  # type: ignore[attr-defined]
        inputs = load_inputs(str(file))
        inputs.require(money=False)
        answer = Serving(inputs).serve()
        figures, known = answer.summary, answer.known
    except ClusterSimError as error:
        return {}, reason_of(error)
    which = "p50" if row.get("metric_basis") == "p50" else "mean"
    return {
        "ttft": figures.ttft_s[which] * 1e3,
        "tpot": figures.tpot_s[which] * 1e3,
        "ttft p50": figures.ttft_s["p50"] * 1e3,
        "tpot p50": figures.tpot_s["p50"] * 1e3,
        "tok/s": figures.output_tokens_per_s,
        "hit share": 100.0 * known.device if known is not None else 0.0,
    }, ""


def users(row: Row) -> int:
    """Users of a row, or none stated."""
    found = re.search(r"silicon_concurrency=(\d+)", row.get("silicon_data_source") or "")
    return int(found.group(1)) if found else int(float(row.get("concurrency") or 0))


def agree(module: object, row: Row, folder: Path) -> int:
    """Hold one row; returns how many of its quantities are predicted."""
    found: list[ValidationRow] = module.predict([row])  # type: ignore[attr-defined]
    got, why = outcome(module, row, folder)
    for one in found:
        if one.reason == NO_MEASUREMENT:
            continue
        quantity = one.unit if one.unit == "tok/s" else one.id.removeprefix(f"{row['id']} ")
        assert (got.get(quantity), why) == (one.predicted, one.reason), one.id
    return sum(one.predicted is not None for one in found)


@pytest.mark.parametrize("domain", SERVING)
def test_a_sample_of_rows_serves_to_its_prediction(domain: str, tmp_path: Path) -> None:
    module, rows = table(domain)
    held, seen = 0, 0
    # Large loads take as long as all others together, and are held with every row.
    few = [row for row in rows if users(row) <= 64]
    for row in random.Random(16).sample(few, len(few)):
        held, seen = held + agree(module, row, tmp_path), seen + 1
        if held >= 6 and seen >= 6:
            break
    assert held >= 6


@pytest.mark.full
@pytest.mark.parametrize("domain", SERVING)
def test_every_row_serves_to_its_prediction(domain: str, tmp_path: Path) -> None:
    module, rows = table(domain)
    for row in rows:
        agree(module, row, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"tp": "3"}, {"tp": "16"}, {"model": "DeepSeek-R1-mini"}, {"system": "GB200"}, {"system": "banana"},
        {"backend": "vllmx"}, {"ep": "2"}, {"weights": "banana"}, {"kv_cache_dtype": "bf16"}, {"pp": "5"},
        {"max_batched_tokens": "64"}, {"max_sequences": "8"}, {"draft_tokens": "2"}, {"memory_share": "0.1"},
        {"draft_tokens": "2", "acceptance": "0.7"}, {"prefix_hit_share": "0.5"}, {"batch_wait_iters": "20"},
        {"isl": "200000"}, {"model": "DeepSeek-R1", "tp": "8"}, {"site": "gpustack-h100-x1"}, {"ttft_ms": ""},
    ],
)  # fmt: skip
def test_an_edited_row_and_its_file_agree(change: dict[str, str], tmp_path: Path) -> None:
    """Whatever is changed of a row: its prediction is its file's, or both are refused in the same words."""
    module, rows = table("serving_latency")
    agree(module, {**rows[0], **change}, tmp_path)


def program(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_a_file_that_checks_and_serves(tmp_path: Path) -> None:
    module, rows = table("serving_latency_b200")
    found = module.predict(rows[:1])  # type: ignore[attr-defined]
    file = tmp_path / "row.yaml"
    written = program("validate", "serving_latency_b200", "--as-scenario", found[0].id)
    file.write_text(written.stdout, encoding="utf-8")
    assert program("check", file).returncode == 0
    answer = json.loads(program("serve", file, "-f", "json").stdout)["deployments"][0]
    assert [1e3 * answer[key]["mean"] for key in ("ttft_s", "tpot_s")] == [one.predicted for one in found]


def test_an_unknown_row_is_told() -> None:
    module, rows = table("serving")
    with pytest.raises(InputError, match="no row has the id 'nothing'"):
        module.as_scenario(rows, "nothing")  # type: ignore[attr-defined]


def test_what_a_row_says_of_its_machine_reaches_the_run() -> None:
    module, rows = table("serving_latency")
    plain, slow = (module.predict([{**rows[0], "site": s}])[1].predicted for s in ("", "gpustack-h100-x1"))  # type: ignore[attr-defined]
    assert slow > 1.3 * plain
