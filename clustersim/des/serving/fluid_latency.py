"""Latency in the closed form: what TTFT and TPOT are made of at a balance, and their distributions.

TTFT = residual of the iteration that an arrival meets + iterations of its own prompt + what others add to them
     + prompts ahead beyond one iteration (GI/G/1) + the wait for a slot (Halfin and Whitt 1981).
TPOT = mean pace + fluctuation of the batch, averaged over the answer + prompts that come in between (shot noise).

Each sum of random parts is taken as a gamma variable of its mean and variance; waits have an atom at zero. The
distributions are mixtures over equally likely prompt and answer lengths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_arrivals import further, met_share, renewals
from clustersim.des.serving.fluid_batch import Balance, Site, prefill_iterations
from clustersim.des.serving.fluid_inputs import WEIGHTS, mean_of
from clustersim.des.serving.metrics import PERCENTILES
from clustersim.special import gammainc, gammaincc

__all__ = [
    "FirstToken", "Pace", "empty_share", "first_token", "gamma_share", "gi_wait", "idle_share", "pace", "slot_wait",
]  # fmt: skip

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FirstToken:
    """TTFT: ``base`` (points, loads, prompts) of each prompt length, and the random parts (points, loads).

    An arrival meets no other prompt, and waits for the rest of a decode step of ``step`` seconds, or (``met_share``)
    meets some, and waits ``met`` on average with the variance ``met2``; of these some (``ahead_share`` of all) have
    prompts before them that fill whole iterations, ``ahead`` seconds on average. ``slot`` is the wait of those that
    find no room.
    """

    base: Array
    step: Array
    met_share: Array
    met: Array
    met2: Array
    ahead_share: Array
    ahead: Array
    slot_share: Array
    slot: Array

    def within(self, bound_s: Array) -> Array:
        """Return the share of first tokens within ``bound_s``; shapes (points, loads)."""
        left = bound_s[..., None] - self.base
        out = np.zeros_like(left)
        for met, ahead, slot in _CASES:
            with_ahead = np.minimum(self.ahead_share, self.met_share)
            weight = (with_ahead if ahead else self.met_share - with_ahead) if met else 1.0 - self.met_share
            weight = weight * (self.slot_share if slot else 1.0 - self.slot_share)
            if not np.any(weight > 0.0):
                continue
            mean = (self.met if met else self.step / 2.0) + ahead * self.ahead + slot * self.slot
            variance = (
                (self.met2 if met else self.step**2 / 12.0) + ahead * self.ahead**2 + slot * self.slot**2
            )
            out = out + weight[..., None] * gamma_share(left, mean[..., None], variance[..., None])
        return mean_of(out)

    @property
    def wait_s(self) -> Array:
        """Mean of the random parts."""
        calm = (1.0 - self.met_share) * self.step / 2.0 + self.met_share * self.met
        return np.asarray(calm + self.ahead_share * self.ahead + self.slot_share * self.slot)

    @property
    def queue_s(self) -> Array:
        """Mean of the random parts before the own prompt begins, without the wait for a slot."""
        calm = (1.0 - self.met_share) * self.step / 2.0 + self.met_share * self.met
        return np.asarray(calm + self.ahead_share * self.ahead)

    @property
    def queue_s2(self) -> Array:
        """Variance of the same."""
        calm, met = self.step / 2.0, self.met
        wait = (1.0 - self.met_share) * self.step**2 / 12.0 + self.met_share * self.met2
        wait = wait + self.met_share * (1.0 - self.met_share) * (met - calm) ** 2
        return np.asarray(wait + self.ahead_share * (2.0 - self.ahead_share) * self.ahead**2)

    @property
    def variance_s2(self) -> Array:
        """Variance of TTFT."""
        wait = self.queue_s2 + self.slot_share * (2.0 - self.slot_share) * self.slot**2
        return np.asarray(mean_of(self.base**2) - mean_of(self.base) ** 2 + wait)

    def percentiles(self) -> dict[str, Array]:
        """Return mean and percentiles of the first load of every point."""
        top = self.base.max(axis=-1) + self.wait_s + 8.0 * np.sqrt(self.variance_s2)
        top = top + 4.0 * self.slot * (self.slot_share > 1e-3)
        return _percentiles(self.within, self.base.min(axis=-1), top, self.mean_s)

    @property
    def mean_s(self) -> Array:
        """Mean TTFT."""
        return np.asarray(mean_of(self.base) + self.wait_s)


_CASES = tuple((m, a, s) for m, a in ((False, False), (True, False), (True, True)) for s in (False, True))


@dataclass(frozen=True, slots=True)
class Pace:
    """TPOT of each answer length, shapes (points, loads, answers); one-token answers have none.

    ``floor`` is the time of the decode steps alone, ``wander2`` its variance and ``least`` what it is with nobody else;
    ``free`` the share of answers that no prompt comes into, ``number`` the mean number of prompts that come into one,
    ``clump`` variance over mean of their number beyond the first, ``added`` and ``added2`` mean and variance of what one
    prompt adds. ``steps`` are the tokens after the first.
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
        share = self.free * gamma_share(left, others, self.wander2)
        for weight, mean, variance in self.counts():
            # A crowd brings prompts and a fuller batch at once: the two deviations add up.
            wide = np.sqrt(mean * self.added2 + variance * self.added**2) + np.sqrt(self.wander2)
            share = share + weight * gamma_share(left, others + mean * self.added, wide**2)
        return np.asarray(np.where(self.counted, share, 1.0))

    def percentiles(self) -> dict[str, Array]:
        """Return mean and percentiles of TPOT over answers of more than one token, at the first load."""
        keep = self.counted[..., :, None].any(axis=(0, 1)).ravel()

        weights = WEIGHTS[keep] / WEIGHTS[keep].sum()

        def cdf(bound_s: Array) -> Array:
            return mean_of(self.within(bound_s[..., None])[..., keep], weights)

        mean = self.mean[..., keep]
        spread = np.sqrt(self._added_variance + self.wander2)[..., keep]
        low = np.maximum((self.floor - 4.0 * np.sqrt(self.wander2))[..., keep].min(axis=-1), 1e-9)
        return _percentiles(cdf, low, (mean + 6.0 * spread).max(axis=-1), mean_of(mean, weights))

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
        return _percentiles(cdf, shift.min(axis=-1), top, mean_of(mean))


