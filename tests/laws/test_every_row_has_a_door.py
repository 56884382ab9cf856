"""Law: of every shipped row a command gives the prediction, or row and file refuse it in the same words."""

import importlib
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.errors import ClusterSimError
from clustersim.report.pages.profiles import profile_answer
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of
from clustersim.validation.domains import DOMAINS
from clustersim.validation.sources import shipped_rows

Row = Mapping[str, str]
#: Those of serving are held in a law of their own: their predictions are long.
QUICK = ("operators", "reliability", "domestic_vision", "tco")
LONG = (
    "training",
    "training_2026",
    "domestic_training",
    "scaling",
    "collectives",
    "mlperf",
    "flagperf_cases",
)


def told(module: object, row: Row, name: str) -> tuple[str, str]:
    """The scenario of a row, or why there is none."""
    try:
        return module.as_scenario([row], name), ""  # type: ignore[attr-defined]
    except ClusterSimError as error:
        return "", reason_of(error)


def named(rows: list[Row], found: ValidationRow) -> tuple[Row, str] | None:
    """The row behind a prediction; none for a further quantity of a row that is held already."""
    return next(((row, row["id"]) for row in rows if row.get("id") == found.id), None)


def hold(domain: str) -> None:
    module, table = (
        importlib.import_module(DOMAINS[domain][0]),
        [
            {**row, "id": row.get("id") or f"row {i + 1}"}
            for i, row in enumerate(shipped_rows(DOMAINS[domain][1]))
        ],
    )
    held = 0
    for found in module.predict(table):
        at = named(table, found)
        if at is None:
            continue
        text, why = told(module, *at)
        if found.predicted is not None:
            assert text or "no site's run gives it" in why, (found.id, why)
        else:
            assert (text and found.reason.startswith(NO_MEASUREMENT)) or why == found.reason, (
                found.id,
                found.reason,
                why,
            )
        held += 1
    assert held >= 30


@pytest.mark.parametrize("domain", QUICK)
def test_refused_rows_are_refused_in_the_same_words(domain: str) -> None:
    hold(domain)


@pytest.mark.full
@pytest.mark.parametrize("domain", LONG)
def test_all_refused_rows_are_refused_in_the_same_words(domain: str) -> None:
    hold(domain)


def test_a_row_of_a_card_is_what_the_profile_shows() -> None:
    asked = 0
    for domain in ("operators", "tco"):
        module = importlib.import_module(DOMAINS[domain][0])
        rows = list(shipped_rows(DOMAINS[domain][1]))
        for row, found in zip(rows, module.predict(rows), strict=True):
            _, why = told(module, row, found.id if row.get("id") else "row 1")
            if found.predicted is None or "profiles show" not in why:
                continue
            card, figure = why.split("profiles show ")[1].split("`")[0], why.rsplit(" ", 1)[1]
            shown = {line["field"]: line["value"] for line in profile_answer(card).rows or ()}
            assert float(shown[figure].split()[0]) == found.predicted, found.id
            asked += 1
    assert asked >= 20


def failing() -> list[tuple[Row, ValidationRow]]:
    module, rows = importlib.import_module(DOMAINS["reliability"][0]), list(shipped_rows("reliability.csv"))
    return [(r, f) for r, f in zip(rows, module.predict(rows), strict=True) if "failing" in f.details]


def hold_failing(some: list[tuple[Row, ValidationRow]], folder: Path) -> None:
    module = importlib.import_module(DOMAINS["reliability"][0])
    for row, found in some:
        file = folder / "row.yaml"
        file.write_text(module.as_scenario([row], row["id"]), encoding="utf-8")
        hours = cs.load(file).train(fidelity="closed").data["mttf_h"]
        given = module.read_row(row).days * 24 / hours if found.unit == "failures" else hours
        assert given == found.predicted, found.id


def test_a_row_of_failures_trains_to_its_prediction(tmp_path: Path) -> None:
    hold_failing(random.Random(16).sample(failing(), 2), tmp_path)


@pytest.mark.full
def test_every_row_of_failures_trains_to_its_prediction(tmp_path: Path) -> None:
    every = failing()
    assert len(every) >= 24
    hold_failing(every, tmp_path)


def test_two_rates_of_one_job_are_refused() -> None:
    changes = {"reliability.fleet": "rsc-1", "reliability.card_hours_per_failure": "29538 h"}
    with pytest.raises(ClusterSimError, match="two rates of one job"):
        cs.load("nanjing-1024").set(changes).train(fidelity="closed")
