"""Every kind of input file: where its files lie, and its JSON Schema."""

from __future__ import annotations

from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.schema.company import CompanyFile
from clustersim.schema.describe import file_schema
from clustersim.schema.prices import PriceBook
from clustersim.schema.profiles import KINDS
from clustersim.schema.scenario import Scenario
from clustersim.study.spec import StudyFile

__all__ = ["FOLDERS", "schema_of"]

#: Kind of file -> where such files lie.
FOLDERS = {
    "scenario": "scenarios", "company": "scenarios/company", "study": "scenarios/studies",
    "prices": "hwprofiles/prices", "card": "hwprofiles/cards", "server": "hwprofiles/servers", "nic": "hwprofiles/nics",
    "switch": "hwprofiles/switches", "optics": "hwprofiles/optics",
    "supernode": "hwprofiles/supernodes", "cooling": "hwprofiles/cooling",
    "model": "hwprofiles/models", "software": "hwprofiles/software", "fleet": "hwprofiles/fleets",
}  # fmt: skip


def schema_of(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of file; raises InputError for an unknown kind."""
    if kind not in FOLDERS:
        raise InputError(f"no kind of file {kind!r}; {suggest(kind, list(FOLDERS))}")
    plain: dict[str, Any] = {"scenario": Scenario, "company": CompanyFile, "study": StudyFile}
    if kind in plain:
        return file_schema(plain[kind], sourced=False)
    sourced: dict[str, Any] = dict(KINDS.values()) | {FOLDERS["prices"]: PriceBook}
    return file_schema(sourced[FOLDERS[kind]], sourced=True)
