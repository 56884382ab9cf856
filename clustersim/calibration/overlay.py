"""The profile of a calibrated card, its draws, and what a study of kind mc takes of them, as texts of files."""

from __future__ import annotations

import copy
import csv
import io
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import yaml

from clustersim.calibration.calibrate import Calibration
from clustersim.calibration.constants import FACTORS
from clustersim.schema.profiles import load_document
from clustersim.special import Z90

__all__ = ["draws_text", "profile_text", "study_text"]

#: Factor -> places of the profile whose ranges it stands for: what was measured is their product.
_STANDS_FOR: dict[str, tuple[tuple[str, ...], ...]] = {
    "matrix": (("efficiency", "gemm"), ("efficiency", "gemm_fp8"), ("efficiency", "gemm_sustained"), ("peak",)),
    "memory": (("efficiency", "memory"), ("memory", "bandwidth")),
    "attention": (("efficiency", "attention"),),
    "scale_up": (("efficiency", "scale_up"), ("efficiency", "scale_up_reduction"), ("scale_up", "bandwidth")),
    "latency": (("scale_up", "latency"),),
}  # fmt: skip


def _without_range(node: Any) -> None:
    if isinstance(node, dict):
        if "value" in node:
            node.pop("low", None)
            node.pop("high", None)
        else:
            for part in node.values():
                _without_range(part)


def _section(found: Calibration, said: str) -> dict[str, Any]:
    section: dict[str, Any] = {
        f.name: {
            "value": round(f.median, 4), "low": round(f.low, 4), "high": round(f.high, 4), "tier": "derived",
            "source": said,
        }
        for f in found.identified
    }  # fmt: skip
    if found.correlation:
        section["correlation"] = found.correlation
    section["errors"] = {
        quantity: {
            "log_ratio": list(errors.log_ratio),
            "voices": errors.voices,
            "software": list(errors.software),
        }
        for quantity, errors in found.errors.items()
    }
    return section


def profile_text(found: Calibration, files: Iterable[str]) -> str:
    """Return the card's profile with its factors; ranges that a factor stands for are left out of the rest."""
    name = found.card.name
    data = copy.deepcopy(load_document("cards", name).data)
    data["name"] = name
    said = f"calibrated on {len(found.used)} rows of {', '.join(files)}"
    for factor in found.identified:
        for path in _STANDS_FOR.get(factor.name, ()):
            node = data
            for key in path:
                node = node.get(key, {}) if isinstance(node, dict) else {}
            _without_range(node)
    data["calibrated"] = _section(found, said)
    notes = [n for n in data.get("notes", []) if not str(n).startswith("Calibrated: ")]
    data["notes"] = [*notes, "Calibrated: ranges that a factor was measured together with are left out."]
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=118)
    return f"# {name}, {said} (clustersim calibrate).\n{text}"


def draws_text(found: Calibration) -> str:
    """Return the draws as a CSV: one line a draw, one column a factor that was free."""
    free = [j for j, f in enumerate(found.factors) if f.free]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"cards.{found.card.name}.calibrated.{FACTORS[j]}" for j in free])
    for row in np.exp(found.drawn.z[:, free]):
        writer.writerow([f"{value:.6g}" for value in row])
    return out.getvalue()


def study_text(found: Calibration) -> str:
    """Return inputs and correlation in the form of a study of kind mc: a scenario's name is all that it lacks."""
    names = [f.name for f in found.identified]
    inputs = {
        f"cards.{found.card.name}.calibrated.{f.name}": {
            "distribution": "lognormal",
            "parameters": {
                "median": round(f.median, 4),
                "sigma": round(math.log(f.high / f.low) / (2 * Z90), 4),
            },
        }
        for f in found.identified
    }
    pairs = found.correlation
    matrix = [
        [1.0 if a == b else pairs.get(a, {}).get(b, pairs.get(b, {}).get(a, 0.0)) for b in names]
        for a in names
    ]
    data: dict[str, Any] = {
        "kind": "mc", "name": f"calibrated-{found.card.name}", "scenario": "SCENARIO", "points": 256,
        "inputs": inputs,
    }  # fmt: skip
    if len(names) > 1:
        data["correlation"] = matrix
    return "# Set the scenario; outputs are those of `clustersim mc`.\n" + yaml.safe_dump(
        data, sort_keys=False
    )
