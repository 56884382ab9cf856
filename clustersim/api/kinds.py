"""What kind of file a name stands for, so that a wrong one is answered by the command that takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.reading.guarded import is_file
from clustersim.schema.company_load import is_company_file
from clustersim.schema.lookup import exact_name
from clustersim.schema.yamlfile import read_yaml

__all__ = ["PROFILES", "STUDIES", "kind_of", "refuse_other"]

#: kind -> the folder of its files
_FOLDERS = {
    "scenario": "scenarios", "study": "scenarios/studies", "company": "scenarios/company", "card": "hwprofiles/cards",
    "server": "hwprofiles/servers", "nic": "hwprofiles/nics", "model": "hwprofiles/models",
}  # fmt: skip
PROFILES = ("card", "server", "nic", "model")
STUDIES = ("sweep", "mc", "sensitivity", "optimise")
_TAKEN = {
    "scenario": "`clustersim run {name}` and its like take it",
    "company": "`clustersim forecast show {name}` and its like take it",
    "study": "a study is run by the command of its kind: sweep, mc, sensitivity or optimise",
    "kept study": "`clustersim study status {name}` and its like take it",
} | dict.fromkeys(PROFILES, "`clustersim profiles show {name}` shows it")
_TAKEN |= {kind: f"`clustersim {kind} {{name}}` runs it" for kind in STUDIES}


def kind_of(name: str) -> str:
    """Return the kind of file behind a name or path; empty where there is none that can be told.

    A study goes by its own kind: ``sweep``, ``mc``, ``sensitivity`` or ``optimise``.

    >>> kind_of("nanjing-1024"), kind_of("bid"), kind_of("biren"), kind_of("H100"), kind_of("nothing")
    ('scenario', 'sweep', 'company', 'card', '')
    """
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return _of_data(name, read_yaml(name).data) if is_file(path) else ""
    if is_file(path / "manifest.json"):
        return "kept study"
    kind = next((kind for kind, folder in _FOLDERS.items() if exact_name(folder, name) is not None), "")
    if kind == "study":
        from clustersim.study.spec import read_study

        return read_study(name).kind
    return kind


def _of_data(name: str, data: dict[str, Any]) -> str:
    stated = str(data.get("kind", ""))
    if stated in STUDIES or stated in _FOLDERS:
        return stated
    if "cluster" in data or "demand" in data:
        return "scenario"
    return "company" if is_company_file(name) else ""


def refuse_other(name: str, *taken: str) -> None:
    """Raise InputError where a name stands for a file of another kind than those that are taken.

    >>> refuse_other("bid", "mc")
    Traceback (most recent call last):
    ...
    clustersim.errors.InputError: bid: is a file of kind sweep, and mc is asked for; `clustersim sweep bid` runs it
    """
    kind = kind_of(name)
    if kind and kind not in taken:
        listed = " or ".join(
            dict.fromkeys("study" if one in STUDIES and "study" in taken else one for one in taken)
        )
        raise InputError(
            f"{name}: is a file of kind {kind}, and {listed} is asked for; {_TAKEN[kind].format(name=name)}"
        )
