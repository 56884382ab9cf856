"""The shipped profiles load, every number names its source, and the figures agree with each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clustersim.provenance import TIERS
from clustersim.schema.base import validate
from clustersim.schema.model_engine import model_spec
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import KINDS, load_card, load_document, load_model, load_profile
from clustersim.schema.yamlfile import read_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    (kind, path.stem)
    for kind, (folder, _) in KINDS.items()
    for path in sorted((ROOT / folder).glob("*.yaml"))
]
CARDS = [name for kind, name in FILES if kind == "cards"]
MODELS = [name for kind, name in FILES if kind == "models"]
BIREN_WITH_PEAK = ["BR106M", "BR106L", "BR106B", "BR110", "BR166M", "BR166L", "BR166C", "BR20X"]
NEEDED_CARDS = {
    *BIREN_WITH_PEAK, "BR30X", "BR31X", "A100-80G", "A800", "H100", "H800", "H20", "H200", "B200",
    "Ascend-910B", "Ascend-910C", "MTT-S4000", "MTT-S5000", "MetaX-C500", "BI-V150", "K100-AI",
    "H100-PCIe", "H100-NVL", "L40S", "L4", "A10", "A30", "A100-PCIe-40G", "A100-PCIe-80G", "V100-32G", "RTX-PRO-6000",
    "MI300X", "MI325X", "MI355X", "Gaudi2", "BR104", "B300", "GB200", "GB300",
}  # fmt: skip
MODELS = [name for kind, name in FILES if kind == "models"]


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the files of this checkout, whatever folder the tests run in."""
    monkeypatch.setenv("CLUSTERSIM_PATH", str(ROOT))


