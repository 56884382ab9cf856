"""The list of keys as a user reads it: the tiers of the shipped scenarios or the values of one, and the readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.errors import InputError
from clustersim.provenance import TIERS
from clustersim.schema.catalogue import NAME, YEAR, Key, all_keys, keys_of, near_keys, same_key
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import known_names
from clustersim.schema.meaning import IN_KEY, by_meaning
from clustersim.schema.profiles import KINDS
from clustersim.schema.readers import readers

__all__ = ["also_meant", "list_keys", "settable"]

#: Keys that are named beside those that were listed.
_ALSO = 4


def list_keys(word: str = "", scenario: str = "") -> list[dict[str, Any]]:
    """Return a row for every key that has the word in it, or (where none has) in what it says, or (else) means it.

    The nearest come first: those of which the word is a part.

    With a scenario: the numbers that it states, with values, ranges, tiers and where they stand; a word may then be
    the name of a card, a part or a product, too.

    Raises InputError where nothing has the word.
    """
    wanted = word.casefold()
    found = sorted(
        (k for k in all_keys() if wanted in k.key.casefold()), key=lambda k: _nearness(wanted, k.key)
    )
    if not found and scenario:
        named = [row for row in _stated(list(all_keys()), scenario) if wanted in row["key"].casefold()]
        if named:
            return named
    found = found or [k for k in all_keys() if wanted in k.says.casefold()] or by_meaning(word, all_keys())
    if not found:
        hint = _profile_named(wanted) or near_keys(word) or "leave it out to list all"
        raise InputError(f"no key has {word!r} in it or in what it says; {hint}")
    return _stated(found, scenario) if scenario else _listed(found)


def _nearness(wanted: str, key: str) -> int:
    """How far a key that has a word in it is from the word: it is a part, the plural of one, a word in one, or letters.

    >>> [_nearness("spare", key) for key in ("tco.spare", "reliability.spares.hot", "a.warm_spares", "sparest.b")]
    [0, 1, 2, 3]
    """
    parts = key.casefold().split(".")
    forms = {wanted, f"{wanted}s"}
    if wanted in parts or "." in wanted:
        return 0
    if forms & {*parts}:
        return 1
    return 2 if any(forms & {*part.split("_")} for part in parts) else 3


def _profile_named(word: str) -> str:
    """Say how the profiles are listed that have a word in their names, which are no keys."""
    for kind in KINDS:
        if any(word in name.casefold() for name in known_names(KINDS[kind][0])):
            return f"names of {kind} have it: clustersim profiles list {kind}"
    return ""


def also_meant(word: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return keys that mean a word without having it in them, beside the rows that were listed for it.

    >>> "nics.NAME.latency" in also_meant("delay", list_keys("delay"))
    True
    """
    if not word.strip():
        return []
    listed = [str(row["key"]) for row in rows]
    nearest = by_meaning(word, all_keys(), least=IN_KEY)
    return [k.key for k in nearest if not any(k.key == one or same_key(k.key, one) for one in listed)][:_ALSO]


def settable(scenario: str) -> list[str]:
    """Return the keys that can be set in a scenario: what its files state, and what they may state besides.

    >>> keys = settable("nanjing-1024")
    >>> {"tco.staff", "tco.colocation", "cards.BR106M.price", "company.drivers.receivable_days.2028E"} <= {*keys}
    True
    """
    inputs = load_inputs(scenario)
    found = dict.fromkeys(key for key, _ in inputs.fields())
    found |= dict.fromkeys(key for key, _, _ in inputs.origins())
    for name, work in inputs.scenario.demand.items():
        found |= dict.fromkeys(k.key for k in keys_of(type(work), f"demand.{name}", described=False))
    years = () if inputs.company is None else inputs.company.years
    files = [name for name in inputs.documents if "." in name]
    for pattern in (k.key for k in all_keys(described=False)):
        kind, _, rest = pattern.partition(f".{NAME}.")
        found |= dict.fromkeys(f"{name}.{rest}" for name in files if name.partition(".")[0] == kind)
        if pattern.endswith(YEAR) and years:
            found |= dict.fromkeys(pattern.removesuffix(YEAR) + year for year in years)
        elif not rest and (inputs.company is not None or not pattern.startswith("company.")):
            found[pattern] = None
    return [key for key in found if NAME not in key.split(".")]


def _listed(found: Sequence[Key]) -> list[dict[str, Any]]:
    tiers = _tiers(found)
    return [
        {
            "key": k.key, "takes": k.takes, "unit": k.unit, "allowed": k.allowed, "usual": k.usual,
            "tier": ", ".join(sorted(tiers.get(k.key, ()), key=TIERS.index)), "default": k.default,
            "read_by": ", ".join(readers(k.key)), "says": k.says,
        }
        for k in found
    ]  # fmt: skip


def _tiers(found: Sequence[Key]) -> dict[str, set[str]]:
    """With which tiers the shipped scenarios state each key."""
    patterns = _Patterns(found)
    out: dict[str, set[str]] = {}
    for name in known_names("scenarios"):
        for key, number in load_inputs(name).fields():
            pattern = patterns.of(key)
            if pattern is not None:
                out.setdefault(pattern.key, set()).add(number.tier)
    return out


def _stated(found: Sequence[Key], scenario: str) -> list[dict[str, Any]]:
    inputs = load_inputs(scenario)
    origins = {key: origin for key, _, origin in inputs.origins()}
    patterns = _Patterns(found)
    rows = []
    for key, number in inputs.fields():
        pattern = patterns.of(key)
        if pattern is not None:
            low, high = number.range
            rows.append(
                {
                    "key": key, "value": number.value, "low": low, "high": high,
                    "unit": "" if number.unit == "1" else number.unit, "allowed": pattern.allowed,
                    "usual": pattern.usual, "tier": number.tier, "origin": origins.get(key, "default"),
                    "read_by": ", ".join(readers(key)), "says": pattern.says,
                }
            )  # fmt: skip
    rows += _by_year(inputs, patterns)
    if not rows:
        raise InputError(
            f"{scenario} states no number for {found[0].key}; leave --scenario out to see the key"
        )
    return rows


def _by_year(inputs: Inputs, patterns: _Patterns) -> list[dict[str, Any]]:
    """The years of rows that the files state (of the company: what is left out of its drivers is as printed)."""
    return [
        {
            "key": key, "value": float(value), "low": None, "high": None, "unit": pattern.unit,
            "allowed": pattern.allowed, "usual": pattern.usual, "tier": "", "origin": origin,
            "read_by": ", ".join(readers(key)), "says": pattern.says,
        }
        for key, value, origin in inputs.origins()
        if isinstance(value, int | float)
        and (pattern := patterns.of(key)) is not None
        and pattern.key.endswith(f".{YEAR}")
    ]  # fmt: skip


class _Patterns:
    """Which pattern a key is of, among some: found by its last part first."""

    def __init__(self, found: Sequence[Key]) -> None:
        self._by_last: dict[str, list[Key]] = {}
        for key in found:
            self._by_last.setdefault(key.key.rpartition(".")[2], []).append(key)

    def of(self, key: str) -> Key | None:
        ends = (key.rpartition(".")[2], NAME, YEAR)
        return next((p for end in ends for p in self._by_last.get(end, ()) if same_key(p.key, key)), None)
