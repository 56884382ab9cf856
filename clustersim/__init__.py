"""clustersim: from a GPGPU hardware profile to cluster throughput, cost per token and a target price.

``import clustersim as cs`` loads nothing but this page; each name below is loaded when it is first used.

>>> import clustersim as cs
>>> cs.load("nanjing-1024").set({"tco.pue": 1.2})
Scenario('nanjing-1024', {'tco.pue': 1.2})
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from clustersim.version import __version__

if TYPE_CHECKING:
    from clustersim.api.catalog import cards, cite, diff, json_schema, keys, profile, profiles, show_versions
    from clustersim.api.company import Company, companies, company
    from clustersim.api.files import (
        anchors,
        audit,
        calibrate,
        doctor,
        import_file,
        judge,
        measure,
        plan_errors,
        replay,
        residuals,
        validate,
        verify,
    )  # fmt: skip
    from clustersim.api.result import Result
    from clustersim.api.scenario import Scenario, load
    from clustersim.api.study import Study, StudyFile, StudyFolder, open_study, study_file
    from clustersim.api.tokens import plan_tokens
    from clustersim.errors import (
        CheckFailed,
        ClusterSimError,
        InfeasibleError,
        InputError,
        PackageError,
        PartialFailureError,
    )
    from clustersim.report.answer import Answer
    from clustersim.report.language import speaking

#: Public name -> the module that holds it.
_HOMES = {
    "clustersim.api.catalog": (
        "cards",
        "cite",
        "diff",
        "json_schema",
        "keys",
        "profile",
        "profiles",
        "show_versions",
    ),
    "clustersim.api.company": ("Company", "companies", "company"),
    "clustersim.api.files": (
        "anchors",
        "audit",
        "calibrate",
        "doctor",
        "import_file",
        "judge",
        "measure",
        "plan_errors",
        "replay",
        "residuals",
        "validate",
        "verify",
    ),
    "clustersim.api.result": ("Result",),
    "clustersim.api.scenario": ("Scenario", "load"),
    "clustersim.api.study": ("Study", "StudyFile", "StudyFolder", "open_study", "study_file"),
    "clustersim.api.tokens": ("plan_tokens",),
    "clustersim.errors": (
        "CheckFailed",
        "ClusterSimError",
        "InfeasibleError",
        "InputError",
        "PackageError",
        "PartialFailureError",
    ),
    "clustersim.report.answer": ("Answer",),
    "clustersim.report.language": ("speaking",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Answer", "CheckFailed", "ClusterSimError", "Company", "InfeasibleError", "InputError", "PackageError",
    "PartialFailureError", "Result", "Scenario", "Study", "StudyFile", "StudyFolder", "__version__", "anchors", "audit",
    "calibrate", "cards", "cite", "companies", "company", "diff", "doctor", "import_file", "json_schema", "judge",
    "keys", "load", "measure", "open_study", "plan_errors", "plan_tokens", "profile", "profiles", "replay", "residuals",
    "show_versions", "speaking", "study_file", "validate", "verify",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'clustersim' has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
