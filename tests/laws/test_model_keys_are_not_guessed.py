"""Of a published configuration without one of its keys: the model is the same, or refused, or a note names the key."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from published_configs import PUBLISHED

from clustersim.errors import InputError
from clustersim.schema.imports.config import Config
from clustersim.schema.imports.model import read_model_config

_FILE = Path("Org--Some-Model_config.json")
_READABLE = [name for name, (total, _) in PUBLISHED.items() if not isinstance(total, str)]
#: What the notes say is no shape; the encoders' own part is said by what is not modelled.
_SAID = {"notes", "not_modelled"}


@pytest.fixture(autouse=True)
def names_of_one(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Every key with the first names of the quantities that it is a name of: notes give the first."""
    first: dict[str, set[str]] = {}
    look = Config._look

    def remembering(self: Config, names: tuple[str, ...]) -> None:
        for name in names:
            first.setdefault(name, set()).add(names[0])
        look(self, names)

    monkeypatch.setattr(Config, "_look", remembering)
    return first


def result(config: Mapping[str, Any]) -> tuple[dict[str, Any], str] | None:
    """The model and what is noted of it; None where the file is refused."""
    try:
        made = read_model_config(_FILE, json.dumps(config))
    except InputError as error:
        assert error.problems
        return None
    whole = made.model_dump(mode="json")
    return {k: v for k, v in whole.items() if k not in _SAID}, " ".join(made.notes + made.not_modelled)


def without_one(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in config.items():
        yield key, {k: v for k, v in config.items() if k != key}
        if key in ("text_config", "llm_config", "language_config") and isinstance(value, dict):
            for inner in value:
                yield inner, config | {key: {k: v for k, v in value.items() if k != inner}}


def guessed(config: dict[str, Any], names_of_one: dict[str, set[str]]) -> list[str]:
    """The keys whose absence changes the model in silence."""
    whole = result(config)
    assert whole is not None
    lost = []
    for key, less in without_one(config):
        now = result(less)
        named = {key, *names_of_one.get(key, ())}
        if now is not None and now[0] != whole[0] and not any(name in now[1] for name in named):
            lost.append(key)
    return lost


@pytest.mark.parametrize("name", random.Random(48).sample(_READABLE, 6))
def test_no_key_is_guessed_in_silence(name: str, names_of_one: dict[str, set[str]]) -> None:
    assert guessed(PUBLISHED[name][1], names_of_one) == []


@pytest.mark.full
@pytest.mark.parametrize("name", _READABLE)
def test_no_key_of_any_is_guessed_in_silence(name: str, names_of_one: dict[str, set[str]]) -> None:
    assert guessed(PUBLISHED[name][1], names_of_one) == []
