"""Time per output token in the closed form: the pace of a batch that wanders, and the prompts that come into an answer.

TPOT = mean pace + fluctuation of the batch, averaged over the answer + the prompts that come in: none, one, two,
three, or more, each a step of the distribution where prompts are alike. What arrives while the own prompt waits and is
computed comes in too, right after the first token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_arrivals import further, met_share
from clustersim.des.serving.fluid_batch import Balance
from clustersim.des.serving.fluid_inputs import WEIGHTS, mean_of
from clustersim.des.serving.fluid_latency import FirstToken, behind
from clustersim.des.serving.fluid_site import Site
from clustersim.des.serving.fluid_tails import gamma_part, gamma_share, percentiles_of

__all__ = ["Pace", "pace"]

Array = NDArray[np.float64]

#: Numbers of prompts in an answer that are taken one by one: each is a step where prompts are alike.
_HITS = 3
#: Correlation of the prompts that come into an answer with the mean batch meanwhile, where all stay for the answer's
#: time T: arrivals over 0..T against arrivals weighed by 1 - |t| / T over -T..T, so (1/2) / sqrt(2/3).
CROWD = 0.375**0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """TPOT of each answer length, shapes (points, loads, answers); one-token answers have none.

    ``floor`` is the time of the decode steps alone, ``wander2`` its variance and ``least`` what it is with nobody else;
    ``free`` the share of answers that no prompt comes into, ``number`` the mean number of prompts that come into one,
    ``clump`` variance over mean of their number beyond the first, ``added`` and ``added2`` mean and variance of what
    one prompt adds. ``steps`` are the tokens after the first.
    """

    floor: Array
    least: Array
    wander2: Array
    free: Array
    number: Array
    clump: Array
    added: Array
    added2: Array
    counted: Array
    steps: Array

    @property
    def mean(self) -> Array:
        """Mean TPOT."""
        return np.asarray(self.floor + self.number * self.added)

    @property
    def _added_variance(self) -> Array:
        """Variance of what all prompts add."""
        met = np.maximum(1.0 - self.free, 1e-12)
        more = self.number / met - 1.0
        number = met * (more * self.clump + (more + 1.0) ** 2) - self.number**2
        return np.asarray(self.number * self.added2 + np.maximum(number, 0.0) * self.added**2)

    def counts(self) -> list[tuple[Array, Array, Array]]:
        """Return weight, mean and variance of the number of prompts: one, two, three, and more.

        Beyond the first they are negative binomial (Poisson where ``clump`` is one).
        """
        met = np.maximum(1.0 - self.free, 1e-12)
        more = np.maximum(self.number / met - 1.0, 1e-9)
        clump = np.maximum(self.clump, 1.0 + 1e-6)
        weight = np.exp(-more * np.log(clump) / (clump - 1.0))
        left, first, second = np.ones_like(weight), more + 1.0, more * clump + (more + 1.0) ** 2
        out = []
        zero = np.zeros_like(weight)
        for k in range(1, _HITS + 1):
            out.append((met * weight, zero + k, zero))
            left, first, second = left - weight, first - k * weight, second - k * k * weight
            weight = weight * (more / clump + (k - 1) * (1.0 - 1.0 / clump)) / k
        left = np.maximum(left, 1e-9)
        mean = np.maximum(first / left, _HITS + 1.0)
        out.append((met * left, mean, np.maximum(second / left - mean**2, 0.0)))
        return out

    def within(self, bound_s: Array) -> Array:
        """Return, per answer length, the share of requests within ``bound_s`` (one-token answers all are)."""
        left, others = bound_s - self.least, self.floor - self.least
        weights, means, variances = [self.free], [others], [self.wander2]
        for weight, mean, variance in self.counts():
            more = mean * self.added2 + variance * self.added**2
            wide = more + self.wander2 + 2.0 * CROWD * np.sqrt(more * self.wander2)
            weights.append(weight)
            means.append(others + mean * self.added)
            variances.append(wide)
        weight, mean, variance = (np.stack(np.broadcast_arrays(*x)) for x in (weights, means, variances))
        share = np.sum(gamma_part(weight * self.counted, left, mean, variance), axis=0)
        return np.asarray(np.where(self.counted, share, 1.0))

    def percentiles(self) -> dict[str, Array]:
        """Return mean and percentiles of TPOT over answers of more than one token, at the first load; zero where there
        are none."""
        keep = self.counted[..., :, None].any(axis=(0, 1)).ravel()
        if not keep.any():
            none = np.zeros(self.mean.shape[:-1])
            return percentiles_of(lambda bound_s: np.ones_like(bound_s), none, none, none)

        weights = WEIGHTS[keep] / WEIGHTS[keep].sum()

        def cdf(bound_s: Array) -> Array:
            return mean_of(self.within(bound_s[..., None])[..., keep], weights)

        mean = self.mean[..., keep]
        spread = np.sqrt(self._added_variance + self.wander2)[..., keep]
        low = np.maximum((self.floor - 4.0 * np.sqrt(self.wander2))[..., keep].min(axis=-1), 1e-9)
        return percentiles_of(cdf, low, (mean + 6.0 * spread).max(axis=-1), mean_of(mean, weights))

    def end_to_end(self, first: FirstToken) -> dict[str, Array]:
        """Return mean and percentiles of the whole time: first token and the tokens after it, at the first load."""
        tokens = np.where(self.counted, self.steps, 0.0)
        mean = tokens * self.mean + first.mean_s[..., None]
        variance = tokens**2 * (self.wander2 + self._added_variance) + first.variance_s2[..., None]
        shift = tokens * self.floor + first.base.min(axis=-1)[..., None]
        rest = np.maximum(mean - shift, 1e-9)

        def cdf(bound_s: Array) -> Array:
            return mean_of(gamma_share(bound_s[..., None] - shift, rest, variance))

        top = (mean + 6.0 * np.sqrt(variance)).max(axis=-1)
        return percentiles_of(cdf, shift.min(axis=-1), top, mean_of(mean))


def pace(
    site: Site, b: Balance, first: FirstToken | None = None, extra: tuple[Array, Array] | None = None
) -> Pace:
    """Return TPOT at a balance.

    ``first`` is the first token of the same replica: what arrives before it is computed after it, while the answer
    decodes; nothing of a decode pool. ``extra`` is spent once per answer before its second token (hand-over):
    its mean and variance.
    """
    cv2 = site.dealt2[..., None]
    outputs = site.traffic.outputs
    left = np.maximum(outputs - 1.0, 1.0)
    grow = site.rules.tokens_per_step
    steps = left / grow + (1.0 - 1.0 / grow) / 2.0
    rate, step = b.rate[..., None], b.step_s[..., None]
    added, added2 = b.prompt_s[..., None], b.prompt2_s2[..., None]
    early, early2 = (x[..., None] for x in _early(site, b, first))
    meet = b.meet[..., None]
    busy = np.minimum(meet * rate * added, 0.999)
    lasts = (steps * step + early * busy) / (1.0 - busy)
    # Prompts lengthen the answer, and so meet more prompts: a busy period that the answer's own steps begin.
    begun, window = meet * rate * (steps * step + early), lasts + early
    own = meet * rate * window
    met = met_share(begun, cv2) if site.prefills else np.zeros_like(own)
    number, free = np.maximum(further(own, cv2, met_share(own, cv2)), met), 1.0 - met
    lumps = np.maximum(1.0 + 2.0 * (number - own), np.minimum(cv2, 1.0))
    # A window that wanders gathers numbers that do.
    lumps = lumps / (1.0 - busy) ** 2 + (meet * rate / (1.0 - busy)) ** 2 * early2 / np.maximum(number, 1e-9)
    clump = _beyond_first(number, lumps, met)
    seen, slope = b.seen[..., None], b.step_slope[..., None]
    gain = 1.0 / np.maximum(1.0 - slope * seen / step, 0.05)
    x = np.maximum(lasts / np.maximum(site.steps * step / (1.0 - busy) * gain, 1e-12), 1e-6)
    kept = 2.0 * (x - 1.0 + np.exp(-x)) / x**2
    once, once2 = extra if extra is not None else (np.zeros_like(b.rate), np.zeros_like(b.rate))
    by_batch = (slope / (1.0 - busy)) ** 2 * b.spread[..., None] * kept * (steps / left) ** 2
    # The own prompt is read at every step, those of the others as long as they are there.
    read2 = (site.cost.kv_s[..., None] * site.traffic.prompt) ** 2 * site.traffic.wide2
    by_batch = by_batch + read2 * (1.0 + np.maximum(seen - 1.0, 0.0) * kept) * (steps / left) ** 2
    floor = (steps * step + once[..., None]) / left
    others = np.minimum(slope * np.maximum(seen - 1.0, 0.0), step * 0.98) * steps / left
    return Pace(
        floor=floor,
        least=floor - np.maximum(others, 1e-3 * floor),
        wander2=by_batch + once2[..., None] / left**2,
        free=free,
        number=number,
        clump=clump,
        added=added / left,
        added2=np.maximum(added2 - added**2, 0.0) / left**2,
        counted=np.broadcast_to(outputs > 1.5, lasts.shape),
        steps=left[None, None, :],
    )


def _beyond_first(number: Array, lumps: Array, met: Array) -> Array:
    """Variance over mean of the number beyond the first, of answers that meet any: of a number of that mean and of
    ``lumps`` times its variance."""
    each = number / np.maximum(met, 1e-12)
    square = number * (lumps + number) / np.maximum(met, 1e-12)
    return np.asarray(np.clip((square - each**2) / np.maximum(each - 1.0, 1e-9), 1.0, 100.0))


def _early(site: Site, b: Balance, first: FirstToken | None) -> tuple[Array, Array]:
    """Return seconds of arrivals before the first token whose prompts are computed after it, and their variance.

    Prompts that arrive while the own one waits for those before it, or is computed, come next. Where prompts share
    iterations, those that arrive in the last of a sequence's iterations, or are not through by then, no longer concern
    it.
    """
    if not site.prefills or first is None:
        return np.zeros_like(b.rate), np.zeros_like(b.rate)
    late = b.group2_s2 / b.group_s / 2.0 + b.pace_s / 2.0 if site.mixed else b.step_s
    part = behind(site, b)
    wait = part * first.queue_s
    each = np.maximum(first.base + (wait - late)[..., None], 0.0)
    mean = mean_of(each)
    return mean, np.asarray(mean_of(each**2) - mean**2 + part**2 * first.queue_s2)
