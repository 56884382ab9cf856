"""A published serving row is a scenario: its file serves to the predicted numbers, or is refused in the same words."""

import importlib
import json
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from clustersim.assemble.serving import content_of
from clustersim.errors import ClusterSimError, InputError
from clustersim.planner.serving import Serving
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.serving import ServingPlan
from clustersim.validation import serving_agentic, serving_scenario
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of
from clustersim.validation.domains import DOMAINS
from clustersim.validation.sources import shipped_rows
from clustersim.workloads.served import prepare

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


class _Stopped(Exception):
    """What was to be simulated: equal content, equal requests, equal results."""

    def __init__(self, inputs: Inputs, work: ServingWorkload, plan: ServingPlan) -> None:
        super().__init__()
        ready = prepare(inputs, work, plan)
        self.content = content_of(inputs, work)
        self.requests = pickle.dumps(ready.requests)
        self.more = (plan, ready.slo, ready.unfit)


def _stop(*asked: object) -> None:
    raise _Stopped(*asked)  # type: ignore[arg-type]


def stopped(ask: Callable[[], object]) -> tuple[_Stopped | None, object]:
    """What a question came to before it was simulated, or its answer where it was refused earlier."""
    try:
        return None, ask()
    except _Stopped as found:
        return found, None


def held_alike(module: object, row: Row, folder: Path) -> bool:
    """Whether a row reaches the simulation; there its file must ask the same, else both are refused alike."""

    def file() -> object:
        try:
            place = folder / "row.yaml"
            place.write_text(module.as_scenario([row], row["id"]), encoding="utf-8")  # type: ignore[attr-defined]
            inputs = load_inputs(str(place))
            inputs.require(money=False)
            work = inputs.scenario.demand["serving"]
            return _stop(inputs, work, work.plan)
        except ClusterSimError as error:
            return reason_of(error)

    mine, rows = stopped(lambda: module.predict([row]))  # type: ignore[attr-defined]
    theirs, why = stopped(file)
    if mine is None or theirs is None:
        assert isinstance(rows, list)
        reasons = {one.reason for one in rows} - {NO_MEASUREMENT}
        assert mine is None and (reasons <= {why}), (row["id"], reasons, why)
        assert all(one.predicted is None for one in rows)
        return False
    assert (mine.content, mine.more) == (theirs.content, theirs.more), row["id"]
    assert mine.requests == theirs.requests, row["id"]
    return True


@pytest.mark.full
@pytest.mark.parametrize("domain", SERVING)
def test_every_row_and_its_file_ask_the_same(
    domain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row, up to the simulation; what that gives is held by samples, for the same question has one answer."""
    for where in (serving_scenario, serving_agentic):
        monkeypatch.setattr(where, "served", _stop)
    serving_scenario.outcome_of.cache_clear()
    module, rows = table(domain)
    asked = sum(held_alike(module, row, tmp_path) for row in rows)
    assert asked > 0.3 * len(rows) or domain == "domestic_serving"


@pytest.mark.full
@pytest.mark.parametrize("domain", SERVING)
def test_a_larger_sample_serves_to_its_prediction(domain: str, tmp_path: Path) -> None:
    module, rows = table(domain)
    some = random.Random(1616).sample(rows, min(len(rows), 4 if domain == "serving_agentic" else 25))
    for row in some:
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
