"""Draws of how much longer a site's workloads take than predicted, from the bands of their software on its card.

Two predictions by one software err together in part: the share ``common_share`` of the variance of residuals lies
between kinds of software, and that part is drawn once for all sides of a question.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.intervals.bands import Band, shipped_band, with_own
from clustersim.intervals.layouts import (
    latency_layout,
    load_of,
    plan_kind,
    serving_plan_kind,
    step_layout,
)
from clustersim.intervals.residuals import Residual, shipped_residuals
from clustersim.schema.demand import ServingWorkload, TrainingWorkload, VisionWorkload, Workload
from clustersim.schema.find_software import UNMEASURED, find_software
from clustersim.schema.inputs import Inputs
from clustersim.schema.profiles import CardProfile
from clustersim.special import ndtr

__all__ = [
    "VISION_SOFTWARE",
    "Predicted",
    "bands_of",
    "common_share",
    "level_of",
    "levels",
    "predicted_of",
]

Array = NDArray[np.float64]
#: Quantities of a workload's kind: the time of its unit first.
_QUANTITIES = {
    "training": ("step_time",),
    "serving": ("throughput", "ttft", "tpot"),
    "vision": ("step_time",),
}
#: What a network of pictures or sentences runs by: constants of one maker's cards, of no profile. Its kernels err as
#: those of a step of the card's class do: the rows of vision themselves make no band.
VISION_SOFTWARE = "vision kernels"


@dataclass(frozen=True, slots=True)
class Predicted:
    """A workload's software, and the band of each quantity that is predicted of it; ``unit``: of its unit's time."""

    software: str
    unit: Band
    bands: Mapping[str, Band]


def _layout(asked: Workload, quantity: str) -> str:
    """What within a class tells errors apart, where the workload states it."""
    if isinstance(asked, TrainingWorkload | VisionWorkload):
        plan = asked.plan if isinstance(asked, TrainingWorkload) else "best"
        return step_layout(asked.dtype, "" if isinstance(plan, str) else plan_kind(plan))
    if not isinstance(asked, ServingWorkload) or quantity not in {"ttft", "tpot"}:
        return ""
    loop, split = asked.traffic.closed_loop, asked.disaggregated is not None
    kind = "" if isinstance(asked.plan, str) else serving_plan_kind(asked.plan, split=split)
    return latency_layout(split=split, load=load_of(loop.users) if loop is not None else "", kind=kind)


def _software(work: Workload) -> str:
    """The profile whose constants a workload takes; empty where none is taken."""
    if isinstance(work, TrainingWorkload):
        name = work.software.name or UNMEASURED["training"]
        return find_software(name, role="training").profile.name
    if isinstance(work, ServingWorkload):
        return find_software(work.engine, role="serving").profile.name
    if isinstance(work, VisionWorkload):
        return VISION_SOFTWARE
    return ""


def predicted_of(inputs: Inputs, work: str) -> Predicted | None:
    """Return the bands of a workload on its site's card; nothing for kinds whose predictions nobody measured."""
    asked = inputs.scenario.demand[work]
    names = _QUANTITIES.get(asked.kind, ())
    if not names:
        return None
    software, card = _software(asked), inputs.parts.card
    bands = {name: _band(card, name, software, _layout(asked, name)) for name in names}
    return Predicted(software, bands[names[0]], bands)


def _band(card: CardProfile, quantity: str, software: str, layout: str) -> Band:
    """The band of the class; of a calibrated card with the residuals of its own rows by the same software."""
    band = shipped_band(quantity, software, card.name, card.vendor, layout)
    own = card.calibrated.errors.get(quantity) if card.calibrated is not None else None
    if own is None or (own.software and software not in own.software):
        return band
    return with_own(band, own.log_ratio, own.voices)


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
    u: Array = level_of(common, own, share)
    return u


def level_of(common: Any, own: Any, share: float) -> Any:
    """Return the level of a residual from standard normal numbers of its software and of its own.

    >>> float(level_of(0.0, 0.0, 0.5)), round(float(level_of(1.2816, 0.0, 1.0)), 3)
    (0.5, 0.9)
    """
    return ndtr(np.sqrt(share) * common + np.sqrt(1.0 - share) * own)


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
