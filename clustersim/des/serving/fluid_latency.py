"""Time to the first token in the closed form: what it is made of at a balance, and its distribution.

TTFT = residual of the iteration that an arrival meets + iterations of its own prompt + what others add to them
     + prompts ahead beyond one iteration (GI/G/1) + the wait for a slot (Halfin and Whitt 1981).

Each sum of random parts is taken as a gamma variable of its mean and variance; waits have an atom at zero. The
distribution is a mixture over prompt lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_arrivals import met_share, renewals
from clustersim.des.serving.fluid_batch import Balance, prefill_iterations
from clustersim.des.serving.fluid_inputs import mean_of
from clustersim.des.serving.fluid_site import Site
from clustersim.des.serving.fluid_tails import gamma_part, percentiles_of
from clustersim.gamma import gammaincc

__all__ = ["FirstToken", "behind", "empty_share", "first_token", "gi_wait", "idle_share", "slot_wait"]

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
        weights, means, variances = (np.stack(x) for x in zip(*self._parts(), strict=True))
        # One call: a point alone is mostly calls.
        inside = gamma_part(weights[..., None], left, means[..., None], variances[..., None])
        return mean_of(np.sum(inside, axis=0))

    def _parts(self) -> list[tuple[Array, Array, Array]]:
        """Return weight, mean and variance of the random parts of every case."""
        found = []
        for met, ahead, slot in _CASES:
            with_ahead = np.minimum(self.ahead_share, self.met_share)
            weight = (with_ahead if ahead else self.met_share - with_ahead) if met else 1.0 - self.met_share
            weight = weight * (self.slot_share if slot else 1.0 - self.slot_share)
            mean = (self.met if met else self.step / 2.0) + ahead * self.ahead + slot * self.slot
            variance = (
                (self.met2 if met else self.step**2 / 12.0) + ahead * self.ahead**2 + slot * self.slot**2
            )
            found.append((weight, mean, variance))
        return found

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
        return percentiles_of(self.within, self.base.min(axis=-1), top, self.mean_s)

    @property
    def mean_s(self) -> Array:
        """Mean TTFT."""
        return np.asarray(mean_of(self.base) + self.wait_s)


_CASES = tuple((m, a, s) for m, a in ((False, False), (True, False), (True, True)) for s in (False, True))


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
    busy = _met_busy(site, np.clip(b.rate / b.group * b.group_s, 0.0, 1.0))
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
    # Numbers in a burst are geometric, up to as many as a long time's wander by.
    lumps = np.clip(np.minimum(mates, site.dealt2 - 1.0), 0.0, None) * site.mixed
    square = square + (mates * b.prompt_s) ** 2 * (1.0 + lumps / np.maximum(mates, 1e-12))
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


def _met_busy(site: Site, busy: Array) -> Array:
    """Return how often an arrival finds prompts being computed, that are for ``busy`` of the time: Poisson arrivals see
    what time does, bursts more of their own (GI/M/1)."""
    bursts = np.maximum(site.dealt2, 1.0)
    if not site.mixed:
        return busy  # prompts in passes of their own: a burst shares one, and the queue before it has them (`_ahead`)
    return gi_wait(busy, bursts, np.ones_like(bursts))[0] if np.any(bursts > 1.0) else busy


def behind(site: Site, b: Balance) -> Array:
    """Return the part of a prompt that does not fit beside the own one: so much of the later ones comes after it."""
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
