"""Twenty-nine more published configurations: each is read to its published total, or refused by the name of a key."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from published_configs import PUBLISHED

from clustersim.errors import InputError
from clustersim.schema.imports.registry import import_file
from clustersim.schema.model_engine import model_spec
from clustersim.schema.models import ModelProfile


def read(folder: Path, config: dict[str, Any]) -> ModelProfile:
    file = folder / "Org--Some-Model_config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    made = import_file(file).content
    assert isinstance(made, ModelProfile)
    return made


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_it_is_read_to_its_total_or_refused_by_name(name: str, tmp_path: Path) -> None:
    total, config = PUBLISHED[name]
    if isinstance(total, str):
        with pytest.raises(InputError, match=total):
            read(tmp_path, config)
        return
    assert model_spec(read(tmp_path, config)).parameters == pytest.approx(total * 1e9, rel=0.015)


def test_infinity_as_its_writers_print_it_is_read(tmp_path: Path) -> None:
    _, config = PUBLISHED["granite-4-h-small"]
    assert model_spec(read(tmp_path, config | {"time_step_limit": [0.0, math.inf]})) == model_spec(
        read(tmp_path, config)
    )


def test_no_dimension_is_infinite_negative_or_beyond_every_model(tmp_path: Path) -> None:
    """Each key of a sample of configurations with a value of another kind: read, or refused in words."""
    rng = random.Random(17)
    for name in rng.sample(sorted(PUBLISHED), 8):
        _, config = PUBLISHED[name]
        for key in rng.sample(sorted(config), 4):
            for value in (math.inf, -1, 0, 1e30, 10**400, "x", [], {"a": 1}, None, True):
                try:
                    read(tmp_path, config | {key: value})
                except InputError as error:
                    assert str(error)
