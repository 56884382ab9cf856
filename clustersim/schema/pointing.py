"""Unknown keys of flags, answered by the keys of every input that are like them, or that mean the same.

A key is suggested by the names that stand in the file, where it tells them: ``cards.BR106M.memory.bandwidth``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clustersim.errors import InputError, Problem
from clustersim.schema.catalogue import NAME, all_keys, near_keys
from clustersim.schema.meaning import IN_KEY, by_meaning

__all__ = ["point_to_keys"]

#: Where a scenario names the profile of each kind.
_NAMED_AT = {
    "cards": ("cluster", "card"), "servers": ("cluster", "server"), "nics": ("cluster", "nic"),
    "switches": ("cluster", "fabric", "switch"), "optics": ("cluster", "fabric", "optics"),
    "supernodes": ("cluster", "supernode", "profile"),
}  # fmt: skip


def point_to_keys(error: InputError, scenario: Mapping[str, Any]) -> InputError:
    """Return the error with unknown keys of flags answered by the keys of every input that are like them.

    ``scenario`` is the file as it was read, with its flags.
    """

    def hint(problem: Problem) -> Problem:
        flag = problem.file.removeprefix("--set ")
        if problem.what != "unknown key" or flag == problem.file:
            return problem
        near = _named(_near(flag), _names(scenario), flag, problem.key)
        return replace(problem, hint=near or problem.hint)

    if not error.problems:
        return error
    first = str(error).splitlines()[0]
    return InputError(first, [hint(problem) for problem in error.problems])


def _near(asked: str) -> str:
    """What was meant: a key that ends alike, or has what several words mean, or is spelt alike, or means the same.

    >>> _near("hardware.card.hbm_gbps"), _near("gpu.memory_gb")
    ("did you mean 'cards.NAME.memory.bandwidth'?", "did you mean 'cards.NAME.memory.capacity'?")
    >>> _near("cluster.colour")
    ''
    """
    last = asked.rpartition(".")[2]
    ends_alike = "_" not in last or any(key.last == last for key in all_keys(described=False))
    return (near_keys(asked) or _meant(asked)) if ends_alike else (_meant(asked) or near_keys(asked))


def _meant(asked: str) -> str:
    """The key that has what every word of the asked one's last part means, and most of the others."""
    words, last = (re.sub(r"[._]", " ", part) for part in (asked, asked.rpartition(".")[2]))
    found = by_meaning(words, all_keys(described=False), least=IN_KEY, needed=last)
    return f"did you mean {found[0].key!r}?" if found else ""


def _names(scenario: Mapping[str, Any]) -> dict[str, str]:
    """Names that stand in a scenario alone of their kind, by what a key writes before them."""
    found = {}
    for kind, path in _NAMED_AT.items():
        node: Any = scenario
        for part in path:
            node = node.get(part) if isinstance(node, Mapping) else None
        if isinstance(node, str) and "/" not in node:
            found[kind] = node
    demand = scenario.get("demand")
    if isinstance(demand, Mapping) and len(demand) == 1:
        found["demand"] = str(next(iter(demand)))
    return found


def _named(hint: str, names: Mapping[str, str], *keys: str) -> str:
    """Say the user's own names where a suggested key has NAME: as one of the keys has it, or else the file.

    >>> _named("did you mean 'demand.NAME.router'?", {}, "serving.routr", "demand.chat.routr")
    "did you mean 'demand.chat.router'?"
    >>> _named("did you mean 'cluster.groups.NAME.card'?", {}, "cluster.groups.old.crad")
    "did you mean 'cluster.groups.old.card'?"
    >>> _named("did you mean 'cards.NAME.price'?", {"cards": "H100"}, "gpu.price")
    "did you mean 'cards.H100.price'?"
    """

    def named(match: re.Match[str]) -> str:
        root, rest = match[1].split("."), match[2].split(".")
        for parts in (key.split(".") for key in keys):
            name = parts[len(root) : len(parts) - len(rest)]
            if parts[: len(root)] == root and (name if root != ["demand"] else len(name) == 1):
                return f"'{match[1]}.{'.'.join(name)}.{match[2]}'"
        return f"'{match[1]}.{names[match[1]]}.{match[2]}'" if match[1] in names else match[0]

    return re.sub(rf"'([\w.]+)\.{NAME}\.([^']+)'", named, hint)
