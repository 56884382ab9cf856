"""Sequences longer than their model was published for are never silent: the result says so, exactly where they are."""

import pytest

from clustersim.assemble.traffic import longest_of
from clustersim.assemble.training import train_job
from clustersim.perf.model import Model
from clustersim.perf.serving_checks import length_words
from clustersim.report.labels.notes import translated
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.serving import too_long
from clustersim.workloads.training import length_said

MODEL = Model(
    name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=9,
    max_seq_len=4096,
)  # fmt: skip


@pytest.mark.parametrize("tokens", [1, 4095, 4096, 4096.5, 4097, 1e9])
def test_said_exactly_beyond_the_models_length(tokens: float) -> None:
    said = length_words(MODEL, tokens)
    assert bool(said) == (tokens > 4096)
    assert not said or translated(said, "zh") != said


@pytest.mark.parametrize(
    ("shape", "spread", "beyond"),
    [
        ("constant", 0.0, 40961),
        ("lognormal", 2.0, 40961),
        ("exponential", 1.0, 40961),
        ("uniform", 0.5, 27308),
    ],
)
def test_a_served_length_is_told_from_its_mean_or_its_most(shape: str, spread: float, beyond: int) -> None:
    at = "demand.chat.traffic"
    for mean, over in ((beyond, True), (beyond - 2, False)):
        changes = {
            f"{at}.prompt.mean": mean - 1, f"{at}.prompt.shape": shape, f"{at}.prompt.spread": spread,
            f"{at}.output.mean": 1, f"{at}.output.shape": "constant",
        }  # fmt: skip
        inputs = load_inputs("serve-qwen3-32b", changes)
        work = inputs.scenario.demand["chat"]
        assert bool(too_long(inputs, work)) == (over), (mean, longest_of(work, 0))


def test_a_trace_is_told_by_its_longest_request() -> None:
    inputs = load_inputs("serve-llama3-70b")
    said = too_long(inputs, next(iter(inputs.scenario.demand.values())))
    assert "max_seq_len=8192" in said and "14" in said


@pytest.mark.parametrize(("seq_len", "over"), [(4096, False), (4097, True)])
def test_a_trained_length_is_told(seq_len: int, over: bool) -> None:
    inputs = load_inputs("h100-1024", {"demand.pretrain.seq_len": seq_len})
    work = inputs.scenario.demand["pretrain"]
    assert bool(length_said(work, train_job(inputs, work))) == over