#: Numbers of prompts in an answer that are taken one by one: each is a step where prompts are alike.
_HITS = 3
#: Points at which a distribution is looked at for its percentiles.
_LOOKS = 48


def _percentiles(cdf: Callable[[Array], Array], low: Array, high: Array, mean: Array) -> dict[str, Array]:
    """Return mean and percentiles of a distribution between ``low`` and ``high`` (points, 1) by interpolation."""
    low, high, mean = low[:, :1], np.maximum(high[:, :1], low[:, :1] * 1.001 + 1e-12), mean[:, 0]
    part = np.linspace(0.0, 1.0, _LOOKS) ** 2
    at = low + (high - low) * part
    share = np.maximum.accumulate(cdf(at), axis=1)
    out = {"mean": mean}
    for p in PERCENTILES:
        rows = [float(np.interp(p / 100.0, s, x)) for s, x in zip(share, at, strict=True)]
        out[f"p{p:g}"] = np.array(rows)
    return out


def gamma_share(value: Array, mean: Array, variance: Array) -> Array:
    """Return P(X <= value) of a gamma variable; a step at the mean where the variance vanishes."""
    mean, variance = np.maximum(mean, 1e-12), np.maximum(variance, 1e-18)
    shape = np.minimum(mean**2 / variance, 1e6)
    return np.asarray(gammainc(shape, np.maximum(value, 0.0) * shape / mean))


def gi_wait(load: Array, variation2: Array, servers: Array) -> tuple[Array, Array]:
    """Return the share of arrivals that wait, and the conditional mean wait in service times (service exponential).

    GI/M/1 with gamma gaps: the root s of s = (1 + c^2 (1 - s) / load)^(-1 / c^2) waits; the wait's mean is
    1 / (1 - s). Several servers wait more seldom, by load^(sqrt(2 (n + 1)) - 2) (Sakasegawa 1977), and shorter.

    >>> share, wait = gi_wait(np.array([0.5]), np.array([1.0]), np.array([1.0]))
    >>> round(float(share[0]), 6), round(float(wait[0]), 6)
    (0.5, 2.0)
    """
    load = np.clip(load, 1e-9, 0.9999)
    cv2 = np.maximum(variation2, 1e-3)
    root = np.array(np.broadcast_to(load, np.broadcast_shapes(load.shape, cv2.shape)))
    if not np.all(cv2 == 1.0):
        for _ in range(30):
            root = np.minimum((1.0 + cv2 * (1.0 - root) / load) ** (-1.0 / cv2), 0.99995)
        root = np.where(cv2 == 1.0, load, root)
    several = load ** (np.sqrt(2.0 * (servers + 1.0)) - 2.0)
    return np.asarray(root * several), np.asarray(1.0 / (1.0 - root) / servers)


