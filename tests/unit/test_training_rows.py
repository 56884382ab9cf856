"""Rows of published runs as the step model takes them."""

from pathlib import Path

import pytest

import clustersim
from clustersim.validation import training
from clustersim.validation.note_words import noted
from clustersim.validation.training_record import Unpredictable
from clustersim.validation.training_rows import known_row

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
    assert known.memory_bytes <= known.train.card.memory_bytes
    assert "micro_batch=" in known.chosen and "recompute=" in known.chosen
    tight = known_row(ROW | {"recompute": "", "tp": "1", "dp": "8", "seq_len": "32768", "global_batch": "8"})
    assert tight.train.plan.recompute != "none"


def test_a_row_without_a_plan_is_not_guessed() -> None:
    with pytest.raises(Unpredictable, match="how the model is spread"):
        known_row(ROW | {"tp": "", "pp": "", "dp": "", "zero_stage": ""})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "Nemotron-H-56B", "params_B": "56"}, "some layers are of another kind"),
        ({"model": "SomeMoE-9B", "ep": "4"}, "experts of SomeMoE-9B are not in the row"),
        ({"gpu": "P100-16GB"}, "no profile of the card 'P100-16GB'"),
        ({"gpu": "H100 with a fan"}, "no profile of the card"),
        ({"dtype": "banana"}, "number format 'banana' is unknown"),
        ({"software": "NeMoo"}, "did you mean 'NeMo'"),
        ({"software": "vLLM"}, "is for serving, not for training"),
        ({"seq_len": ""}, "no seq_len"),
    ],
)
def test_why_a_row_cannot_be_predicted(change: dict[str, str], words: str) -> None:
    found = training.predict([ROW | change])[0]
    assert found.predicted is None and words in found.reason


@pytest.mark.parametrize(
    ("name", "profile"),
    [("GB200 NVL72", "GB200"), ("gb300", "GB300"), ("B300-SXM", "B300"), ("A100-SXM4-40GB", "A100-40G")],
)  # fmt: skip
def test_words_for_a_card(name: str, profile: str) -> None:
    assert known_row(ROW | {"gpu": name}).train.card.name == profile


def test_sharded_data_parallelism_is_stage_3_and_1_under_a_pipeline() -> None:
    assert known_row(ROW | {"zero_stage": "fsdp8"}).train.plan.zero == 3
    assert known_row(ROW | {"zero_stage": "fsdp", "pp": "2", "dp": "2"}).train.plan.zero == 1


def test_hybrid_sharding_shares_out_inside_a_server_and_all_of_one_server_is_plain() -> None:
    whole = {"dp": "32", "n_gpus": "32", "tp": "1", "pp": "1", "vpp_interleave": "1", "global_batch": "64"}
    hybrid, plain = (known_row(ROW | whole | {"zero_stage": z}) for z in ("3 (HSDP)", "FSDP"))
    assert (hybrid.train.plan.zero, hybrid.train.plan.shard, plain.train.plan.shard) == (3, 8, 0)
    assert hybrid.memory_bytes > plain.memory_bytes
    beside = known_row(ROW | whole | {"zero_stage": "hsdp", "tp": "2", "dp": "16"}).train.plan
    assert beside.shard == 4
    one = whole | {"dp": "8", "n_gpus": "8"}
    assert (
        known_row(ROW | one | {"zero_stage": "HSDP"}).train
        == known_row(ROW | one | {"zero_stage": "FSDP"}).train
    )
    with pytest.raises(Unpredictable, match="HSDP"):
        known_row(ROW | whole | {"dp": "12", "n_gpus": "12", "global_batch": "24", "zero_stage": "HSDP"})


def test_an_mfu_alone_is_a_measurement() -> None:
    known, stated = (training.predict([ROW | c])[0] for c in ({}, {"iteration_time_s": "", "mfu": "0.5"}))
    assert known.predicted == stated.predicted
    assert stated.measured == pytest.approx(known.predicted * known.details["mfu"] / 0.5)


def test_the_single_node_table_is_read_in_its_own_columns() -> None:
    file = Path(clustersim.__file__).parent / "data" / "validation" / "training_single_node_a100.csv"
    header, first = file.read_text(encoding="utf-8-sig").splitlines()[:2]
    row = dict(list(zip(header.split(","), first.split(","), strict=True))[:11])
    found = training.predict([row])
    assert len(found) == 1 and found[0].id == "vtrain-single-n8-b32-m4-h1024-a16-l24-s1024-t2-d2-p2"
    assert found[0].measured == pytest.approx(float(row["iteration time (ms)"]) / 1e3)
    assert found[0].group == "tuned on"
    silent = training.predict([row | {"iteration time (ms)": "n/a"}])[0]
    assert silent.predicted is None and "neither a step time" in silent.reason


