"""What can be moved on the page, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from clustersim.api.catalog import show_versions
from clustersim.errors import ClusterSimError
from clustersim.schema.catalogue import all_keys, same_key
from clustersim.schema.scenario import Scenario
from clustersim.version import __version__
from clustersim.web.answers import kept, result_of
from clustersim.web.asked import Design, can_be_set, scenarios
from clustersim.web.panels import plain_rows
from clustersim.web.views import LATE, VIEWS

__all__ = ["catalogue", "inputs_of", "key_schema", "keys_of"]


def catalogue() -> dict[str, Any]:
    """Return the scenarios with their descriptions, the views, and the versions."""
    rows = []
    for name in scenarios():
        scenario = kept(("described", name), partial(_described, name))
        kinds = sorted({work.kind for work in scenario.demand.values()})
        rows.append(
            {
                "name": name,
                "description": scenario.description,
                "kinds": kinds,
                "company": scenario.company is not None,
                "priced": scenario.tco is not None,
            }
        )
    return {
        "version": __version__,
        "scenarios": rows,
        "views": [*VIEWS, "compare"],
        "late": list(LATE),
        "versions": show_versions().to_dict(),
    }


def _described(name: str) -> Scenario:
    return Design(name).ask().load(incumbent=False).scenario


def inputs_of(design: Design) -> list[dict[str, Any]]:
    """Return every sourced number of a design: key, value, unit, low, high, base, tier, source, and what it says.

    ``low`` and ``high`` are the range that the file states, of a changed input too; a slider without one goes from half
    to twice the value, and the page says so.
    """
    now, base = result_of(design).inputs, result_of(Design(design.scenario)).inputs
    before = {str(row["term"]): row for row in plain_rows(base)}
    changed = dict(design.changes)
    out = []
    for row in plain_rows(now):
        key = str(row["term"])
        stated = _as_filed(design, key, before) if key in changed else row
        out.append(
            {
                "key": key,
                **{name: row[name] for name in ("value", "unit", "tier", "source")},
                **{name: stated[name] for name in ("low", "high")},
                "base": before[key]["value"] if key in before else None,
                "says": _says(key),
            }
        )
    return out


def _as_filed(design: Design, key: str, before: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the row of a changed input without its change: of the scenario, or of what the other changes bring in."""
    if key in before:
        return before[key]
    others = Design(design.scenario, tuple((k, v) for k, v in design.changes if k != key))
    try:
        rows = plain_rows(result_of(others).inputs)
    except ClusterSimError:  # a part that nothing states but the change
        rows = []
    return next((row for row in rows if row["term"] == key), {"low": None, "high": None})


def keys_of(design: Design) -> list[dict[str, str]]:
    """Return every key that the files of a design give and a request may change: its value as written, what it says.

    Numbers with a source are among them; the page has sliders for those.
    """
    rows = kept(("origins", design), lambda: list(design.ask().origins().table))
    return [
        {"key": str(row["key"]), "value": str(row["value"]), "says": _says(str(row["key"]))}
        for row in rows
        if can_be_set(str(row["key"])) and not str(row["key"]).endswith(_BESIDE)
    ]


#: What stands beside a value and is no input.
_BESIDE = (".source", ".tier", ".notes", ".description", ".name", ".aliases")


@lru_cache(maxsize=10_000)
def _says(key: str) -> str:
    return next((k.says for k in all_keys() if same_key(k.key, key)), "")


def key_schema() -> Sequence[dict[str, str]]:
    """Return every key that a design may set, with what may stand there."""
    return [
        {
            "key": k.key,
            "takes": k.takes,
            "unit": k.unit,
            "allowed": k.allowed,
            "usual": k.usual,
            "default": k.default,
            "says": k.says,
        }
        for k in all_keys()
    ]
