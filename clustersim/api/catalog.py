"""What is shipped and what stands behind a result: cards, profiles, sources, versions."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from typing import TYPE_CHECKING

from clustersim.api.kinds import PROFILES, refuse_other
from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.report.answer import Answer, listed
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import Profile, load_profile
from clustersim.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from clustersim.api.result import Result

__all__ = ["cards", "cite", "diff", "json_schema", "keys", "profile", "profiles", "show_versions"]

#: What a result may depend on.
_PACKAGES = (
    "numpy", "scipy", "pandas", "pyarrow", "duckdb", "pydantic", "PyYAML", "networkx", "simpy", "matplotlib",
    "XlsxWriter", "click", "xarray", "dask",
)  # fmt: skip


def cards() -> pd.DataFrame:
    """Return the card profiles side by side, one a row, in SI units; what a file does not state is missing."""
    import pandas as pd

    found = [_card(load_profile("cards", name)) for name in known_names("hwprofiles/cards")]
    names = dict.fromkeys(name for row in found for name in row)
    return pd.DataFrame([{name: row.get(name) for name in names} for row in found])


def _card(card: Profile) -> dict[str, object]:
    """One card's main numbers, and how many of them are assumed."""
    from clustersim.report.pages.profiles import fields_of

    numbers = {key: value for key, value in fields_of(card) if isinstance(value, Sourced)}
    wanted = {
        "memory.capacity": "memory_bytes", "memory.bandwidth": "memory_bandwidth_bytes_per_s",
        "scale_up.bandwidth": "scale_up_bytes_per_s", "power.tdp": "tdp_w",
    }  # fmt: skip
    row: dict[str, object] = {"card": card.name, "product": getattr(card, "product", None)}
    row |= {
        f"peak_{k.removeprefix('peak.')}_flop_per_s": v.value
        for k, v in numbers.items()
        if k.startswith("peak.")
    }
    row |= {name: numbers[key].value for key, name in wanted.items() if key in numbers}
    price = numbers.get("price")
    if price is not None:
        row |= {"price": price.value, "price_unit": price.unit}
    assumed = sum(value.tier == "assumption" for value in numbers.values())
    return row | {"numbers": len(numbers), "assumptions": assumed}


def profiles(kind: str = "cards") -> Answer:
    """List the profiles of a kind, with how many numbers each has and how many of them are assumed."""
    from clustersim.report.pages.profiles import profiles_answer

    return profiles_answer(kind)


def profile(name: str, kind: str = "") -> Answer:
    """Show every field of a profile with its range, tier and source.

    ``kind`` (cards, silicon, …) says which is meant where a name is of several; without it the first is shown and the
    others are said.
    """
    from clustersim.report.pages.profiles import profile_answer

    if not kind:
        refuse_other(name, *PROFILES)
    return profile_answer(name, kind)


def diff(first: str, second: str) -> Answer:
    """Compare two profiles field by field."""
    from clustersim.report.pages.profiles import diff_answer

    for name in (first, second):
        refuse_other(name, *PROFILES)
    return diff_answer(first, second)


def keys(word: str = "", *, scenario: str = "", full: bool = True, units: bool = False) -> Answer:
    """List the keys that ``set`` and ``sweep`` take, those that have a word in key or description, of one scenario.

    ``units``: the units of quantities instead, those that have the word in name or dimension.
    """
    from clustersim.report.pages.keys import keys_answer, units_answer

    return units_answer(word) if units else keys_answer(word, scenario=scenario, full=full)


def json_schema(kind: str = "") -> Answer:
    """Return the JSON Schema of a kind of file (scenario, card, …), or the list of kinds."""
    from clustersim.report.pages.keys import schema_answer

    return schema_answer(kind)


def cite(result: Result) -> Answer:
    """Return what a reader needs to check a result: program, scenario, changes, seed, digest, and every source used.

    Raises InputError for anything but the result of a run.
    """
    from clustersim.study.spec import inputs_digest

    if not hasattr(result, "scenario"):
        raise InputError("cite takes the result of a run: cs.cite(scenario.run())")
    inputs, scenario = result.run.inputs, result.scenario
    by_source: dict[tuple[str, str], list[str]] = {}
    for key, sourced in inputs.fields():
        if sourced.source:
            by_source.setdefault((sourced.tier, sourced.source), []).append(key)
    rows = [
        {"tier": tier, "source": source, "numbers": len(keys), "first": keys[0]}
        for (tier, source), keys in sorted(by_source.items())
    ]
    digest = inputs_digest(scenario.name, scenario.changes)
    head = [
        f"clustersim {__version__}, scenario {inputs.name}, seed {inputs.scenario.seed}",
        f"inputs sha256 {digest}",
        *(f"changed: {key} = {value}" for key, value in scenario.changes.items()),
    ]
    data = {
        "program": "clustersim", "version": __version__, "scenario": inputs.name, "seed": inputs.scenario.seed,
        "changes": dict(scenario.changes), "inputs_sha256": digest, "sources": rows,
    }  # fmt: skip
    return Answer(name="cite", data=data, page=lambda: [*head, "", rows], rows=rows)


def show_versions() -> Answer:
    """Return the versions of the program, of Python, of the system, and of what the program computes with."""
    own = {"clustersim": __version__, "python": sys.version.split()[0], "system": platform.platform()}
    found = {name: _version(name) for name in _PACKAGES}
    return listed("versions", [{"what": k, "version": v} for k, v in {**own, **found}.items()])


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
