"""Law: validation holds no list of cards, models, software or sources of its own; what it knows of them is data."""

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

import clustersim
from clustersim.schema.lookup import known_names, plain
from clustersim.schema.profiles import load_profile

ROOT = Path(clustersim.__file__).parent
#: What the leave-out of constants is told in code: where each shipped constant was found (docs/training.md).
RECORDED = {"leave_out.py", "serving_leave_out.py"}
#: A way of sharding as the column of a table says it, which a stack goes by as well.
WAYS = {"fsdp"}


def names() -> set[str]:
    """Names and aliases of every card, model, network and software."""
    found = set()
    for kind in ("cards", "models", "networks", "software"):
        for name in known_names(f"hwprofiles/{kind}"):
            profile = load_profile(kind, name)
            found |= {plain(n) for n in (name, *profile.aliases, *getattr(profile, "family_names", ()))}
    return found


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


MODULES = sorted((ROOT / "validation").glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_of_validation_names_no_part(module: Path) -> None:
    if module.name not in RECORDED:
        known = names()
        assert not [(line, text) for line, text in words(module) if plain(text) in known - WAYS]


def sources() -> set[str]:
    found: set[str] = set()
    for table in sorted((ROOT / "data" / "validation").glob("*.csv")):
        with table.open(encoding="utf-8-sig", newline="") as file:
            found |= {row.get("source") or "" for row in csv.DictReader(file)}
    return {source for source in found if len(source) > 20}


def test_no_title_of_a_source_stands_in_code() -> None:
    titles = sources()
    assert len(titles) > 100
    found = [
        (module.name, line, text)
        for module in sorted(ROOT.rglob("*.py"))
        for line, text in words(module)
        if text in titles
    ]
    assert not found
