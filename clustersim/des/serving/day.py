"""The hours of a day: how many replicas a fleet needs in each, once its peak has been sized by simulation.

The rate swings as mean (1 + swing sin); an hour is taken as stationary at the rate of its middle. The closed form
counts each hour, moved to what the simulation said of the peak, and never above the peak's own fleet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.closed_form import closed_form, shares_at
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.des.serving.judge import moved, normal_of
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.plant import Plant, Sizing
from clustersim.des.serving.split import pairs_of
from clustersim.des.serving.steady import STABLE_SHARE
from clustersim.des.serving.stream import Stream
from clustersim.errors import InputError

__all__ = ["HOURS", "Hour", "day_rates", "hours_of"]

Array = NDArray[np.float64]

#: Hours of a day.
HOURS = 24
#: Counts of an hour that the closed form is asked for at once.
_LOOKS = 64


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour: its mean rate, what must run in it, the share within the level, and whether the closed form holds."""

    hour: int
    requests_per_s: float
    replicas: int
    decode_replicas: int
    slo_share: float
    closed_form_holds: bool


def day_rates(mean: float, swing: float) -> list[float]:
    """Return the rate in the middle of every hour of a day that swings as a sine about its mean.

    Raises InputError for a swing that is not between 0 and 1: the rate may not fall below zero.

    >>> [round(r, 1) for r in day_rates(100.0, 0.5)[5:7]], round(sum(day_rates(100.0, 0.5)) / 24, 9)
    ([149.6, 149.6], 100.0)
    """
    if not 0.0 <= swing < 1.0:
        raise InputError(f"a daily swing of {swing:g}; it must be at least 0 and below 1")
    phase = 2.0 * np.pi * (np.arange(HOURS) + 0.5) / HOURS
    return [float(rate) for rate in mean * (1.0 + swing * np.sin(phase))]


def hours_of(plant: Plant, peak: Stream, slo: Slo, sized: Sizing, rates: list[float]) -> list[Hour]:
    """Return what every hour needs of a plant that ``sized`` serves at the peak's rate.

    ``peak`` is the stream that was sized; ``rates`` are those of the hours, at most the peak's.
    """
    found: dict[float, Hour] = {}
    out = []
    for hour, rate in enumerate(rates):
        key = float(f"{rate:.9g}")  # a sine has most of its values twice
        if key not in found:
            one = _split_hour if plant.decode is not None else _hour
            found[key] = one(plant, peak.at(rate), slo, sized, peak.rate)
        out.append(replace(found[key], hour=hour))
    return out


def _hour(plant: Plant, stream: Stream, slo: Slo, sized: Sizing, peak: float) -> Hour:
    """The fewest replicas whose share, by the form as the peak's run has moved it, meets what the peak's had to."""
    fleet, traffic = plant.fleet(), traffic_of(stream)

    def asked(counts: Array, rate: float) -> tuple[Array, Array]:
        return shares_at(replace(fleet, pool=replace(fleet.pool, replicas=counts)), traffic, slo, rate)

    own, _ = asked(np.array([float(sized.replicas)]), peak)
    low = max(1, int(sized.replicas * stream.rate / peak * 0.5))
    counts = np.unique(np.round(np.linspace(low, sized.replicas, min(_LOOKS, sized.replicas - low + 1))))
    while True:
        shares, tops = asked(counts, stream.rate)
        good = moved(shares, [(float(own[0]), sized.share.share)]) >= normal_of(np.array([_aim(slo, sized)]))
        fit = np.flatnonzero(good & (stream.rate < STABLE_SHARE * tops))
        first = int(fit[0]) if fit.size else len(counts) - 1
        if first == 0 or counts[first] - counts[first - 1] <= 1.0:
            break
        counts = np.unique(np.round(np.linspace(counts[first - 1] + 1, counts[first], _LOOKS)))
    return _told(plant.sized(int(counts[first])), stream, slo, int(counts[first]), 0)


def _split_hour(plant: Plant, stream: Stream, slo: Slo, sized: Sizing, peak: float) -> Hour:
    """The peak's pools in proportion to the rate, each one step up at a time until the form says that they hold."""
    part = stream.rate / peak
    first, second = ceil(sized.replicas * part), ceil(sized.decode_replicas * part)
    form = pairs_of(plant, stream, slo)
    while (first, second) != (sized.replicas, sized.decode_replicas):
        if float(form.shares(np.array([first]), np.array([second]))[0]) >= slo.share:
            break
        first, second = min(first + 1, sized.replicas), min(second + 1, sized.decode_replicas)
    return _told(plant.sized(first, second), stream, slo, first, second)


def _aim(slo: Slo, sized: Sizing) -> float:
    """The share at which the lower bound of the peak's run would just have met the target."""
    return float(min(slo.share + 1.96 * sized.share.error, sized.share.share))


def _told(plant: Plant, stream: Stream, slo: Slo, first: int, second: int) -> Hour:
    form = closed_form(plant.fleet(), traffic_of(stream), slo, rate_per_s=stream.rate)
    return Hour(0, stream.rate, first, second, float(form.slo_share[0]), bool(form.holds[0]))