def test_links_that_nobody_published_are_the_profiles_own_assumption() -> None:
    measured = known_row(ROW | {"gpu": "Iluvatar BI-V150", "model": "Mixtral-8x7B (8 layers)", "layers": "8"})
    assert measured.train.network.scale_up_bandwidth == 46.24e9
    assert measured.train.model.layers == measured.train.model.moe_layers == 8
    assumed = known_row(ROW | {"gpu": "MetaX C500 (Chinese)"})
    link = assumed.record.card.scale_up
    assert link is not None and link.bandwidth.tier == "assumption"


def test_what_a_publication_says_fills_columns_that_a_row_lacks() -> None:
    title = "SimuMax v1.2 B200 real measurements (Megatron-LM)"
    found = known_row(ROW | {"gpu": "B200-SXM", "source": title})
    assert found.train.card.gemm_efficiency == 0.488 and "the site's own" in found.chosen
    stated = known_row(ROW | {"gpu": "B200-SXM", "source": title, "gemm_efficiency": "0.7"})
    assert stated.train.card.gemm_efficiency == 0.7


@pytest.mark.parametrize(
    ("release", "name", "words"),
    [
        ("26.06", "nemo-26.06", ""),
        ("26.08", "nemo-26.06", "nearest earlier nemo-26.06"),
        ("25.11", "nemo-25.09", "nearest earlier nemo-25.09"),
        ("25.07", "nemo-25.04", "nearest earlier nemo-25.04"),
        ("24.12", "nemo-25.04", "older than every file"),
    ],
)
def test_a_release_takes_the_nearest_earlier_and_says_so(release: str, name: str, words: str) -> None:
    row = ROW | {
        "gpu": "GB300",
        "dtype": "MXFP8",
        "source": f"NeMo/Megatron-Bridge performance summary {release}",
    }
    found = known_row(row).record.software
    assert found.profile.name == name and words in found.said
    assert known_row(ROW | {"software": f"NeMo Framework {release}"}).record.software.profile.name == name


def test_recipes_of_eight_bits_are_told_apart() -> None:
    recorded, launched = (
        known_row(ROW | {"gpu": "GB300", "dtype": dtype, "software": "NeMo 26.06"})
        for dtype in ("MXFP8", "FP8-CS")
    )
    assert recorded.train.dtype == launched.train.dtype == "fp8"
    assert recorded.train.plan.software.host_layer_s == 0.0 < launched.train.plan.software.host_layer_s
    assert known_row(ROW | {"dtype": "tf32"}).train.dtype == "tf32"


def test_software_that_a_row_does_not_name_is_of_the_unmeasured_class() -> None:
    found = known_row(ROW).record.software
    assert found.profile.evidence == "unmeasured" and "names no software" in found.said


def test_an_empty_measurement_is_no_crash() -> None:
    from clustersim.validation import scaling

    silent = training.predict([ROW | {"iteration_time_s": "", "tokens_per_s_per_gpu": ""}])[0]
    assert silent.predicted is None and silent.reason.startswith("no measured value")
    row = {"source": "s", "model": "Llama3.1-8B", "gpu": "H100", "dtype": "bf16", "kind": "weak", "tp": "", "pp": "",
           "cp": "", "gpus_base": "8", "gpus": "16", "efficiency": ""}  # fmt: skip
    assert scaling.predict([row])[0].reason == "no measured value"


def test_tuned_marks_are_those_of_the_software_profiles() -> None:
    """Every row that a profile was tuned on is marked, and every mark is some profile's."""
    from clustersim.schema.find_software import load_software
    from clustersim.schema.lookup import known_names

    profiles = [load_software(name) for name in known_names("hwprofiles/software")]
    listed = {row for p in profiles if p.role == "training" for row in p.tuned_on}
    assert listed == set(training.tuned_ids())


def _deepseek(extra: dict[str, str]) -> dict[str, str]:
    """A row of DeepSeek-V3 on 256 GB300 by a recipe of Megatron-Bridge."""
    plan = {
        "tp": "1",
        "pp": "2",
        "dp": "128",
        "cp": "1",
        "ep": "32",
        "vpp_interleave": "8",
        "micro_batch": "1",
    }
    return {
        **dict.fromkeys(ROW, ""), "id": "deepseek", "source": "NeMo/Megatron-Bridge performance summary 26.06",
        "model": "DeepSeek-V3", "seq_len": "4096", "global_batch": "4096", "gpu": "GB300", "n_gpus": "256",
        "dtype": "MXFP8", "interconnect": "DGX-GB300", "iteration_time_s": "10", **plan, **extra,
    }  # fmt: skip


