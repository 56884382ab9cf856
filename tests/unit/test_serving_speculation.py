"""Speculative decoding: what drafting costs, what it holds, and how a scenario says it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clustersim.assemble.parts import card_spec, model_spec
from clustersim.errors import InputError
from clustersim.fabric.network import Network
from clustersim.perf.serving_cache import CachePlan, cache_room
from clustersim.perf.serving_cost import iteration_terms
from clustersim.perf.serving_draft import Draft, draft_layer, speculative_terms, tokens_per_step
from clustersim.perf.serving_engine import Efficiency, Layout, Precision
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import load_card, load_model
from clustersim.schema.yamlfile import Document
from clustersim.workloads.served import served

MODEL = model_spec(load_model("deepseek-v3"))
CARD = card_spec(load_card("H200"))
GIVEN = {
    "model": MODEL, "layout": Layout(tp=8), "card": CARD, "network": Network.flat(bandwidth=450e9, latency=3e-6),
    "efficiency": Efficiency(0.4, 0.8, 0.45, 0.8, 12e-6, 1e-3, 5e-6, 8e-6, 0.1),
    "precision": Precision("fp8", "fp8", cache="fp8"),
}  # fmt: skip


def terms(draft: Draft | None):
    plain = iteration_terms(np.arange(512.0), **GIVEN)
    return speculative_terms(plain, draft, 256, **GIVEN) if draft else plain


def test_drafting_costs_time_and_cache_and_grows_with_its_length() -> None:
    none, one, three = terms(None), terms(Draft(draft_layer(MODEL), 1)), terms(Draft(draft_layer(MODEL), 3))
    assert np.all(one.fixed_s > none.fixed_s) and np.all(three.fixed_s[4:] > one.fixed_s[4:])
    assert three.kv_s == pytest.approx(none.kv_s * (1 + 3 / 61), rel=1e-9)
    # A prediction layer is one of 61, with the head: three passes cost at most a fifth of a small iteration.
    assert three.fixed_s[32] < 1.2 * none.fixed_s[32]
    held = [cache_room(MODEL, Layout(tp=8), GIVEN["precision"], CARD, CachePlan(draft=d)).tokens(4096)
            for d in (None, Draft(draft_layer(MODEL), 3))]  # fmt: skip
    assert held[1] < held[0]


def test_a_model_that_drafts_costs_what_it_is() -> None:
    small, large = (model_spec(load_model(name)) for name in ("llama3.1-8b", "llama3.1-70b"))
    one, other = (terms(Draft(model, 2, own_table=True)) for model in (small, large))
    assert np.all(other.weight_bytes > one.weight_bytes) and np.all(other.fixed_s > one.fixed_s)


def test_acceptance_by_position_is_a_product() -> None:
    assert tokens_per_step((0.8, 0.5)) == pytest.approx(1 + 0.8 + 0.4)


def document(speculative: dict[str, object] | None, model: str = "deepseek-v3") -> Document:
    work: dict[str, object] = {
        "kind": "serving", "model": model, "engine": "trtllm", "plan": {"tp": 8},
        "precision": {"weights": "fp8", "linear": "fp8", "cache": "fp8"},
        "batching": {"max_tokens": 8192, "max_sequences": 64},
        "traffic": {"requests": 24, "closed_loop": {"users": 8}, "prompt": {"mean": 1000, "shape": "constant"},
                    "output": {"mean": 300, "shape": "constant"}, "whole": True},
    }  # fmt: skip
    if speculative is not None:
        work["speculative"] = speculative
    data = {"name": "row", "description": "", "seed": 0, "cluster": {"card": "H200", "nic": "ib-400g"}}
    return Document("row", data | {"demand": {"serving": work}}, {})


def tpot(speculative: dict[str, object] | None, model: str = "deepseek-v3") -> float:
    inputs = load_one(document(speculative, model))
    work = inputs.scenario.demand["serving"]
    return served(inputs, work, work.plan).summary.tpot_s["mean"]  # type: ignore[union-attr,arg-type]


def test_a_kept_token_is_worth_more_than_a_lost_one() -> None:
    plain = tpot(None)
    tenth, half, most = (tpot({"draft_tokens": 2, "acceptance": a}) for a in (0.0, 0.5, 0.9))
    assert tenth > plain, "drafts that are never kept cost time"
    assert tenth > half > most and most < plain
    free = tpot({"draft_tokens": 2, "acceptance": 0.5, "draft": "lookup"})
    assert free < half, "a table costs nothing"
    assert tpot({"draft_tokens": 2}) < plain, "the model's own prediction layer says how much it keeps"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"draft_tokens": 2, "acceptance": 0.5, "acceptance_by_position": [0.5, 0.4]}, "twice"),
        ({"draft_tokens": 2, "acceptance_by_position": [0.5]}, "one for every drafted token"),
        ({"draft_tokens": 2, "acceptance": 0.5, "draft": "model"}, "go together"),
    ],
)
def test_what_contradicts_itself_is_refused(given, said) -> None:
    with pytest.raises(InputError, match=said):
        load_one(document(given))


def test_unknown_acceptance_is_an_error() -> None:
    with pytest.raises(InputError, match="nothing says how many are kept"):
        tpot({"draft_tokens": 2}, model="llama3.1-70b")


def test_the_draft_of_a_model_with_windows_is_a_layer_of_its_kind() -> None:
    model = model_spec(load_model("gpt-oss-120b"))
    layer = draft_layer(model)
    assert layer.layers == 1 and layer.moe_layers == 1
    assert layer.parameter_groups.experts == pytest.approx(model.parameter_groups.experts / model.moe_layers)
    assert replace(layer, name="x").groups[0].mixer == model.groups[-1].mixer
