"""What a scenario says of its own site: values of profiles, models without a file, jobs that are known to fit."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from clustersim.assemble.training import train_job
from clustersim.errors import InfeasibleError, InputError
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.training import fit_words, step_of

MODEL = {"layers": 8, "hidden": 4096, "heads": 32, "kv_heads": 8, "head_dim": 128, "ffn_hidden": 14336, "gated": True,
         "vocab": 32000}  # fmt: skip
WORK = {"kind": "training", "model": "mine", "dimensions": MODEL, "dtype": "bf16", "seq_len": 4096, "global_batch": 64,
        "plan": {"tp": 2, "pp": 1, "dp": 8}}  # fmt: skip


def load(folder: Path, *sets: str, values: dict[str, Any] | None = None, **work: Any) -> Inputs:
    file = folder / "site.yaml"
    data = {"name": "site", "cluster": {"card": "H100", "cards": 16, "nic": "ib-400g"},
            "profile_values": values or {}, "demand": {"train": {**WORK, **work}}}  # fmt: skip
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return load_inputs(str(file), sets)


def seconds(inputs: Inputs) -> float:
    work: Any = inputs.scenario.demand["train"]
    return step_of(work, train_job(inputs, work)).step_time_s


def test_a_sites_value_is_a_flags_and_a_flag_comes_after_it(tmp_path: Path) -> None:
    key = "cards.H100.efficiency.gemm"
    stated = load(tmp_path, values={key: 0.4})
    assert seconds(stated) == seconds(load(tmp_path, f"{key}=0.4")) > seconds(load(tmp_path))
    assert seconds(load(tmp_path, f"{key}=0.5", values={key: 0.4})) == seconds(load(tmp_path, f"{key}=0.5"))
    assert stated.parts == stated.nominal
    assert any(where.endswith(f"profile_values.{key}") for name, _, where in stated.origins() if name == key)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cards.H200.efficiency.gemm": 0.5}, r"site\.yaml:\d+: profile_values.*does not use cards\.H200"),
        ({"tco.pue": 1.2}, r"site\.yaml:\d+: profile_values\.tco\.pue: write KIND"),
        ({"cards.H100.efficiency.gem": 0.5}, r"site\.yaml:\d+: profile_values.*unknown key"),
        ({"cards.H100.efficiency.gemm": 7}, r"site\.yaml:\d+: profile_values.*must be at most 1"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(values: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        load(tmp_path, values=values)


def test_wrong_dimensions_are_told_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"demand\.train\.dimensions: heads=32 is not a multiple of kv_heads=5"
    ):
        load(tmp_path, dimensions={**MODEL, "kv_heads": 5})


def test_a_job_that_was_run_is_not_refused_for_memory(tmp_path: Path) -> None:
    wide = {**MODEL, "layers": 80, "hidden": 8192, "head_dim": 256, "ffn_hidden": 28672}
    with pytest.raises(InfeasibleError, match="does not fit"):
        seconds(load(tmp_path, dimensions=wide))
    known = load(tmp_path, dimensions=wide, known_to_fit=True)
    work: Any = known.scenario.demand["train"]
    assert seconds(known) > 0 and "known to fit" in fit_words(work, train_job(known, work))
    assert fit_words(work, train_job(load(tmp_path), work)) == ""


def test_only_a_scenario_without_a_long_run_asks_for_the_step_alone(tmp_path: Path) -> None:
    inputs = load(tmp_path)
    inputs.require(money=False, step_alone=True)
    with pytest.raises(InputError, match="reliability"):
        inputs.require(money=False)
