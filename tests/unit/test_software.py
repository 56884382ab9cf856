"""Software by name: exact, by release, with its constants as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from clustersim.assemble.software import (
    batching_of,
    constants_kind,
    engine_efficiency,
    port_factor,
    stack_software,
)
from clustersim.errors import InputError
from clustersim.perf.card import Card
from clustersim.perf.plan import Software
from clustersim.schema.base import validate
from clustersim.schema.find_software import UNMEASURED, FoundSoftware, find_software, load_software
from clustersim.schema.lookup import known_names
from clustersim.schema.model_engine import model_spec
from clustersim.schema.profiles import CardProfile, load_model, load_profile
from clustersim.schema.software import SoftwareProfile
from clustersim.schema.yamlfile import read_yaml
from clustersim.validation.sources import DATA, filled, shipped_rows

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "hwprofiles/software").glob("*.yaml"))
CARD = Card(
    name="X",
    peak={"bf16": 1.0},
    memory_bytes=1,
    memory_bandwidth=1,
    gemm_efficiency=0.7,
    memory_efficiency=0.8,
)


def _card(name: str) -> CardProfile:
    card = load_profile("cards", name)
    assert isinstance(card, CardProfile)
    return card


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTERSIM_PATH", str(ROOT))


@pytest.mark.parametrize(
    ("said", "name", "remark"),
    [
        ("NeMo 25.04", "nemo-25.04", ""),
        ("NeMo/Megatron-Bridge 26.08", "nemo-26.06", "nearest earlier"),
        ("nemo-26.06", "nemo-26.06", ""),
        ("vLLM v0.11.0", "vllm-0.9", "nearest earlier"),
        ("VLLM", "vllm-0.9", "no release is stated"),
        ("TensorRT-LLM 0.6.1", "trtllm-0.6", "nearest earlier"),
        ("TensorRT-LLM 1.2.0rc1", "trtllm-1.0", "nearest earlier"),
        ("SGLang", "sglang-0.5", ""),
    ],
)
def test_a_release_takes_the_nearest_earlier_file_and_says_so(said: str, name: str, remark: str) -> None:
    found = find_software(said)
    assert found.profile.name == name
    assert remark in found.said and bool(found.said) == bool(remark)


def test_unknown_software_and_the_wrong_role_are_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'vLLM'"):
        find_software("vlm", role="serving")
    with pytest.raises(InputError, match="for serving, not for training"):
        find_software("vLLM", role="training")
    with pytest.raises(InputError, match="unmeasured-training"):
        find_software("vllm with a hat")


def test_releases_of_a_family_come_in_order_and_no_two_families_share_a_name() -> None:
    owner: dict[str, str] = {}
    for profile in map(load_software, NAMES):
        for word in (profile.family, *profile.family_names):
            assert owner.setdefault(word.casefold(), profile.family) == profile.family
        assert profile.role in UNMEASURED


@pytest.mark.parametrize("name", NAMES)
def test_constants_are_those_that_the_rows_of_tuned_on_were_used_for(name: str) -> None:
    profile = load_software(name)
    # A stack that nobody measured may hold constants of its class that rows gave: they are named as well.
    assert bool(profile.tuned_on) or profile.evidence != "tuned"
    if profile.training is None:
        return
    marked = {
        row["id"]
        for path in DATA.glob("training*.csv")
        for row in shipped_rows(path.name)
        if row.get("tuned_on")
    }
    assert set(profile.tuned_on) <= marked, set(profile.tuned_on) - marked


def test_a_file_without_its_section_or_its_rows_is_refused() -> None:
    path = ROOT / "hwprofiles/software/vllm-0.9.yaml"
    assert validate(SoftwareProfile, read_yaml(path)).role == "serving"
    for change in ({"role": "training"}, {"tuned_on": []}):
        document = read_yaml(path)
        document.data.update(change)
        with pytest.raises(InputError):
            validate(SoftwareProfile, document)


def test_constants_by_card_and_format_win_over_the_stack_s_own() -> None:
    bridge = load_software("nemo-26.06")
    assert stack_software(bridge, _card("GB300"), "fp8", "mxfp8") != stack_software(
        bridge, _card("H100"), "fp8"
    )
    assert isinstance(stack_software(load_software(UNMEASURED["training"]), _card("H100"), "bf16"), Software)


def test_an_engine_on_a_card_that_nobody_measured_takes_shares_of_the_card_s_own() -> None:
    known = engine_efficiency(load_software("vllm-0.9"), CARD, "dense")
    better = engine_efficiency(
        load_software("vllm-0.9"),
        Card(
            name="Y", peak={}, memory_bytes=1, memory_bandwidth=1, gemm_efficiency=0.8, memory_efficiency=0.9
        ),
        "dense",
    )
    assert known.gemm < better.gemm and known.memory < better.memory


def test_a_setting_that_is_not_given_is_the_documented_default_of_the_card() -> None:
    vllm = load_software("vllm-0.9")
    small, large = batching_of(vllm, "A100-80G"), batching_of(vllm, "H100")
    assert (small.max_tokens, small.max_sequences) == (2048, 256)
    assert (large.max_tokens, large.max_sequences) == (8192, 1024)
    assert batching_of(vllm, "H100", max_sequences=64, max_batched_tokens=512).max_sequences == 64
    assert batching_of(vllm, "H100", max_batched_tokens=16).max_sequences == 15


def test_kinds_of_constants() -> None:
    assert constants_kind(model_spec(load_model("deepseek-v3")), "fp8") == "mla"
    assert constants_kind(model_spec(load_model("qwen3-30b-a3b")), "fp8") == "moe"
    assert constants_kind(model_spec(load_model("qwen3-30b-a3b")), "bf16") == "moe_bf16"
    assert constants_kind(model_spec(load_model("gpt-oss-120b")), "fp4") == "moe_window"
    assert constants_kind(model_spec(load_model("qwen3.6-27b")), "bf16") == "dense_linear"
    assert constants_kind(model_spec(load_model("qwen3.5-397b-a17b")), "fp8") == "moe_linear"
    assert constants_kind(model_spec(load_model("qwen3.5-397b-a17b")), "bf16") == "moe_linear_bf16"
    assert constants_kind(model_spec(load_model("glm-5")), "fp8") == "mla_sparse"
    assert constants_kind(model_spec(load_model("llama3-8b")), "bf16") == "dense_bf16"


def test_publications_fill_what_a_row_leaves_out_and_every_software_is_known() -> None:
    for row in shipped_rows("sources.csv"):
        if row["software"]:
            assert find_software(row["software"]).profile.name in known_names("hwprofiles/software")
    row = {"source": "NeMo Framework performance summary 25.04", "software": "FSDP2"}
    assert filled(row)["software"] == "FSDP2"
    for file in ("training.csv", "training_2026.csv", "serving.csv", "serving_published.csv"):
        for name in {row["software"] for row in shipped_rows(file)} - {""}:
            find_software(name)


@pytest.mark.parametrize(
    ("software", "card", "slower"),
    [
        ("nemo-26.06", "H100", False),  # measured there
        ("nemo-26.06", "H20", False),  # another card of a maker on whose cards constants were found
        ("mindspeed", "Ascend-910B", False),  # its own port
        ("mindspeed", "BR106M", True),
        ("nemo-26.06", "BR106M", True),
        ("unmeasured-training", "MetaX-C500", True),
    ],
)
def test_software_that_is_new_to_a_maker_takes_the_centre_of_its_class(
    software: str, card: str, slower: bool
) -> None:
    found = stack_software(load_software(software), _card(card), "bf16").kernel_factor
    assert (found > 1.0) == slower and found == port_factor(software, _card(card))


@pytest.mark.parametrize("family", ["TorchTitan", "FSDP2"])
def test_a_release_by_year_and_month_is_read_however_it_is_written(family: str) -> None:
    for text in (f"{family} 2025-06", f"{family} 2025.06", f"{family} v2025.06"):
        assert find_software(text, role="training") == FoundSoftware(load_software("fsdp2-compiled-2025.06"))
    later = find_software(f"{family} 2026", role="training")
    assert later.profile.name == "fsdp2-compiled-2025.06" and "earlier" in later.said


def test_a_version_is_not_held_against_years() -> None:
    found = find_software("TorchTitan 0.2.0", role="training")
    assert found.profile.name == "fsdp2-compiled-2025.06" and "numbered otherwise" in found.said
