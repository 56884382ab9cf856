"""What can be moved on the page, and what there is to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from clustersim.api.catalog import show_versions
from clustersim.schema.catalogue import all_keys, same_key
from clustersim.schema.scenario import Scenario
from clustersim.version import __version__
from clustersim.web.answers import kept, result_of
from clustersim.web.asked import Design, can_be_set, scenarios
from clustersim.web.panels import plain_rows
from clustersim.web.views import VIEWS

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
        "versions": show_versions().to_dict(),
    }


def _described(name: str) -> Scenario:
    return Design(name).ask().load(incumbent=False).scenario


def inputs_of(design: Design) -> list[dict[str, Any]]:
    """Return every sourced number of a design: key, value, unit, low, high, base, tier, source, and what it says.

    ``low`` and ``high`` are the stated range; a slider without one goes from half to twice the value.
    """
    now, base = result_of(design).inputs, result_of(Design(design.scenario)).inputs
    before = dict(zip(base["term"], base["value"], strict=True))
    out = []
    for row in plain_rows(now):
        key = str(row["term"])
        out.append(
            {
                "key": key,
                **{name: row[name] for name in ("value", "unit", "low", "high", "tier", "source")},
                "base": before.get(key),
                "says": _says(key),
            }
        )
    return out


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