@pytest.mark.parametrize(("convention", "square"), [("all of the square", 1.0), ("its causal half", 0.5)])
@pytest.mark.parametrize("extra", [0, 1])
def test_a_rows_own_count_of_operations_says_whether_it_trains_extra_predictions(
    convention: str, square: float, extra: int
) -> None:
    model = known_row(_deepseek({})).train.model
    assert model.prediction_layers == 1, "as its file has it"
    pair = 6.0 * (model.active_parameters + model.layers * model.score_work(4096) * square)
    layer = 6.0 * (
        (model.active_parameters - model.vocab * model.hidden) / model.layers + model.vocab * model.hidden
    )
    per_token = pair + extra * layer
    told = _deepseek({"tokens_per_s_per_gpu": "5000", "tflops_per_gpu": f"{5000 * per_token / 1e12:.0f}"})
    assert known_row(told).train.model.prediction_layers == extra, convention
    assert known_row(told | {"prediction_layers": "0"}).train.model.prediction_layers == 0


def test_ends_of_a_pipeline_count_as_layers_only_where_its_chunks_are_then_alike() -> None:
    rows = {8: (94, True), 16: (96, False), 4: (95, False)}
    for pp, (layers, ends) in rows.items():
        row = ROW | {"layers": str(layers), "pp": str(pp), "dp": str(max(1, 64 // pp)), "n_gpus": "64", "tp": "1",
                     "vpp_interleave": "1", "params_B": ""}  # fmt: skip
        plan = known_row(row).train.plan
        assert (plan.embedding_slot, plan.loss_slot) == (ends, ends), (pp, layers)


NOTES = "H100 96GB HBM2e 2.4 TB/s, 500 W power limit (not the 700 W SXM); "


@pytest.mark.parametrize(
    ("said", "columns"),
    [
        (NOTES + "eager; selective op AC", {"gpu": "H100-96G-500W", "software": "FSDP2 eager"}),
        (NOTES + "compile; Async TP", {"gpu": "H100-96G-500W", "tp_overlap": "0.9"}),
        ("compile, float8", {}),
        ("the micro-batch of the pipeline is not printed (default 1)", {"micro_batch": ""}),
    ],
)
def test_what_the_notes_of_a_row_say_is_what_columns_of_its_own_would(
    said: str, columns: dict[str, str]
) -> None:
    row = ROW | {"gpu": "H100", "software": "TorchTitan", "pp": "2", "dp": "2", "zero_stage": "3"}
    noted, stated = known_row(row | {"notes": said}), known_row(row | columns)
    assert noted.train == stated.train
    assert all(f"{column}" in noted.chosen for column in columns)
    assert (
        training.predict([row | {"notes": said}])[0].predicted
        == training.predict([row | columns])[0].predicted
    )


def test_a_pipeline_of_pytorch_has_as_many_micro_batches_as_stages_where_a_row_states_none() -> None:
    row = ROW | {
        "software": "TorchTitan",
        "pp": "2",
        "dp": "2",
        "tp": "2",
        "zero_stage": "3",
        "micro_batch": "",
    }
    assert known_row(row).train.micro_batches == 2
    assert known_row(row | {"micro_batch": "4"}).train.plan.micro_batch == 4
    assert known_row(row | {"software": "Megatron-Core", "zero_stage": "1"}).train.micro_batches > 2


READ = {
    "eager": ("software", "FSDP2 eager"),
    "96GB HBM2e 2.4 TB/s, 500 W": ("gpu", "H100-96G-500W"),
    "async TP": ("tp_overlap", "0.9"),
    "asynchronous tensor parallelism": ("tp_overlap", "0.9"),
    "micro-batch of the pipeline is not printed": ("micro_batch", ""),
}
DENIED = [
    "not {}",
    "no {}",
    "without {}",
    "{} off",
    "{}: no",
    "{}=false",
    "{} is disabled",
    "instead of {}",
    "non-{}",
]


@pytest.mark.parametrize("said", READ)
def test_a_word_that_its_clause_denies_is_not_read_and_one_beside_it_is(said: str) -> None:
    column, value = READ[said]
    row = {"gpu": "H100", "software": "TorchTitan", "tp_overlap": "", "micro_batch": "4"}
    for around in ("{}", "float8; {}", "no float8, {}", "run ({}) on 64 cards", "{}, not measured twice"):
        assert noted(row | {"notes": around.format(said)})[0][column] == value, around
    for around in DENIED:
        for notes in (around.format(said), f"compile; {around.format(said)}; seen"):
            assert noted(row | {"notes": notes})[0][column] == row[column], notes
    for other in ("H100-PCIe", "H200"):
        assert noted(row | {"gpu": other, "notes": "96GB HBM2e 500 W"})[0]["gpu"] == other


@pytest.mark.parametrize("said", ["uncompiled", "not compiled: eager", "without torch.compile", "no compile"])
def test_what_is_not_compiled_is_eager(said: str) -> None:
    assert noted({"software": "TorchTitan 2025.06", "notes": said})[0]["software"] == "FSDP2 eager"
    assert noted({"software": "FSDP2 compiled", "notes": said})[1] == []
