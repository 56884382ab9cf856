"""Law: a problem of a file is told at a place that the file has, once, in our words, and in both languages.

The checker names the kind that it tried (``bool``, ``list[any]``) where a field takes one of several; no reader of an
error has seen that name. Every schema is asked with shapes and keys that are wrong anywhere in a right file.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from clustersim.errors import ClusterSimError, InputError, Problem
from clustersim.report.spoken_errors import chinese_error
from clustersim.schema.base import validate
from clustersim.schema.catalogue import NAME, YEAR, all_keys
from clustersim.schema.company import AnchorFile, CompanyFile
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import KINDS
from clustersim.schema.scenario import Scenario
from clustersim.schema.yamlfile import Document, read_yaml
from clustersim.study.spec import StudyFile

ROOT = Path(__file__).resolve().parents[2]
#: A schema, a right file of it, and whether its numbers need a source.
FILES: dict[str, tuple[type[BaseModel], Path, bool]] = {
    **{
        f"{kind} {path.stem}": (model, path, True)
        for kind, (folder, model) in KINDS.items()
        for path in [sorted((ROOT / folder).glob("*.yaml"))[0], sorted((ROOT / folder).glob("*.yaml"))[-1]]
    },
    **{
        name: (Scenario, ROOT / f"scenarios/{name}.yaml", False)
        for name in ("nanjing-1024", "br166-mixed", "serve-qwen3-32b", "video-analytics-5g", "images-br166")
    },
    "company": (CompanyFile, ROOT / "scenarios/company/biren.yaml", False),
    "anchors": (AnchorFile, ROOT / "scenarios/company/anchors.yaml", False),
    "prices": (PriceBook, sorted((ROOT / "hwprofiles/prices").glob("*.yaml"))[0], True),
    "sweep": (StudyFile, ROOT / "scenarios/studies/bid.yaml", False),
    "mc": (StudyFile, ROOT / "scenarios/studies/target-price-mc.yaml", False),
}
SHAPES: tuple[Any, ...] = (
    True, None, -3, 2.5, "", "text", "3 parsecs", [], [1], [[1]], {}, {"a": 1}, {"a": {"b": 2}}, {"value": 1},
    {"kind": "nothing"}, {"kind": ["x"]}, {"colour": 1, "shade": "x"}, [{"name": "x"}],
)  # fmt: skip
#: Words of the checker and of the language that it is written in.
FOREIGN = re.compile(
    r"\b(?:bool|int|str|float|dict|tuple|boolean|integer|string|dictionary|constrained|function|literal|nullable)\b"
    r"|\w+\[|unable to parse|[Ii]nput should be (?:a |an )?valid"
)
PROSE = re.compile(
    r"(?<![\w.'-])(?:is|the|are|of|to|not|must|and|has|have|with|give|write|add|by|from|be|or)(?![\w-])"
)
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|`[^`]*`|\{.*\}|\[.*\]|known: .*|已有:.*|one of .*|.* 之一")


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def stands_in(data: Any, key: str, lacking: int) -> bool:
    """Whether a key leads to a place of a file, its last parts ``lacking`` left out; names may hold dots."""
    if not key:
        return True
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return (
        any(
            key == str(name)
            or (key.startswith(f"{name}.") and stands_in(value, key[len(str(name)) + 1 :], lacking))
            for name, value in items
        )
        or key.count(".") < lacking
    )


def told_well(problem: Problem) -> None:
    """A problem in our words, and in Chinese with no English left but names and values."""
    for said in (problem.what, problem.hint):
        assert not FOREIGN.search(QUOTED.sub("", said)), problem
        assert not PROSE.search(QUOTED.sub("", chinese_error(said))), (problem, chinese_error(said))


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_wrong_stands_in_the_file(name: str) -> None:
    model, path, sourced = FILES[name]
    document = read_yaml(str(path))
    everywhere = list(places(document.data))

    @examples(60)
    @given(st.sampled_from(everywhere), st.sampled_from(SHAPES), st.sampled_from(["", "colour", "tdp_w"]))
    def law(place: tuple[Any, ...], shape: Any, added: str) -> None:
        data = copy.deepcopy(document.data)
        node = data
        for part in place[:-1]:
            node = node[part]
        if added and isinstance(node[place[-1]], dict):
            node[place[-1]][added] = shape
        else:
            node[place[-1]] = shape
        try:
            validate(model, Document(document.file, data, document.lines), require_source=sourced)
        except InputError as error:
            keys = [problem.key for problem in error.problems]
            assert len(keys) == len(set(zip(keys, (p.what for p in error.problems), strict=True))), keys
            for problem in error.problems:
                lacking = 1 if "missing" in problem.what else 0
                assert stands_in(data, problem.key, lacking), problem
                told_well(problem)

    law()


FLAGS = sorted(
    {
        key.key.replace("demand.NAME", "demand.pretrain")
        .replace("cards.NAME", "cards.BR106M")
        .replace(YEAR, "2027E")
        for key in all_keys(described=False)
    }
)


@examples(150)
@given(
    st.sampled_from([k for k in FLAGS if NAME not in k]),
    st.sampled_from(SHAPES),
    st.sampled_from(["", ".colour"]),
)
def test_what_a_flag_does_wrong_is_said_of_its_key(key: str, shape: Any, more: str) -> None:
    try:
        load_inputs("nanjing-1024", {f"{key}{more}": shape})
    except InputError as error:
        for problem in error.problems:
            assert not re.search(r"\.(?:bool|int|float|str|constrained-\w+|\w+\[.*)(?:\.|$)", problem.key), (
                problem
            )
            told_well(problem)
    except ClusterSimError:
        pass


@pytest.mark.parametrize(
    ("given_key", "written"),
    [
        ("profile_values.cards.BR106M.memory.bandwidth", "write cards.BR106M.memory.bandwidth=VALUE"),
        ("incumbent.profile_values.cards.H20.price", "write incumbent.cards.H20.price=VALUE"),
        ("profile_values.cards", "write KIND.NAME.FIELD=VALUE"),
        ("profile_values.tco.pue", "write KIND.NAME.FIELD=VALUE"),
        ("hardware.card.hbm_gbps", "did you mean 'cards.BR106M.memory.bandwidth'?"),
        ("gpu.memory_gb", "did you mean 'cards.BR106M.memory.capacity'?"),
        ("gpu.price_usd", "did you mean 'cards.BR106M.price'?"),
    ],
)
def test_a_flag_that_other_programs_would_take_is_answered_by_ours(given_key: str, written: str) -> None:
    with pytest.raises(InputError) as error:
        load_inputs("nanjing-1024", {given_key: "1 TB/s"})
    assert written in str(error.value)


def test_a_key_of_a_profile_that_is_taken_apart_is_answered_by_its_line() -> None:
    document = read_yaml(str(ROOT / "scenarios/nanjing-1024.yaml"))
    nested = {"cards": {"BR106M": {"memory": {"bandwidth": "2 TB/s"}}}}
    with pytest.raises(InputError, match=r"one line, cards\.BR106M\.memory\.bandwidth: 2 TB/s"):
        validate(Scenario, Document("x.yaml", document.data | {"profile_values": nested}, document.lines))