def empty_share(site: Site, present: Array) -> Array:
    """Return how often an arrival is sent to an empty replica, with ``present`` requests per replica on average.

    With n replicas behind one queue: P(fewer than n present), Poisson, spread by the arrivals' peakedness.
    """
    servers = site.servers[:, None]
    peak = (site.queue2 + 1.0) / 2.0
    return np.asarray(gammaincc(servers / peak, np.maximum(servers * present, 1e-12) / peak))


def idle_share(site: Site, present: Array) -> Array:
    """Return the share of time that a replica is empty: E[(n - N)+] / n with N in n replicas (Poisson, peaked)."""
    servers = site.servers[:, None]
    peak = (site.queue2 + 1.0) / 2.0
    shape, mean = servers / peak, np.maximum(servers * present, 1e-12) / peak
    fewer = gammaincc(np.maximum(shape - 1.0, 1e-9), mean) * (shape > 1.0)
    return np.asarray(np.clip(gammaincc(shape, mean) - present * fewer, 0.0, 1.0))


def slot_wait(site: Site, b: Balance, saturated: Array) -> tuple[Array, Array]:
    """Return the share that waits for a slot or cache, and the conditional mean wait: z / (saturated - rate)."""
    own2 = site.traffic.work2
    excess = np.maximum((saturated - b.rate) * b.sharing, 1e-12)
    return b.full, (site.queue2 + own2) / 2.0 / excess


def first_token(site: Site, b: Balance, saturated: Array) -> FirstToken:
    """Return TTFT at a balance below the saturated rate (per replica)."""
    cost, traffic = site.cost, site.traffic
    new = traffic.prompts * (traffic.new / max(traffic.prompt, 1e-9))
    base = b.seen * site.width if site.mixed else np.zeros_like(b.seen)
    linear = (cost.sequence_s + cost.kv_s * traffic.context) * b.seen if site.mixed else np.zeros_like(b.seen)
    busy = np.clip(b.rate / b.group * b.group_s, 0.0, 1.0)
    decoding = site.decodes * (1.0 - empty_share(site, b.batch))
    alone = np.clip(1.0 - busy, 0.0, 1.0)
    part = b.group2_s2 / np.maximum(b.group_s, 1e-12) / np.maximum(b.group_iterations, 1.0)
    meet = b.meet
    # One of several replicas is free unless all are busy (Sakasegawa).
    busy = busy * meet if site.decodes else busy ** (np.sqrt(2.0 * (_shared(site) + 1.0)) - 1.0)
    step = decoding * b.step_s
    seen_s = alone * step + busy * part
    mates = meet * renewals(b.rate, seen_s, site.dealt2)
    # Who meets somebody: arrivals during a prompt's iteration, and those in whose own decode step another one comes.
    others = 1.0 - meet * met_share(b.rate * step, site.dealt2)
    share = np.clip(1.0 - alone * others, 1e-6, 1.0)
    mean = seen_s / 2.0 + mates * b.prompt_s
    square = (alone * step**2 + busy * part**2) / 3.0 + mates * (b.prompt2_s2 + seen_s * b.prompt_s)
    square = square + (mates * b.prompt_s) ** 2
    met = np.maximum(mean - (1.0 - share) * step / 2.0, 1e-9) / share
    met2 = np.maximum((square - (1.0 - share) * step**2 / 3.0) / share - met**2, (0.1 * met) ** 2)
    own = _own(site, base, linear, new) * decoding[..., None]
    own = own + _own(site, np.zeros_like(base), np.zeros_like(base), new) * (1.0 - decoding[..., None])
    ahead_share, ahead = _ahead(site, b, base, linear)
    if not site.decodes:
        ahead = np.maximum(ahead - part / 2.0, 0.0)  # what is left of the iteration met is counted once
    else:
        # So is what is left of the iteration, and who came before in it: the queue is what is there beyond them.
        before = busy * part / 2.0 + mates * b.prompt_s / 2.0
        ahead_share = ahead_share * np.clip(1.0 - before / np.maximum(ahead_share * ahead, 1e-12), 0.0, 1.0)
    slot_share, slot = slot_wait(site, b, saturated) if site.decodes else (busy * 0.0, busy * 0.0)
    return FirstToken(own, step, share, met, met2, ahead_share, ahead, slot_share, slot)


