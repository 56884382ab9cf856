"""Draws of how much longer a site's workloads take than predicted, from the bands of their software on its card.

Two predictions by one software err together in part: the share ``common_share`` of the variance of residuals lies
between kinds of software, and that part is drawn once for all sides of a question.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clustersim.intervals.bands import Band, shipped_band
from clustersim.intervals.residuals import Residual, shipped_residuals
from clustersim.schema.demand import ServingWorkload, TrainingWorkload, Workload
from clustersim.schema.find_software import UNMEASURED, find_software
from clustersim.schema.inputs import Inputs
from clustersim.special import ndtr

__all__ = ["Predicted", "bands_of", "common_share", "levels", "predicted_of"]

Array = NDArray[np.float64]
#: Quantities of a workload's kind: the time of its unit first.
_QUANTITIES = {"training": ("step_time",), "serving": ("throughput", "ttft", "tpot")}


@dataclass(frozen=True, slots=True)
class Predicted:
    """A workload's software, and the band of each quantity that is predicted of it; ``unit``: of its unit's time."""

    software: str
    unit: Band
    bands: Mapping[str, Band]


def _software(work: Workload) -> str:
    """The profile whose constants a workload takes; empty where none is taken."""
    if isinstance(work, TrainingWorkload):
        name = work.software.name or UNMEASURED["training"]
        return find_software(name, role="training").profile.name
    if isinstance(work, ServingWorkload):
        return find_software(work.engine, role="serving").profile.name
    return ""


def predicted_of(inputs: Inputs, work: str) -> Predicted | None:
    """Return the bands of a workload on its site's card; nothing for kinds whose predictions nobody measured."""
    asked = inputs.scenario.demand[work]
    names = _QUANTITIES.get(asked.kind, ())
    if not names:
        return None
    software, card = _software(asked), inputs.parts.card
    bands = {name: shipped_band(name, software, card.name, card.vendor) for name in names}
    return Predicted(software, bands[names[0]], bands)


def bands_of(inputs: Inputs) -> dict[str, Predicted]:
    """Return the bands of every workload of a site that has any."""
    found = {name: predicted_of(inputs, name) for name in inputs.scenario.demand}
    return {name: bands for name, bands in found.items() if bands is not None}


def levels(inputs: Inputs, work: str, software: str, count: int, seed: int, share: float) -> Array:
    """Return draws of the level at which a workload's residual stands, uniform between 0 and 1.

    u = Phi(sqrt(share) z + sqrt(1 - share) e): z is of the software, the same for all that use it; e of the workload on
    its card, so that two sides on one card err alike.
    """
    common, own = (
        np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(count)
        for name in (f"residual {software}", f"residual {software} {inputs.parts.card.name} {work}")
    )
    u: Array = ndtr(np.sqrt(share) * common + np.sqrt(1.0 - share) * own)
    return u


@lru_cache(maxsize=16)
def common_share(quantity: str) -> float:
    """Return the share of the residuals' variance that lies between kinds of software, sources weighted alike."""
    return share_between(r for r in shipped_residuals() if r.quantity == quantity and not r.tuned)


def share_between(rows: Iterable[Residual]) -> float:
    """Return the part of the variance of the voices' means that lies between software (one-way, unbiased, 0 to 1).

    >>> def row(software, source, value):
    ...     return Residual("step_time", source, "NVIDIA", "H100", software, "", value)
    >>> share_between([row("a", "1", 0.1), row("a", "2", 0.1), row("b", "3", 0.3), row("b", "4", 0.3)])
    1.0
    """
    voices: dict[tuple[str, str], list[float]] = {}
    for r in rows:
        voices.setdefault((r.software, r.voice), []).append(r.log_ratio)
    groups: dict[str, list[float]] = {}
    for (software, _), values in voices.items():
        groups.setdefault(software, []).append(float(np.mean(values)))
    several = [np.array(v) for v in groups.values() if len(v) > 1]
    if len(several) < 2:
        return 0.0
    within = sum(float(((v - v.mean()) ** 2).sum()) for v in several) / sum(v.size - 1 for v in several)
    size = float(np.mean([v.size for v in several]))
    between = float(np.var([v.mean() for v in several], ddof=1)) - within / size
    return float(np.clip(between / (between + within), 0.0, 1.0)) if between + within > 0 else 0.0
