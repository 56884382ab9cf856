"""Encoders, detectors and diffusion models: operations as published, a roofline that holds, and what feeds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.assemble.parts import card_spec
from clustersim.assemble.vision import network_of
from clustersim.errors import InfeasibleError, InputError
from clustersim.intervals.bands import shipped_band
from clustersim.intervals.draws import VISION_SOFTWARE
from clustersim.intervals.residuals import WIDE
from clustersim.perf.vision import VISION, batch_seconds, best_batch, input_flops, memory_bytes
from clustersim.pipeline.site import run_site
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import load_card, load_profile
from clustersim.validation.common import summarise
from clustersim.validation.domains import read_rows, shipped_file
from clustersim.validation.language import is_language
from clustersim.validation.vision import predict

NETWORKS = known_names("hwprofiles/networks")
CARD = card_spec(load_card("A100-80G"))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_the_operations_that_are_published(name: str) -> None:
    profile = load_profile("networks", name)
    network = network_of(profile)  # type: ignore[arg-type]
    published = profile.flops_published  # type: ignore[attr-defined]
    if published is not None:
        assert input_flops(network) == pytest.approx(published, rel=0.2)
    assert input_flops(network) > 0 < network.weights


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(NETWORKS), st.sampled_from([1, 4, 32]), st.floats(1.0, 4.0))
def test_a_faster_card_is_never_slower_and_no_card_beats_its_roofline(
    name: str, batch: int, more: float
) -> None:
    network = network_of(load_profile("networks", name))  # type: ignore[arg-type]
    seconds = batch_seconds(network, CARD, batch=batch, dtype="fp16")
    fast = replace(CARD, peak={k: v * more for k, v in CARD.peak.items()})
    wide = replace(CARD, memory_bandwidth=CARD.memory_bandwidth * more)
    for better in (fast, wide):
        assert batch_seconds(network, better, batch=batch, dtype="fp16") <= seconds * (1 + 1e-12)
    share = VISION[network.family].product_share
    assert seconds >= batch * input_flops(network) / (CARD.matrix_rate("fp16") * share) * (1 - 1e-9)
    assert batch_seconds(network, CARD, batch=2 * batch, dtype="fp16") > seconds


def test_what_does_not_fit_or_end_in_time_is_refused() -> None:
    network = network_of(load_profile("networks", "sdxl"))  # type: ignore[arg-type]
    with pytest.raises(InfeasibleError, match="GiB"):
        batch_seconds(network, replace(CARD, memory_bytes=4e9), batch=1, dtype="fp16")
    with pytest.raises(InfeasibleError, match="not one input"):
        best_batch(network, CARD, dtype="fp16", latency_s=1e-3)
    with pytest.raises(InputError, match="no fp8 peak"):
        batch_seconds(network, CARD, batch=1, dtype="fp8")
    assert memory_bytes(network, 8, "fp16") == memory_bytes(network, 64, "fp16")


def test_more_steps_cost_more_and_what_feeds_a_card_may_bind() -> None:
    def cost(**sets: object) -> float:
        keys = {k.replace("__", "."): v for k, v in sets.items()}
        run = run_site(load_inputs("images-br166", keys))
        return run.cny_per_unit(next(w for w in run.works if w.name == "pictures"))

    base = cost()
    assert cost(demand__pictures__steps=40) > base * 1.8
    assert cost(cards__BR166M__price="200 kCNY") > base
    assert cost(cards__BR166M__peak__fp16="1600 TFLOP/s") < base
    run = run_site(load_inputs("images-br166"))
    binds = {w.name: w.layout["binds"] for w in run.works}
    assert binds["encode"] == "host" and binds["pictures"] == "network"
    assert {w.main.name for w in run.works} == {"image", "video_second"}
    slow = run_site(load_inputs("images-br166", {"demand.detect.channel_fps": "1 1/s"}))
    assert next(w for w in slow.works if w.name == "detect").layout["binds"] == "codec"


def test_audited_results_of_cards_left_out() -> None:
    given = [row for row in read_rows(shipped_file("mlperf")).rows if not is_language(row)]
    rows = [row for row in predict(given) if not row.tuned]
    kept = [row for row in rows if not row.card.startswith("Biren")]

    def median(*names: str) -> float:
        chosen = [row for row in kept if row.family in names and row.predicted is not None]
        assert len(chosen) >= 4
        found = summarise("mlperf", chosen)["median_ape_pct"]
        assert isinstance(found, float)
        return found

    assert median("bert-large", "resnet50") <= 20
    assert median("sdxl") <= 30


def test_br104_lies_in_the_band_of_a_first_port_that_no_row_of_it_made() -> None:
    """Large batches within a tenth; under a latency limit its host and runtime, which are not modelled, cost more.

    Three of its four rows are inside P10 to P90; ResNet-50 under a limit, 2.05 times as fast as measured, is outside.
    """
    band = shipped_band("step_time", VISION_SOFTWARE, "BR104", "Biren", WIDE)
    rows = [
        row
        for row in read_rows(shipped_file("mlperf")).rows
        if "BR104" in row["gpu"] and int(row["n_gpus"]) == 8
    ]
    assert len(rows) == 4
    found = predict([dict(row) for row in rows])
    longer = {row.group: row.predicted / row.measured for row in found if row.predicted is not None}
    assert all(abs(r - 1) < 0.1 for name, r in longer.items() if "offline" in name)
    low, high = np.exp([band.quantile(0.1), band.quantile(0.9)])
    assert sum(low <= r <= high for r in longer.values()) >= 3
    assert all(r < 2.2 for r in longer.values())


def test_a_larger_cache_never_slows_a_network_and_holds_no_more_than_the_values() -> None:
    network = network_of(load_profile("networks", "resnet50"))
    card = card_spec(load_card("L4"))
    seconds = [
        batch_seconds(network, replace(card, cache_bytes=size), batch=32, dtype="int8")
        for size in (0.0, 1e6, 48e6, 1e9, 1e12)
    ]
    assert seconds == sorted(seconds, reverse=True) and seconds[0] > seconds[2] and seconds[3] == seconds[4]