def behind(site: Site, b: Balance) -> Array:
    """Return the part of a prompt that does not fit beside the own one: who comes later is computed later by as much."""
    base = b.seen * site.width if site.mixed else np.zeros_like(b.seen)
    room = np.maximum(float(site.rules.max_tokens) - base, 1.0)
    return np.asarray(np.clip(site.traffic.new / room, 0.0, 1.0))


def _own(site: Site, base: Array, linear: Array, new: Array) -> Array:
    """Return the seconds of the iterations that a prompt of each length needs on its own."""
    tokens = np.broadcast_to(new, (*base.shape, len(new)))
    seconds, count = prefill_iterations(site, base[..., None], tokens)
    pairs = site.cost.pair_s[..., None] * site.traffic.pairs * (new / max(site.traffic.new, 1e-9)) ** 2
    scale = float(mean_of((new / max(site.traffic.new, 1e-9)) ** 2))
    return np.asarray(seconds + linear[..., None] * count + pairs / scale)


def _shared(site: Site) -> Array:
    """Return how many replicas share a queue of prompts, (points, 1): n^(1 / (1 + c^2)) with c that of their lengths.

    A router that counts requests makes one queue of n replicas where prompts are alike; where they are not, some wait
    behind a long one while another replica is free.
    """
    return np.asarray(site.servers[:, None] ** (1.0 / (1.0 + site.traffic.wide2)))


def _ahead(site: Site, b: Balance, base: Array, linear: Array) -> tuple[Array, Array]:
    """Return the share of arrivals that find prompts ahead, and the mean time that these then take.

    The server is an iteration filled with prompts; of what is ahead, only what does not fit beside the own prompt
    costs whole iterations, the rest its marginal time.
    """
    traffic, cost = site.traffic, site.cost
    room = np.maximum(float(site.rules.max_tokens) - base, 1.0)
    per_pair = cost.pair_s * traffic.pairs / max(traffic.new, 1e-9)
    full = cost.at(cost.fixed_s, base + room) + linear + per_pair * room
    service = full * traffic.new / room
    own2 = traffic.wide2
    share, wait = gi_wait(b.rate * service, site.queue2, _shared(site))
    # A burst of (c^2 + 1) / 2 that is dealt out to fewer replicas queues at each, however free they were before.
    lot2 = np.maximum((site.queue2 + 1.0) / site.servers[:, None] - 1.0, 1.0)
    dealt, longer = gi_wait(b.rate * service, lot2, np.ones_like(lot2))
    more = (dealt * longer > share * wait) & (lot2 > 1.0)
    share, wait = np.where(more, dealt, share), np.where(more, longer, wait)
    cv2 = np.where(more, lot2, site.queue2)
    wait = wait * service * (cv2 + own2) / (cv2 + 1.0)
    marginal = np.clip(b.prompt_s / service, 0.0, 1.0)
    spare = np.maximum(full - service, 0.0)
    return share, wait * (marginal + (1.0 - marginal) * np.exp(-spare / np.maximum(wait, 1e-12)))


def pace(
    site: Site, b: Balance, first: FirstToken | None = None, extra: tuple[Array, Array] | None = None
) -> Pace:
    """Return TPOT at a balance.

    ``first`` is the first token of the same replica: what arrives before it is computed after it, while the answer
    decodes; nothing of a decode pool. ``extra`` is spent once per answer before its second token (hand-over): its mean and variance.
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
    window = lasts + early
    own = rate * window
    own = meet * own
    met = met_share(own, cv2) if site.prefills else np.zeros_like(own)
    number, free = further(own, cv2, met), 1.0 - met
    clump = np.maximum(1.0 + 2.0 * (number - own), np.minimum(cv2, 1.0))
    # A window that wanders gathers numbers that do.
    clump = clump + (meet * rate / (1.0 - busy)) ** 2 * early2 / np.maximum(number, 1e-9)
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
        steps=left,
    )


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