def _numbers(data: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every sourced number of a raw file with its key."""
    if not isinstance(data, dict):
        return []
    if "value" in data:
        return [(path, data)]
    return [pair for key, part in data.items() for pair in _numbers(part, f"{path}.{key}".lstrip("."))]


def test_every_card_of_the_report_and_of_the_comparison_set_is_there() -> None:
    assert set(CARDS) >= NEEDED_CARDS


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_profile_loads_under_its_own_name(kind: str, name: str) -> None:
    assert load_profile(kind, name).name == name


@pytest.mark.parametrize(("kind", "name"), [f for f in FILES if f[0] != "models"])
def test_every_number_says_who_says_so(kind: str, name: str) -> None:
    for key, number in _numbers(load_document(kind, name).data):
        assert len(str(number.get("source", ""))) >= 8, f"{key}: too short to be found again"
        assert number.get("tier") in TIERS[1:], f"{key}: a profile's number is a claim, never 'given'"


def _sourced(part: Any) -> list[Any]:
    """Every parsed quantity below a model or mapping."""
    if hasattr(part, "tier") and hasattr(part, "low"):
        return [part]
    if isinstance(part, dict):
        return [s for value in part.values() for s in _sourced(value)]
    if hasattr(type(part), "model_fields"):
        return [s for key in type(part).model_fields for s in _sourced(getattr(part, key))]
    return []


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_ranges_enclose_their_values(kind: str, name: str) -> None:
    for number in _sourced(load_profile(kind, name)):
        low, high = number.range
        assert low <= number.value <= high


@pytest.mark.parametrize("name", CARDS)
def test_a_domain_is_a_whole_number_of_cards_without_a_range(name: str) -> None:
    link = load_card(name).scale_up
    if link is not None:
        assert link.domain.range == (link.domain.value, link.domain.value)


@pytest.mark.parametrize(("kind", "name"), [f for f in FILES if f[0] != "models"])
def test_recalled_numbers_are_assumptions(kind: str, name: str) -> None:
    for key, number in _numbers(load_document(kind, name).data):
        if "recalled" in str(number["source"]):
            assert number["tier"] == "assumption", key


@pytest.mark.parametrize("name", BIREN_WITH_PEAK)
def test_biren_compute_is_a_range_because_no_data_sheet_exists(name: str) -> None:
    for dtype, peak in load_card(name).peak.items():
        assert peak.low is not None and peak.high is not None, dtype
        assert peak.low < peak.high
        assert peak.tier in {"derived", "assumption"}


@pytest.mark.parametrize("name", ["BR106M", "BR106L", "BR106B", "BR110", "BR166M", "BR166L", "BR166C"])
def test_first_generation_has_no_fp8(name: str) -> None:
    assert not {"fp8", "fp4"} & set(load_card(name).peak)


def test_second_generation_has_fp8_and_fp4() -> None:
    assert {"fp8", "fp4"} <= set(load_card("BR20X").peak)


@pytest.mark.parametrize("name", ["BR30X", "BR31X"])
def test_unpublished_cards_state_no_number(name: str) -> None:
    assert _sourced(load_card(name)) == []


def test_printed_scale_up_is_both_directions_and_the_file_holds_one() -> None:
    printed = {"BR106M": 256e9, "BR106B": 256e9, "BR166M": 576e9, "BR166L": 576e9, "BR166C": 512e9}
    for name, both in printed.items():
        link = load_card(name).scale_up
        assert link is not None
        assert link.bandwidth.value == both / 2


def test_two_dies_double_the_one() -> None:
    one, two = load_card("BR106M"), load_card("BR166M")
    assert (one.dies, two.dies) == (1, 2)
    assert two.peak["bf16"].value == 2 * one.peak["bf16"].value
    assert one.memory and two.memory and one.codec and two.codec
    assert two.memory.capacity.value == 2 * one.memory.capacity.value
    for side in ("encode_channels", "decode_channels"):
        assert getattr(two.codec, side).value == 2 * getattr(one.codec, side).value
    assert two.die_to_die is not None and two.die_to_die.bandwidth.value == 896e9 / 2


def test_conflicts_stay_visible() -> None:
    card = load_card("BR166C")
    assert card.power is not None and card.power.tdp.range == (300.0, 450.0)
    link = load_card("BR166M").scale_up
    assert link is not None and link.bandwidth.range == (256e9, 288e9)
    assert "512" in link.bandwidth.note


@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("A100-80G", 271.2e12),
        ("A100-40G", 259.2e12),
        ("H100", 794.5e12),
        ("B200", 1745e12),
        ("Ascend-910B", 304.3e12),
    ],
)
def test_efficiency_times_peak_gives_what_was_measured(name: str, measured: float) -> None:
    card = load_card(name)
    assert card.efficiency.gemm is not None
    assert card.peak["bf16"].value * card.efficiency.gemm.value == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize("name", CARDS)
def test_idle_is_below_the_nameplate_and_int8_is_not_below_bf16(name: str) -> None:
    card = load_card(name)
    if card.power is not None and card.power.idle is not None:
        assert card.power.idle.range[1] < card.power.tdp.range[0]
    if "int8" in card.peak:
        assert card.peak["int8"].value >= card.peak["bf16"].value


#: MiB that the driver reports (nvidia-smi, npu-smi, rocm-smi, hl-smi, brsmi).
DRIVER_MIB = {
    "H100": 81559, "H800": 81559, "H100-PCIe": 81559, "H100-NVL": 95830, "H200": 143771, "H20": 97871,
    "A100-80G": 81920, "A800": 81920, "A100-40G": 40960, "B200": 183359, "B300": 275040, "GB200": 189471,
    "GB300": 284208, "L40S": 46068, "L4": 23034, "A10": 23028, "RTX-PRO-6000": 97887, "V100-32G": 32768,
    "Ascend-910B": 65536, "Ascend-910C": 131072, "Gaudi2": 98304, "BR106M": 32512, "BR166C": 65024,
}  # fmt: skip


@pytest.mark.parametrize(("name", "mib"), DRIVER_MIB.items())
def test_memory_is_what_the_driver_reports(name: str, mib: int) -> None:
    memory = load_card(name).memory
    assert memory is not None and memory.capacity.value == mib * 2**20


@pytest.mark.parametrize(
    ("card", "server", "domain"),
    [("GB200", "nvl72", 72), ("GB300", "nvl72", 72), ("Ascend-910C", "cm384", 384)],
)
def test_servers_divide_the_domains_that_they_build(card: str, server: str, domain: int) -> None:
    profile, box = load_card(card), load_profile("servers", server)
    assert profile.scale_up is not None and profile.scale_up.domain.value == domain
    assert domain % box.cards.value == 0 and box.form == profile.form  # type: ignore[attr-defined]
    assert profile.price is not None and profile.price.low is not None and profile.price.high is not None
    assert profile.host_link is not None and profile.power is not None


@pytest.mark.parametrize(
    ("kind", "name"), [f for f in FILES if f[0] in {"servers", "nics", "switches", "optics"}]
)
def test_every_bought_part_has_one_price_in_the_book(kind: str, name: str) -> None:
    book = validate(PriceBook, read_yaml(ROOT / "hwprofiles/prices/cn-2026.yaml"), require_source=True)
    profile = load_profile(kind, name)
    assert profile.price_part in book.parts  # type: ignore[attr-defined]
    assert "price" not in type(profile).model_fields, "two prices of one part drift apart"


# Sizes as the models' authors state them, in billions of parameters: all, and active per token; models whose files say
# so themselves (`published`) are in test_models.py. Grok-1 prints no active count.
SIZES = {
    "gpt-100b": (101, 101), "gpt3-175b": (175, 175), "llama2-70b": (69, 69), "llama3-8b": (8.03, 8.03),
    "llama3-70b": (70.6, 70.6), "llama3-405b": (405, 405), "qwen3-32b": (32.8, 32.8),
    "qwen3-235b-a22b": (235, 22), "deepseek-v3": (671, 37), "mixtral-8x7b": (46.7, 12.9),
    "qwen3-30b-a3b": (30.5, 3.3), "llama4-maverick": (400, 17), "deepseek-v2": (236, 21),
    "kimi-k2": (1040, 32.6), "grok-1": (314, None), "qwen1.5-moe-a2.7b": (14.3, 2.7),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_every_model_says_how_large_its_makers_call_it(name: str) -> None:
    profile = load_model(name)
    assert profile.source and profile.tier in {"published", "assumption"}
    said = any("was not found" in note for note in profile.notes)
    assert (name in SIZES) + (profile.published.parameters is not None) + said == 1


@pytest.mark.parametrize("name", SIZES)
def test_dimensions_add_up_to_the_stated_size(name: str) -> None:
    profile = load_model(name)
    model = model_spec(profile)
    total, active = SIZES[name]
    assert model.parameters / 1e9 == pytest.approx(total, rel=0.02)
    # Authors count the input embedding as active; the engine counts only what is multiplied.
    looked_up = 0 if profile.tied_embeddings else profile.vocab * profile.hidden
    if active is not None:
        assert (model.active_parameters + looked_up) / 1e9 == pytest.approx(active, rel=0.02)
