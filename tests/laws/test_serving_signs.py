"""Every input of a served token has its sign: a worse card, link or price never makes it cheaper, a better one never
dearer. The whole family is marked full; `make test` asks a sample of it."""

from functools import lru_cache

import pytest

from clustersim.pipeline.site import run_site
from clustersim.schema.load_inputs import load_inputs

#: Serving scenario, the card that serves, what is set besides.
SITES = [
    ("serve-qwen3-32b", "BR106M", ()),
    ("serve-qwen3-32b", "H20", ("cluster.card=H20",)),
    ("serve-llama3-70b", "BR166M", ()),
    ("serve-llama3-70b", "H20", ("cluster.card=H20",)),
    ("serve-deepseek-v3", "BR166M", ()),
    ("serve-deepseek-v3", "H20", ("cluster.card=H20",)),
]
#: Input of the card and its sign: 1 where more of it makes a token dearer.
SIGNS = {
    "peak.bf16": -1, "peak.fp8": -1, "peak.int8": -1, "memory.bandwidth": -1, "memory.capacity": -1,
    "scale_up.bandwidth": -1, "scale_up.latency": 1, "efficiency.gemm": -1, "efficiency.memory": -1,
    "efficiency.scale_up": -1, "power.tdp": 1, "power.idle": 1, "price": 1,
}  # fmt: skip
#: What a token's cost may move against its sign, relative to the input's move: what is left of the search for the rate.
NOISE = 1e-5
CASES = [(site, key, change) for site in SITES for key in SIGNS for change in (0.9, 0.99, 1.01, 1.1)]


@lru_cache(maxsize=32)
def cost(scenario: str, *sets: str) -> float:
    run = run_site(load_inputs(scenario, sets, with_incumbent=False))
    return run.cny_per_unit(run.main)


def check(case) -> None:
    (scenario, card, sets), key, change = case
    field = dict(load_inputs(scenario, sets, with_incumbent=False).fields()).get(f"cards.{card}.{key}")
    if field is None:
        return
    value = field.value * change
    if key.startswith("efficiency"):
        value = min(value, 1.0)
    unit = field.unit if field.unit != "1" else ""
    moved = cost(scenario, *sets, f"cards.{card}.{key}={value!r} {unit}".strip()) / cost(scenario, *sets) - 1
    assert SIGNS[key] * (change - 1) * moved >= -NOISE * abs(change - 1), (case, moved)


@pytest.mark.parametrize("case", CASES[7::79], ids=str)
def test_a_sample_of_inputs_has_its_sign(case) -> None:
    check(case)


@pytest.mark.full
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_input_has_its_sign(case) -> None:
    check(case)


FORMATS = [("8bit", "8bit"), ("16bit", "16bit")]


@pytest.mark.parametrize("site", SITES[:1])
def test_wider_weights_are_never_cheaper_on_a_card_that_computes_narrow_ones(site) -> None:
    scenario, _, sets = site
    narrow, wide = (
        cost(scenario, *sets, f"demand.chat.precision.weights={w}", f"demand.chat.precision.linear={n}")
        for w, n in FORMATS
    )
    assert wide >= narrow


@pytest.mark.full
@pytest.mark.parametrize("site", SITES)
def test_wider_weights_are_never_cheaper_anywhere(site) -> None:
    test_wider_weights_are_never_cheaper_on_a_card_that_computes_narrow_ones(site)
