"""The step time against published runs: constants tuned on two tables, errors on all the rest."""

import csv
from collections import defaultdict
from pathlib import Path
from statistics import fmean, median

import pytest
from scipy.stats import spearmanr

import clustersim
from clustersim.errors import InputError
from clustersim.validation import scaling, training
from clustersim.validation.common import ValidationRow

DATA = Path(clustersim.__file__).parent / "data" / "validation"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def pairs() -> list[tuple[dict[str, str], ValidationRow]]:
    table = rows("training.csv")
    return list(zip(table, training.predict(table)[: len(table)], strict=True))


def mape(chosen: list[ValidationRow]) -> float:
    errors = [abs(r.error_pct) for r in chosen if r.error_pct is not None]
    assert errors
    return fmean(errors)


def of(pairs, word: str, **columns: str) -> list[ValidationRow]:  # type: ignore[no-untyped-def]
    return [
        r for row, r in pairs
        if word in row["source"] and r.predicted is not None and all(v in row[k].lower() for k, v in columns.items())
    ]  # fmt: skip


def test_activation_recomputation_table_5(pairs) -> None:  # type: ignore[no-untyped-def]
    assert mape(of(pairs, "2205.05198")) <= 4.0


def test_vtrain_plans_held_out(pairs) -> None:  # type: ignore[no-untyped-def]
    chosen = of(pairs, "vTrain")
    assert len(chosen) == 62 and not any(r.details["tuned_on"] for r in chosen)
    assert mape(chosen) <= 8.5


def test_vtrain_ranks_plans_within_a_model(pairs) -> None:  # type: ignore[no-untyped-def]
    """Within 0.75 for three sizes; 18.4B (eight plans) reaches 0.60 and is listed in docs/training.md."""
    sizes = defaultdict(list)
    for row, r in pairs:
        if "vTrain" in row["source"] and r.predicted is not None:
            sizes[row["params_B"]].append((r.predicted, r.measured))
    ranks = {size: spearmanr(*zip(*found, strict=True)).statistic for size, found in sizes.items()}
    assert sum(rank >= 0.75 for rank in ranks.values()) >= 3
    assert min(ranks.values()) > 0.5


def test_h100_dense_bf16_held_out(pairs) -> None:  # type: ignore[no-untyped-def]
    chosen = [
        r for row, r in pairs
        if "dgxc" in row["source"] and row["gpu"] == "H100" and "bf16" in row["dtype"].lower()
        and row["model"].startswith(("Llama", "Nemotron")) and r.predicted is not None
    ]  # fmt: skip
    assert len(chosen) >= 18
    assert mape(chosen) <= 6.0


def test_h100_dense_fp8_held_out(pairs) -> None:  # type: ignore[no-untyped-def]
    chosen = of(pairs, "", gpu="h100", dtype="fp8")
    chosen = [
        r
        for r in chosen
        if not any(w in r.id.lower() for w in ("moe", "qwen", "deepseek", "llama4", "flagperf"))
    ]
    assert len(chosen) == 24
    assert mape(chosen) <= 10.0


def test_blackwell_dense_held_out(pairs) -> None:  # type: ignore[no-untyped-def]
    """Nothing was tuned on a Blackwell card that is not a mixture."""
    chosen = [
        r for r in of(pairs, "", gpu="gb") if r.card[:2] == "GB" and ("Llama3" in r.id or "Nemotron4" in r.id)
    ]
    assert len(chosen) == 16
    assert mape(chosen) <= 12.0


def test_mixtures_of_experts(pairs) -> None:  # type: ignore[no-untyped-def]
    """12 % is asked and not reached: one plan's published times differ by a factor of two (docs/training.md)."""
    chosen = [
        r for row, r in pairs
        if r.predicted is not None and (int(float(row["ep"] or 1)) > 1)
    ]  # fmt: skip
    held_out = [r for r in chosen if not r.details["tuned_on"]]
    assert (len(chosen), len(held_out)) == (53, 40)
    assert mape(held_out) <= 20.0
    assert median(abs(r.error_pct or 0.0) for r in held_out) <= 15.0


