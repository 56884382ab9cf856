"""Which commands read which inputs, so that a key that a command does not read is said, and no study varies one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clustersim.errors import InputError
from clustersim.schema.overrides import in_demand, of_demand, parse_overrides
from clustersim.schema.profiles import read_document

__all__ = ["CORRIDOR", "READS", "readers", "refuse_unread", "unread"]

#: Commands that run the whole corridor: they read every section but the one whose questions stand by themselves.
CORRIDOR = (
    "run", "explain", "sweep", "mc", "sensitivity", "optimise", "seek", "compare", "worth", "export", "forecast",
    "proposal",
)  # fmt: skip
_ALONE = "collectives"
_WIRES = ("cluster", "cards", "servers", "nics", "switches", "supernodes")
_MONEY = ("tco", "prices", "optics", "cooling")
_FAILURES = ("reliability", "checkpoint")
#: Other commands -> the first parts of the keys that they read.
READS: dict[str, tuple[str, ...]] = {
    "collectives": (_ALONE, "cluster", "cards", "nics", "switches", "supernodes"),
    "fabric": (*_WIRES, "demand", "models"),
    "train": (*_WIRES, *_FAILURES, "demand", "models"),
    "serve": (*_WIRES, *_MONEY, *_FAILURES, "demand", "models"),
    "jobs": (*_WIRES, *_MONEY, *_FAILURES, "demand", "models"),
    "tco": (*_WIRES, *_MONEY, *_FAILURES, "demand", "models"),
    "claims": (*_WIRES, *_FAILURES, "demand", "models"),
    "plan": (*_WIRES, *_MONEY, *_FAILURES, "demand", "models", "market", "company"),
}
#: Commands about workloads of some kinds alone.
_KINDS: dict[str, tuple[str, ...]] = {
    "train": ("training",),
    "claims": ("training",),
    "serve": ("serving", "video", "vision"),
    "jobs": ("jobs",),
}
#: Sections of inputs: what else a file holds is a name, or stands for keys of these.
_SECTIONS = frozenset({section for sections in READS.values() for section in sections})


def readers(key: str) -> tuple[str, ...]:
    """Return the commands that read a key.

    >>> readers("market.value_share") == (*CORRIDOR, "plan", "check"), readers("collectives.x.size")
    (True, ('collectives', 'check'))
    """
    root = key.partition(".")[0]
    whole = () if root == _ALONE else CORRIDOR
    return (*whole, *(name for name, sections in READS.items() if root in sections), "check")


def unread(command: str, scenario: str, changes: Mapping[str, Any]) -> list[str]:
    """Say which changed keys a command does not read, and who does.

    >>> unread("train", "nanjing-1024", {"tco.pue": 1.2, "demand.chat.traffic.rate": "3 1/s"})[0]
    '--set tco.pue: train does not read it; run, explain, sweep, mc, … do'
    >>> unread("train", "nanjing-1024", {"training.seq_len": 8192, "reliability.mttf_scale": 2})
    []
    """
    said = []
    for key in changes:
        root = _root(key)
        others = readers(root)
        kind = _other_kind(command, scenario, key) if root == "demand" else ""
        if root in _SECTIONS and command not in others:
            said.append(f"--set {key}: {command} does not read it; {_some(others)}")
        elif kind:
            does = next((name for name, kinds in _KINDS.items() if kind in kinds), "run")
            said.append(f"--set {key}: {command} does not read workloads of kind {kind}; {does} and run do")
    return said


def refuse_unread(keys: Iterable[str]) -> None:
    """Raise InputError for a varied key that the corridor does not read: every point would be the same.

    >>> refuse_unread(["tco.pue", "collectives.one.size"])
    Traceback (most recent call last):
    ...
    clustersim.errors.InputError: collectives.one.size: no output of the corridor depends on it; collectives reads it
    """
    for key in keys:
        root = _root(key)
        others = readers(root)
        if root in _SECTIONS and CORRIDOR[0] not in others:
            raise InputError(
                f"{key}: no output of the corridor depends on it; {_some(others, 'reads it', 'read it')}"
            )


def _root(key: str) -> str:
    """The first part of a key, ``demand`` where it leaves its workload out; of another side's key the part behind."""
    override = parse_overrides({key: None})[0]
    if override.document != "scenario":
        return override.document.partition(".")[0]
    return "demand" if of_demand(override) else str(override.path[0])


def _some(others: tuple[str, ...], one: str = "does", many: str = "do") -> str:
    named = [name for name in others if name != "check"]
    shown = ", ".join([*named[:4], *(["…"] if len(named) > 4 else [])])
    return f"{shown} {one if len(named) == 1 else many}"


def _other_kind(command: str, scenario: str, key: str) -> str:
    """The kind of the workload whose key it is, where the command is about workloads of another one."""
    if command not in _KINDS:
        return ""
    document = read_document("scenarios", scenario)
    (override,) = in_demand(parse_overrides({key: None}), document)
    demand, path = document.data.get("demand"), override.path
    work = demand.get(str(path[1])) if isinstance(demand, dict) and len(path) > 1 else None
    kind = str(work.get("kind", "")) if isinstance(work, dict) else ""
    return kind if kind and kind not in _KINDS[command] else ""
