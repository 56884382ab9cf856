"""What a request asks: a shipped scenario with changed inputs. No path of the server can be named through it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clustersim.api.scenario import Scenario
from clustersim.errors import InputError, suggest
from clustersim.schema.lookup import known_names

__all__ = [
    "MOST_CHANGES", "MOST_DESIGNS", "Design", "can_be_set", "design_of", "designs_of", "quantity_of", "scenarios",
    "whole_number",
]  # fmt: skip

#: More changes than this is no what-if.
MOST_CHANGES = 64
#: Designs side by side.
MOST_DESIGNS = 6
_KEY = re.compile(r"[\w.\-一-鿿]{1,200}")
_QUANTITY = re.compile(r"\s*[-+]?\d[\d_,]*(\.\d+)?([eE][-+]?\d+)?\s*[\w%/·²³µ°年月日元万亿度分钟 ]{0,24}")
_NAME = re.compile(r"[\w\- +一-鿿]{1,80}")
#: Parts of a key whose value is a file.
_FILES = {"trace", "file", "log", "path"}

Plain = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Design:
    """A shipped scenario and its changes, in the order of their keys."""

    scenario: str
    changes: tuple[tuple[str, Plain], ...] = ()

    def ask(self) -> Scenario:
        """Return the scenario as the public API has it."""
        return Scenario(self.scenario, dict(self.changes))

    def with_changes(self, more: Mapping[str, Plain]) -> Design:
        """Return the design with more inputs changed."""
        return Design(self.scenario, tuple(sorted({**dict(self.changes), **more}.items())))


@lru_cache(maxsize=1)
def scenarios() -> tuple[str, ...]:
    """Return the names of the scenarios that the server finds."""
    return tuple(sorted(known_names("scenarios")))


def design_of(body: object, where: str = "") -> Design:
    """Return the design that a JSON value asks: ``{"scenario": NAME, "set": {KEY: VALUE}}``.

    Raises InputError with every problem at once: an unknown name, a key that is none, a value that names a file.

    >>> design_of({"scenario": "br166-1024", "set": {"tco.pue": 1.2}})
    Design(scenario='br166-1024', changes=(('tco.pue', 1.2),))
    """
    at = f"{where}: " if where else ""
    if not isinstance(body, Mapping):
        raise InputError(f"{at}a design is an object: {{scenario: NAME, set: {{KEY: VALUE}}}}")
    name, changes = body.get("scenario"), body.get("set", {})
    problems = [f"{at}unknown field {key!r}" for key in body if key not in {"scenario", "set"}]
    if not isinstance(name, str) or name not in scenarios():
        problems.append(
            f"{at}scenario {str(name)[:80]!r} is none of the shipped ones; {suggest(str(name), scenarios())}"
        )
    if not isinstance(changes, Mapping) or len(changes) > MOST_CHANGES:
        problems.append(f"{at}set: an object of at most {MOST_CHANGES} keys and values")
    else:
        problems += [f"{at}{p}" for key, value in changes.items() if (p := _problem(key, value))]
    if problems:
        raise InputError("\n".join(problems))
    return Design(str(name), tuple(sorted(changes.items())))


def can_be_set(key: str) -> bool:
    """Return whether a request may set a key: a name of parts, none of which is a file's.

    >>> can_be_set("tco.pue"), can_be_set("demand.chat.traffic.trace")
    (True, False)
    """
    return bool(_KEY.fullmatch(key)) and not _FILES & set(key.split("."))


def _problem(key: object, value: object) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return f"set: {str(key)[:80]!r} is no key"
    if not can_be_set(key):
        return f"{key}: a file cannot be named from the page; import it"
    if isinstance(value, bool | int | float):
        return "" if abs(value) < 1e300 else f"{key}: {repr(value)[:40]} is no number that can be used"
    if not isinstance(value, str) or not (_QUANTITY.fullmatch(value) or _NAME.fullmatch(value)):
        return f"{key}: {str(value)[:80]!r} is neither a quantity nor a name"
    return ""


def designs_of(body: Mapping[str, Any], least: int = 1) -> tuple[Design, ...]:
    """Return the designs of ``{"designs": [...]}``; raises InputError for fewer than ``least`` or too many."""
    given = body.get("designs")
    if not isinstance(given, list) or not least <= len(given) <= MOST_DESIGNS:
        raise InputError(f"designs: a list of {least} to {MOST_DESIGNS}")
    return tuple(design_of(one, f"designs[{i}]") for i, one in enumerate(given))


def quantity_of(name: str, value: object) -> str:
    """Return a quantity as text; raises InputError for anything else.

    >>> quantity_of("amount", "1.5 MW")
    '1.5 MW'
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise InputError(f"{name}: {str(value)[:80]!r} is no quantity; write it with its unit, such as 1 MW")
    return value.strip()


def whole_number(body: Mapping[str, Any], key: str, low: int, high: int, default: int) -> int:
    """Return a whole number of a body within bounds; raises InputError for anything else."""
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{key}: a whole number from {low} to {high}, not {str(value)[:40]!r}")
    return value
