"""Residuals, classes and coverage: the file and its digest, who is of which class, what is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

import clustersim as cs
from clustersim.errors import InputError
from clustersim.intervals.bands import Calibration
from clustersim.intervals.coverage import coverage_rows, left_out
from clustersim.intervals.maturity import FIRST, MEASURED, OTHER_CARD, PORT, shipped_known
from clustersim.intervals.residuals import (
    DATA,
    Residual,
    evidence,
    read_residuals,
    shipped_residuals,
    table_text,
)
from clustersim.validation.residuals import all_residuals


def test_the_shipped_residuals_are_what_their_text_says() -> None:
    text = (DATA / "residuals.csv").read_text(encoding="utf-8")
    assert table_text(shipped_residuals()) == text


def test_a_changed_line_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "residuals.csv"
    file.write_text((DATA / "residuals.csv").read_text(encoding="utf-8").replace("0.0230", "0.0130", 1))
    with pytest.raises(InputError, match="digest"):
        read_residuals(file)


@pytest.mark.parametrize("domain", ["training_2026", "domestic_training", "domestic_serving", "collectives"])
def test_the_shipped_residuals_are_those_of_fresh_predictions(domain: str) -> None:
    fresh = table_text(all_residuals([domain])).splitlines()[5:]
    shipped = set((DATA / "residuals.csv").read_text(encoding="utf-8").splitlines())
    stale = [line for line in fresh if line not in shipped]
    assert fresh and not stale, (
        "make clustersim/data/residuals.csv by `clustersim validate training --residuals`"
    )


@pytest.mark.full
def test_all_residuals_are_those_of_fresh_predictions() -> None:
    assert table_text(all_residuals()) == table_text(shipped_residuals())


@pytest.mark.parametrize(
    ("software", "card", "maker", "found"),
    [
        ("vllm-0.9", "H100", "NVIDIA", MEASURED),
        ("unmeasured-training", "H20", "NVIDIA", OTHER_CARD),
        ("mindie-2.0", "Ascend-910B", "Huawei", PORT),
        ("vllm-plugin-fl-0.13", "MetaX-C550", "MetaX", PORT),
        ("vllm-plugin-fl-0.13", "Ascend-910B", "Huawei", FIRST),
        ("vllm-0.9", "BR106M", "Biren", FIRST),
        ("unmeasured-training", "BR166M", "Biren", FIRST),
    ],
)
def test_who_is_of_which_class(software: str, card: str, maker: str, found: str) -> None:
    assert shipped_known().maturity(software, card, maker) == found


def test_evidence_from_outside_is_never_scored() -> None:
    assert evidence() and not any(r.scored for r in evidence())
    scored = left_out(shipped_residuals(), lambda r: r.source)
    assert all(s.row.scored and not s.row.tuned for s in scored)


def test_a_source_is_held_against_the_others_alone() -> None:
    values = {"a": 0.0, "b": 0.1, "c": 9.0}
    rows = [Residual("ttft", name, "NVIDIA", "H100", "vllm-0.9", "", v) for name, v in values.items()]
    scored = {s.row.source: s for s in left_out(rows, lambda r: r.source)}
    assert not scored["c"].inside and scored["c"].high <= 0.1 and scored["a"].high > 1.0
    line = coverage_rows(list(scored.values()))[0]
    assert line["rows"] == 3 and line["sources"] == 3


def test_rows_of_a_file_are_held_against_the_shipped_bands() -> None:
    file = DATA / "validation" / "domestic_training.csv"
    answer = cs.validate("domestic_training", data=file, coverage=True)
    assert answer.data["coverage"][0]["rows"] == 4 and not answer.data["cards_left_out"]
    with pytest.raises(InputError, match="coverage"):
        cs.validate("tco", coverage=True, data=DATA / "validation" / "tco.csv")


def test_few_sources_leave_the_centre_nearer_to_the_prediction_than_many() -> None:
    """What two sources err by says little of a third: the mirror image is about the prediction until there are many."""

    def middle(sources: int) -> float:
        rows = [
            Residual("step_time", f"s{i}", "M", "C", "stack", "16 bits", 0.5 + 0.01 * i, maturity=FIRST)
            for i in range(sources)
        ]
        return float(Calibration(rows).band(FIRST).quantile(0.5))

    assert 0.0 <= middle(2) < middle(6) < middle(40) < 0.75