def test_single_node_held_out() -> None:
    """734 steps of small models on 2-8 A100; vTrain, with a profile of every kernel, states 8.37 % on twice as many."""
    found = training.predict(rows("training_single_node_a100.csv"))
    held_out = [r for r in found if not r.details["tuned_on"]]
    assert (len(found), len(held_out)) == (734, 697)
    assert mape(held_out) <= 8.37
    assert spearmanr([r.predicted for r in held_out], [r.measured for r in held_out]).statistic >= 0.98


def test_bigscience_held_out(pairs) -> None:  # type: ignore[no-untyped-def]
    """Two constants of its software come from the log's first ten timed rows; SimuMax 12.9 %, Calculon 0.57."""
    chosen = [r for r in of(pairs, "BigScience") if not r.details["tuned_on"]]
    assert len(chosen) == 55
    assert mape(chosen) <= 11.0
    ranked = spearmanr([r.predicted for r in chosen], [r.measured for r in chosen]).statistic
    assert ranked >= 0.60


def test_bigscience_is_ranked_without_its_software() -> None:
    """Shapes alone order the rows nearly as well as the best peer, but 19 % too fast (docs/training.md)."""
    bare = {"software": "Megatron-LM 2019-22"}
    table = [row | bare for row in rows("training.csv") if "BigScience" in row["source"]]
    chosen = [r for r in training.predict(table)[: len(table)] if r.predicted is not None]
    assert spearmanr([r.predicted for r in chosen], [r.measured for r in chosen]).statistic >= 0.5
    assert 15 <= mape(chosen) <= 22


def test_sharded_training_of_mosaicml_has_no_large_bias(pairs) -> None:  # type: ignore[no-untyped-def]
    """-14 % before its operators were counted one by one; that it hides nothing was found on every fourth row."""
    held_out = [r for r in of(pairs, "MosaicML") if not r.details["tuned_on"]]
    assert len(held_out) == 47
    assert abs(fmean(r.error_pct or 0.0 for r in held_out)) <= 8.0
    assert mape(held_out) <= 10.0


def test_memory_held_out() -> None:
    """On BigScience's log SimuMax 19-36 %, Calculon 43 %; on its own B200 server SimuMax under 1.4 %."""
    found = [r for r in training.predict(rows("training.csv")) if r.group == "memory"]
    log, server = ([r for r in found if word in r.source] for word in ("BigScience", "SimuMax"))
    assert (len(log), len(server)) == (31, 30)
    assert mape(log) <= 10.0
    assert mape(server) <= 3.0 and max(abs(r.error_pct or 0.0) for r in server) <= 8.0


def test_out_of_memory_verdicts() -> None:
    """Four of five: 107 (82 layers, bf16) ran out at what is predicted to take 69 of 80 GiB."""
    found = [r for r in training.predict(rows("training.csv")) if r.group == "out of memory"]
    wrong = [r.id for r in found if r.predicted != r.measured]
    assert len(found) == 5
    assert [name[:13] for name in wrong] == ["bloomprep-107"]


def test_weak_scaling_slopes() -> None:
    """Within 3 points to 2,048 cards but for the 15B model, which lost 4-5 % where under 1 % is predicted."""
    found = [
        r for r in scaling.predict(rows("training_scaling.csv"))
        if r.predicted is not None and r.id.endswith("2048") and "Nemotron4-15B" not in r.id
    ]  # fmt: skip
    assert len(found) == 3
    for r in found:
        assert abs(r.predicted - r.measured) <= 0.03, r.id  # type: ignore[operator]


def test_domestic_cards_are_reported(pairs) -> None:  # type: ignore[no-untyped-def]
    cards = {r.card for _, r in pairs if r.predicted is not None}
    reasons = [
        r.reason
        for row, r in pairs
        if r.predicted is None and ("C500" in row["gpu"] or "Ascend" in row["gpu"])
    ]
    assert "Ascend-910B" in cards or reasons
    assert all(r.predicted is not None or r.reason for _, r in pairs)


def test_foreign_columns_are_named() -> None:
    with pytest.raises(InputError, match="'tp' is missing"):
        training.predict([{k: "1" for k in training.COLUMNS if k != "tp"}])
    with pytest.raises(InputError, match="'gpus' is missing"):
        scaling.predict([{k: "1" for k in scaling.COLUMNS if k != "gpus"}])
