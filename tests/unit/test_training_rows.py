"""Rows of published runs as the step model takes them."""

from pathlib import Path

import pytest

import clustersim
from clustersim.validation import training
from clustersim.validation.training_rows import BINARY, Unpredictable, known_row

ROW = {
    "id": "r", "source": "somebody", "model": "GPT", "params_B": "8", "layers": "32", "hidden": "4096", "heads": "32",
    "kv_heads": "8", "ffn_hidden": "14336", "vocab": "128256", "seq_len": "8192", "global_batch": "128",
    "micro_batch": "1", "tp": "2", "pp": "1", "dp": "4", "cp": "1", "ep": "1", "vpp_interleave": "1",
    "seq_parallel": "yes", "recompute": "none", "zero_stage": "1", "gpu": "H100-SXM", "n_gpus": "8", "dtype": "bf16",
    "interconnect": "8x400Gb/s", "iteration_time_s": "12.0", "tokens_per_s_per_gpu": "",
}  # fmt: skip


def test_a_full_row_is_taken_as_it_stands() -> None:
    known = known_row(ROW)
    assert (known.train.plan.tp, known.train.plan.dp, known.train.plan.recompute, known.train.plan.zero) == (
        2,
        4,
        "none",
        1,
    )
    assert known.train.model.gated and known.train.card.name == "H100" and known.chosen == ""
    assert known.train.network.scale_out_bandwidth == 50e9


def test_what_a_row_leaves_out_is_the_fastest_that_fits() -> None:
    known = known_row(ROW | {"recompute": "", "micro_batch": "", "tp": "1", "dp": "8"})
    assert known.memory_bytes <= known.train.card.memory_bytes * BINARY
    assert "micro_batch=" in known.chosen and "recompute=" in known.chosen
    tight = known_row(ROW | {"recompute": "", "tp": "1", "dp": "8", "seq_len": "32768", "global_batch": "8"})
    assert tight.train.plan.recompute != "none"


def test_a_row_without_a_plan_is_not_guessed() -> None:
    with pytest.raises(Unpredictable, match="how the model is spread"):
        known_row(ROW | {"tp": "", "pp": "", "dp": "", "zero_stage": ""})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "Nemotron-H-56B"}, "layers without attention"),
        ({"model": "SomeMoE-9B", "ep": "4"}, "experts of SomeMoE-9B are not in the row"),
        ({"gpu": "V100-32GB"}, "no profile of V100"),
        ({"seq_len": ""}, "no seq_len"),
    ],
)
def test_why_a_row_cannot_be_predicted(change: dict[str, str], words: str) -> None:
    found = training.predict([ROW | change])[0]
    assert found.predicted is None and words in found.reason


@pytest.mark.parametrize(
    ("name", "profile"),
    [("GB200 NVL72", "GB200"), ("DGX-GB300", "GB300"), ("B300 SXM", "B300"), ("A100-SXM4-40GB", "A100-40G")],
)  # fmt: skip
def test_words_for_a_card(name: str, profile: str) -> None:
    assert known_row(ROW | {"gpu": name}).train.card.name == profile


def test_sharded_data_parallelism_is_stage_3_and_2_under_a_pipeline() -> None:
    assert known_row(ROW | {"zero_stage": "fsdp8"}).train.plan.zero == 3
    assert known_row(ROW | {"zero_stage": "fsdp", "pp": "2", "dp": "2"}).train.plan.zero == 2


def test_an_mfu_alone_is_a_measurement() -> None:
    known, stated = (training.predict([ROW | c])[0] for c in ({}, {"iteration_time_s": "", "mfu": "0.5"}))
    assert known.predicted == stated.predicted
    assert stated.measured == pytest.approx(known.predicted * known.details["mfu"] / 0.5)


def test_the_single_node_table_is_read_in_its_own_columns() -> None:
    file = Path(clustersim.__file__).parent / "data" / "validation" / "training_single_node_a100.csv"
    header, first = file.read_text(encoding="utf-8-sig").splitlines()[:2]
    row = dict(zip(header.split(","), first.split(","), strict=True))
    found = training.predict([row])
    assert len(found) == 1 and found[0].id == "vtrain-single-000"
    assert found[0].measured == pytest.approx(float(first.split(",")[-1]) / 1e3)
    assert found[0].group == "tuned on"
    silent = training.predict([row | {"iteration time (ms)": "n/a"}])[0]
    assert silent.predicted is None and "neither a step time" in silent.reason


def test_cards_without_published_links_say_what_stands_in() -> None:
    measured = known_row(
        ROW | {"gpu": "Iluvatar BI-V150 (Chinese)", "model": "Mixtral-8x7B (8 layers)", "layers": "8"}
    )
    assert measured.train.network.scale_up_bandwidth == 46.24e9 and "was measured" in measured.nic
    assert measured.train.model.layers == measured.train.model.moe_layers == 8
    assumed = known_row(ROW | {"gpu": "MetaX C500 (Chinese)"})
    assert "links of MetaX-C550, an assumption" in assumed.chosen
