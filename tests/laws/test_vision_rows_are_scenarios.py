"""Law: a row of a vision benchmark that is predicted is a scenario, and the scenario's run gives the prediction."""

import random

import pytest

from clustersim.errors import InputError
from clustersim.schema.demand import VisionWorkload
from clustersim.schema.load_one import load_one
from clustersim.schema.yamlfile import parse_yaml
from clustersim.validation.language import is_language
from clustersim.validation.sources import shipped_rows
from clustersim.validation.vision import WORK, as_scenario, predict
from clustersim.workloads.vision import work_of
from clustersim.workloads.work import StageCache

TABLES = ("mlperf_inference.csv", "domestic_vision.csv", "flagperf_cases.csv")


@pytest.mark.parametrize("table", TABLES)
def test_a_predicted_row_is_a_scenario(table: str) -> None:
    every = [row for row in shipped_rows(table) if not is_language(row)]
    rows = random.Random(16).sample(every, min(60, len(every)))
    asked = 0
    for row, found in zip(rows, predict(rows), strict=True):
        try:
            text = as_scenario(rows, row["id"])
        except InputError as refused:
            assert found.predicted is None or "in training" in str(refused)
            continue
        inputs = load_one(parse_yaml(text, "row.yaml"))
        work = inputs.scenario.demand[WORK]
        assert isinstance(work, VisionWorkload)
        per_s = work_of(inputs, WORK, work, StageCache()).rates["inputs_per_s_per_card"]
        assert per_s * inputs.scenario.cluster.cards.value == found.predicted, row["id"]
        asked += 1
    assert asked or table != TABLES[0]
