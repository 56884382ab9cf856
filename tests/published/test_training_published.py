"""The step time against published runs: constants tuned on two tables, errors on all the rest."""

import csv
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest
from scipy.stats import spearmanr

import clustersim
from clustersim.errors import InputError
from clustersim.validation import scaling, training
from clustersim.validation.common import ValidationRow

DATA = Path(clustersim.__file__).parent / "data" / "validation"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as handle:
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


def test_bigscience_held_out(pairs) -> None:  # type: ignore[no-untyped-def]
    """Two constants of its software come from the log's first ten timed rows; SimuMax 12.9 %, Calculon 0.57."""
    chosen = [r for r in of(pairs, "BigScience") if not r.details["tuned_on"]]
    assert len(chosen) == 55
    assert mape(chosen) <= 11.0
    ranked = spearmanr([r.predicted for r in chosen], [r.measured for r in chosen]).statistic
    assert ranked >= 0.60


def test_bigscience_is_ranked_without_its_software(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Shapes alone order the rows nearly as well as the best peer, but 19 % too fast (docs/training.md)."""
    monkeypatch.setattr(training, "SOFTWARE", ())
    table = [row for row in rows("training.csv") if "BigScience" in row["source"]]
    chosen = [r for r in training.predict(table)[: len(table)] if r.predicted is not None]
    assert spearmanr([r.predicted for r in chosen], [r.measured for r in chosen]).statistic >= 0.5
    assert 15 <= mape(chosen) <= 22


def test_memory_held_out() -> None:
    """SimuMax 19-36 %, Calculon 43 %."""
    found = [r for r in training.predict(rows("training.csv")) if r.group == "memory"]
    assert len(found) == 31
    assert mape(found) <= 10.0


def test_out_of_memory_verdicts() -> None:
    """Four of five: 107 (82 layers, bf16) ran out at what is predicted to take 69 of 80 GiB."""
    found = [r for r in training.predict(rows("training.csv")) if r.group == "out of memory"]
    wrong = [r.id for r in found if r.predicted != r.measured]
    assert len(found) == 5
    assert [name[:13] for name in wrong] == ["bloomprep-107"]


def test_weak_scaling_slopes(pairs) -> None:  # type: ignore[no-untyped-def]
    found = [
        r for r in scaling.predict(rows("training_scaling.csv")) if r.predicted is not None and "70B" in r.id
    ]
    assert found
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
