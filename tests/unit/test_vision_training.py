"""Networks of pictures in training: operator by operator, three products a layer, states and saved outputs held."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.assemble.parts import card_spec
from clustersim.assemble.vision import network_of, seconds_of
from clustersim.errors import InfeasibleError
from clustersim.perf.vision import batch_seconds, input_flops
from clustersim.perf.vision_training import trained_flops, trained_memory_bytes, trained_seconds
from clustersim.schema.demand import VisionWorkload
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import load_card, load_profile
from clustersim.validation.domains import read_rows, shipped_file
from clustersim.validation.vision import predict

NETWORKS = known_names("hwprofiles/networks")
CARD = card_spec(load_card("A100-80G"))
ROOMY = replace(CARD, memory_bytes=1e15)


def net(name: str):  # type: ignore[no-untyped-def]
    return network_of(load_profile("networks", name))  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(NETWORKS), st.sampled_from([1, 8, 32]), st.floats(1.0, 4.0))
def test_training_takes_longer_than_inference_and_a_better_card_is_no_slower(
    name: str, batch: int, more: float
) -> None:
    network = net(name)
    seconds = trained_seconds(network, ROOMY, batch=batch, dtype="fp16")
    once = replace(network, stages=tuple(replace(stage, times=1.0) for stage in network.stages))
    assert seconds > batch_seconds(once, ROOMY, batch=batch, dtype="fp16")
    fast = replace(ROOMY, peak={k: v * more for k, v in CARD.peak.items()})
    wide = replace(ROOMY, memory_bandwidth=CARD.memory_bandwidth * more)
    assert max(trained_seconds(network, c, batch=batch, dtype="fp16") for c in (fast, wide)) <= seconds * (
        1 + 1e-12
    )
    assert trained_seconds(network, ROOMY, batch=batch, dtype="fp16", slower=more) >= seconds
    assert trained_seconds(network, ROOMY, batch=2 * batch, dtype="fp16") > seconds
    assert trained_memory_bytes(network, 2 * batch, "fp16") > trained_memory_bytes(network, batch, "fp16")


@pytest.mark.parametrize("name", NETWORKS)
def test_each_product_runs_three_times_and_a_denoiser_once_an_input(name: str) -> None:
    network = net(name)
    if all(stage.times == 1 for stage in network.stages):
        assert trained_flops(network) == pytest.approx(3 * input_flops(network))
    else:
        assert trained_flops(network) < input_flops(network)


def test_what_does_not_fit_in_training_is_refused_and_inference_of_it_fits() -> None:
    small, network = replace(CARD, memory_bytes=8e9), net("resnet50")
    batch_seconds(network, small, batch=256, dtype="fp16")
    with pytest.raises(InfeasibleError, match="in training at a batch of 256"):
        trained_seconds(network, small, batch=256, dtype="fp16")


def test_software_that_is_new_to_a_makers_cards_is_slower_in_training_alone() -> None:
    card = load_card("BR106M")
    bare = trained_seconds(net("yolov8x"), card_spec(card), batch=16, dtype="bf16")
    assert seconds_of(card, net("yolov8x"), "bf16", trained=True)(16) > 1.2 * bare


@pytest.mark.parametrize(
    ("more", "said"),
    [({"steps": 30}, "steps"), ({"dtype": "int8"}, "int8"), ({"dtype": "fp8"}, "fp8"), ({"dtype": "fp4"}, "fp4"),
     ({"latency": "1 s"}, "latency")],
)  # fmt: skip
def test_what_training_does_not_model_is_refused(more: dict[str, object], said: str) -> None:
    work = {"kind": "vision", "network": "sdxl", "dtype": "bf16"}
    VisionWorkload.model_validate(work | more)
    for dtype in ("bf16", "fp16", "fp32", "tf32"):
        VisionWorkload.model_validate(work | {"training": True, "dtype": dtype})
    with pytest.raises(ValueError, match=said):
        VisionWorkload.model_validate(work | {"training": True} | more)


def test_rows_of_training_come_out_of_the_right_order() -> None:
    """No constant was found from them; before, three passes of an engine's inference were 3 to 9 times too fast."""
    rows = [
        row
        for name in ("domestic_vision", "flagperf_cases")
        for row in predict(read_rows(shipped_file(name)).rows)
    ]
    off = [row.error_pct for row in rows if row.details.get("training") and row.error_pct is not None]
    assert len(off) >= 13
    assert sorted(map(abs, off))[len(off) // 2] < 60 and max(map(abs, off)) < 200, off
