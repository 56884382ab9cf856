"""Law: validation holds no list of cards, models, software or sources of its own; what it knows of them is data."""

import ast
import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

import clustersim
from clustersim.schema.lookup import known_names, plain
from clustersim.schema.profiles import KINDS, load_profile

ROOT = Path(clustersim.__file__).parent
TABLES = ROOT / "data" / "validation"
#: A way of sharding as the column of a table says it, which a stack goes by as well.
WAYS = {"fsdp"}
#: Columns of the tables of rows whose words name who measured, or where.
WHO = ("campaign", "laboratory", "hardware", "scripts", "prefix")


def rows_of_tables() -> Iterator[dict[str, str]]:
    for table in sorted(TABLES.glob("*.csv")):
        with table.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Names, aliases and families of everything that has a profile, whole and as the first word of several, and of
    who measured."""
    found = {plain(row[key]) for row in rows_of_tables() for key in WHO if row.get(key)}
    for kind, (folder, _) in KINDS.items():
        for name in known_names(folder):
            profile = load_profile(kind, name)
            own = (
                name,
                *profile.aliases,
                *getattr(profile, "family_names", ()),
                getattr(profile, "family", ""),
            )
            found |= {plain(n) for n in own if n}
    return frozenset(found - WAYS)


def words(module: Path) -> Iterator[tuple[int, str]]:
    """Every text that is no docstring."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def said(text: str) -> set[str]:
    """A text, its words, and these without their hyphens: a name hidden in a sentence or a pattern is a name."""
    return {plain(part) for by in (r"(?!)", r"[^\w.-]+", r"[\W_]+") for part in re.split(by, text) if part}


MODULES = sorted((ROOT / "validation").glob("*.py"))
#: Domains go by the names of their tables.
DOMAINS = {name for table in TABLES.glob("*.csv") for name in (table.name, table.stem)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_of_validation_names_no_part(module: Path) -> None:
    assert not [(line, text) for line, text in words(module) if text not in DOMAINS and said(text) & names()]


@pytest.mark.parametrize(
    "text",
    [
        "H100",
        "the rate of h100 at 500 W",
        r"(\d+)\s*x\s*(?:DGX|HGX)",
        "ib-400g",
        "rsc-1",
        "InferenceX",
        "trtllm",
    ],
)
def test_the_law_sees_a_name_wherever_it_stands(text: str) -> None:
    assert said(text) & names()


def sources() -> set[str]:
    found = {row.get("source") or "" for row in rows_of_tables()}
    return {source for source in found if len(source) > 20}


def test_no_title_of_a_source_stands_in_code() -> None:
    titles = sources()
    assert len(titles) > 100
    for module in sorted(ROOT.rglob("*.py")):
        text = module.read_text(encoding="utf-8")
        found = [title for title in titles if title in text]
        assert not [title for title in found for _, one in words(module) if title in one], module.name
