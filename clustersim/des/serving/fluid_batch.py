"""The balance of a replica in the closed form: at which arrival rate a mean batch stands.

In unit time L prompts arrive, each taking D seconds of the iterations, and the rest is left to decode steps of t0
seconds. B sequences of N steps each are in balance where

    B (1 - L D) / t0 = L N,   so   L = B / (N t0 + B D)

which is explicit in B (Little's law on the decoding sequences). A sequence sees B and itself: t0 is taken at B plus
variance over mean, which is B + 1 where arrivals are Poisson and the pace does not depend on the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_arrivals import full_share, peakedness, renewals
from clustersim.des.serving.fluid_site import Site
from clustersim.gamma import gammainc
from clustersim.special import ndtri

__all__ = [
    "Balance",
    "Limit",
    "balance",
    "largest_batch",
    "meeting",
    "prefill_balance",
    "prefill_iterations",
    "prefill_limit",
]

Array = NDArray[np.float64]

#: Quantiles at which the prompt tokens of an iteration are taken.
_Q = (np.arange(6) + 0.5) / 6.0
_Z = ndtri(_Q)
#: How far replicas share their caches behind a router that counts requests: it does not see what each holds (0: each
#: alone, 1: one cache). Chosen on the first two hundred points of the stored grid (tests).
CACHE_SHARING = 0.25


@dataclass(frozen=True, slots=True)
class Balance:
    """A replica in balance, arrays of shape (points, loads); times in seconds, ``rate`` per replica.

    ``seen`` is the batch that a decoding sequence sees, ``step_s`` a decode step without prompts, ``prompt_s`` what
    one prompt adds, ``group`` the prompts that share an iteration, ``group_s`` and ``group_iterations`` the length
    and number of the iterations of such a group, ``full`` how often the replica has no room, ``meet`` arrivals at an
    occupied replica over those at any (`meeting`), ``sharing`` the replicas that share a queue for room.
    """

    batch: Array
    seen: Array
    spread: Array
    rate: Array
    step_s: Array
    step_slope: Array
    prompt_s: Array
    prompt2_s2: Array
    group: Array
    group_s: Array
    group2_s2: Array
    group_iterations: Array
    full: Array
    meet: Array
    sharing: Array

    @property
    def pace_s(self) -> Array:
        """Seconds from one decode step to the next, prompts between them included."""
        return np.asarray(self.step_s / np.maximum(1.0 - self.meet * self.rate * self.prompt_s, 1e-9))


#: Requests per replica up to which the sum of `meeting` is taken term by term.
_TERMS = 12
#: Terms of all points that are looked at in one call: more take memory, and no less time.
_AT_ONCE = 100_000


def meeting(site: Site, present: Array) -> Array:
    """Return the arrivals at an occupied replica over those at any, with ``present`` requests per replica on average.

    A router that looks at the load sends an arrival to an empty replica while there is one. N present requests, evenly
    on n replicas: the arrival joins floor(N / n) others, so that E[floor(N / n)] n / E[N] of what would meet by chance
    meets, and as many of the later ones come to a replica where a request already is. N is Poisson, spread by the
    arrivals' peakedness; where many are present, E[floor(N / n)] = E[N] / n - (n - 1) / 2n.

    >>> from clustersim.des.serving.fluid_inputs import fluid_cost, traffic_of
    >>> from clustersim.des.serving.rules import Batching, ReplicaCost
    >>> from clustersim.des.serving.stream import Lengths, Stream
    >>> flow = traffic_of(Stream(1.0, Lengths(9), Lengths(9)))
    >>> pool = Site(fluid_cost(ReplicaCost((0.0, 1.0), 0.0, 0.0, 0.0, 0.0, 9)), Batching(), flow, np.array([4.0]))
    >>> [round(float(meeting(pool, np.array([[b]]))[0, 0]), 2) for b in (0.1, 0.5, 2.0, 40.0)]  # four replicas
    [0.01, 0.29, 0.81, 0.99]
    """
    servers = site.servers[:, None]
    if np.all(servers == 1.0):
        return np.ones_like(present)
    peak = (site.queue2 + 1.0) / 2.0
    mean = np.maximum(servers * present, 1e-9) / peak
    few = np.zeros_like(present)
    asked = np.broadcast_to(servers > 1.0, present.shape) & (present < _TERMS / 3.0)
    few[asked] = _floors(np.broadcast_to(servers / peak, present.shape)[asked], mean[asked])
    many = present - (servers - 1.0) / (2.0 * servers)
    found = np.where(present < _TERMS / 3.0, few, many) / np.maximum(present, 1e-9)
    return np.asarray(np.where(servers > 1.0, np.clip(found, 0.0, 1.0), 1.0))


def _floors(shape: Array, mean: Array) -> Array:
    """Return the sum of P(N >= count n), count to `_TERMS`, for flat arrays; several terms a call, since a point alone
    is mostly calls."""
    total, terms = np.zeros_like(mean), np.arange(1.0, _TERMS + 1.0)
    if not mean.size:
        return total
    for some in np.array_split(terms, -(-terms.size * mean.size // _AT_ONCE)):
        for share in gammainc(some[:, None] * shape, np.broadcast_to(mean, (some.size, mean.size))):
            total += share
    return total


def prefill_iterations(site: Site, base: Array, tokens: Array) -> tuple[Array, Array]:
    """Return seconds and number of the iterations that take ``tokens`` prompt tokens beside ``base`` others.

    Attention is left out. Cut prompts fill every iteration but the last; whole ones go in one.
    """
    cost, most = site.cost, float(site.rules.max_tokens)
    room = np.maximum(most - base, 1.0)
    if not site.rules.chunked:
        each = max(site.traffic.new, 1.0)
        room = np.maximum(np.floor(room / each) * each, np.maximum(each, site.traffic.large))
    full = np.floor(tokens / room)
    rest = tokens - full * room
    last = (rest > 1e-9).astype(float)
    seconds = full * cost.at(cost.fixed_s, base + room) + last * cost.at(cost.fixed_s, base + rest)
    return seconds, full + last


def _step(site: Site, seen: Array, spread: Array) -> tuple[Array, Array]:
    """Return the mean seconds of a decode step over the batches seen, and their derivative by the batch.

    Three points of Gauss and Hermite: the touched experts of a small batch grow much slower than the batch.
    """
    cost, width = site.cost, float(site.width)
    linear = cost.sequence_s + cost.kv_s * site.traffic.context

    def at(batch: Array) -> Array:
        return np.asarray(cost.at(cost.fixed_s, batch * width) + linear * batch)

    far = np.minimum(np.sqrt(3.0 * spread), np.maximum(seen - 1.0, 0.0)) + 0.25
    below, above = np.maximum(seen - far, 0.0), seen + far
    loads = seen.shape[1]
    every = at(np.concatenate([below, seen, above], axis=1))
    low, middle, high = every[:, :loads], every[:, loads : 2 * loads], every[:, 2 * loads :]
    return (low + 4.0 * middle + high) / 6.0, (high - low) / (above - below)


def _group_tokens(site: Site, group: Array, biased: Array) -> Array:
    """Return the prompt tokens of an iteration's group at six quantiles (log-normal of the right mean, variance)."""
    mean = site.traffic.new
    cv2 = site.traffic.wide2 / group + np.maximum(biased / group - 1.0, 0.0)
    sigma = np.sqrt(np.log1p(cv2))[..., None]
    shape = np.exp(sigma * _Z)
    return np.asarray((group * mean)[..., None] * shape / _mean(shape)[..., None])


def _prompts(
    site: Site, seen: Array, group: Array, biased: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Return seconds that a prompt adds (mean, mean square), and a group's length (mean, mean square, count)."""
    cost = site.cost
    if not site.prefills:
        none = np.zeros_like(seen)
        return none, none, none, none, np.ones_like(seen)
    base = seen * site.width if site.mixed else np.zeros_like(seen)
    tokens = _group_tokens(site, group, biased)
    seconds, count = prefill_iterations(site, base[..., None], tokens)
    alone = (cost.at(cost.fixed_s, base) if site.mixed else np.zeros_like(base))[..., None]
    pairs = (cost.pair_s * site.traffic.pairs)[..., None] * (tokens / max(site.traffic.new, 1e-9))
    added = seconds - alone * count + pairs
    whole = seconds + pairs
    if site.mixed:
        whole = whole + ((cost.sequence_s + cost.kv_s * site.traffic.context) * seen)[..., None] * count
    per = added / group[..., None]
    return (
        _mean(per),
        _mean(added**2) / group,
        _mean(whole),
        _mean(whole**2),
        _mean(count),
    )


def _mean(values: Array) -> Array:
    """The mean over the last axis, with less ado than NumPy's: a point alone is mostly calls."""
    return np.asarray(np.add.reduce(values, axis=-1) / values.shape[-1])


def balance(site: Site, batch: Array, limit: Limit) -> Balance:
    """Return the balance at mean decoding batches of shape (points, loads), at most ``limit.batch``."""
    steps = max(site.steps, 1e-9)
    mean = batch / steps
    group = np.maximum(mean / -np.expm1(-np.maximum(mean, 1e-9)), 1.0)
    biased, seen, spread = 1.0 + mean, batch + 1.0, batch
    full = (batch >= limit.batch * (1.0 - 1e-9)).astype(float)
    meet = meeting(site, batch)
    # A router that counts requests shares out a cache only as far as they are alike.
    sharing = site.servers[:, None] ** np.where(limit.by == 1, CACHE_SHARING / limit.sizes2, 1.0)
    # Nobody sees more than the largest batch, however far it wanders below.
    most = np.maximum(limit.batch, 1.0)
    for _ in range(3):
        step_s, slope = _step(site, seen, spread)
        parts, used = _prompts(site, seen, group, biased), group
        again = 1.0 + full * limit.again
        prompt_s, prompt2 = parts[0] * again, parts[1] * again**2
        rate = batch / (steps * step_s + meet * batch * prompt_s)
        meet = meeting(site, batch + rate * parts[2]) * (1.0 - full) + full
        share = np.minimum(rate / group * parts[2], 1.0)
        window = (1.0 - share) * step_s + share * parts[3] / np.maximum(parts[2], 1e-12) / np.maximum(
            parts[4], 1.0
        )
        own = rate * window
        # At a full replica prompts come in as others leave, whatever the arrivals do.
        mates = (1.0 - full) * meet * renewals(rate, window, site.dealt2) + full * own
        own = meet * own
        group = np.maximum(own / -np.expm1(-np.maximum(own, 1e-9)) + np.maximum(mates - own, 0.0) / 2.0, 1.0)
        biased = np.maximum(1.0 + mates, group)
        spread = _spread(site, batch, seen, (step_s, slope), (rate, prompt_s, prompt2))
        full = full_share(batch, limit.batch, spread * limit.sizes2, sharing, (site.queue2 + 1.0) / 2.0)
        # A full replica does not wander: what leaves is replaced from the queue.
        spread = spread * (1.0 - full) + 1e-9
        seen = np.minimum(np.maximum(batch + spread / np.maximum(batch, 1e-9), 1.0), most)
    return Balance(
        batch,
        seen,
        spread,
        rate,
        step_s,
        slope,
        prompt_s,
        prompt2,
        used,
        parts[2],
        parts[3],
        parts[4],
        full,
        meet,
        sharing,
    )


def prefill_balance(site: Site, rate: Array) -> Balance:
    """Return the balance of a pool that computes prompts only, at rates per replica (points, loads).

    Prompts that find a replica busy gather while its iteration lasts, and go together in the next.
    """
    zero = np.zeros_like(rate)
    group, biased = zero + 1.0, zero + 1.0
    for _ in range(4):
        parts, used = _prompts(site, zero, group, biased), group
        busy = np.minimum(rate * parts[0], 1.0)
        own = rate * parts[3] / parts[2] / np.maximum(parts[4], 1.0)
        mates = renewals(rate, own / np.maximum(rate, 1e-12), site.dealt2)
        gathered = own / -np.expm1(-np.maximum(own, 1e-9)) + np.maximum(mates - own, 0.0) / 2.0
        group = 1.0 + busy * np.maximum(gathered - 1.0, 0.0)
        biased = np.maximum(1.0 + busy * mates, group)
    return Balance(
        zero,
        zero,
        zero,
        rate,
        zero + 1e-12,
        zero,
        parts[0],
        parts[1],
        used,
        parts[2],
        parts[3],
        parts[4],
        zero,
        zero + 1.0,
        site.servers[:, None],
    )


def prefill_limit(site: Site) -> Array:
    """Return the prompts per second of a replica whose iterations are full, shape (points, 1)."""
    room = np.full((site.cost.points, 1), float(site.rules.max_tokens))
    cache = np.maximum(site.cost.cache_tokens * (1.0 - site.rules.watermark) - site.traffic.prompt, 1.0)
    room = np.minimum(room, np.maximum(cache, 1.0))
    new = max(site.traffic.new, 1e-9)
    full = site.cost.at(site.cost.fixed_s, room) * new / room + site.cost.pair_s * site.traffic.pairs
    return np.asarray(1.0 / full)


def _spread(
    site: Site, batch: Array, seen: Array, step: tuple[Array, Array], prompts: tuple[Array, Array, Array]
) -> Array:
    """Return the variance of a replica's batch: arrivals' and ends' half of Poisson's, times t / (t - B t').

    The last factor is that of processor sharing, whose stationary law depends on the lengths' mean only (Kelly
    1979): a fuller batch is slower, and so stays full longer. An arrival does not only add a sequence; its prompt,
    of D seconds, also keeps L / (1 - L D) others per second from leaving. Replicas behind one queue share the
    variance; whole sequences leave at least f (1 - f).
    """
    step_s, slope = step
    rate, prompt_s, prompt2 = prompts
    gain = 1.0 / np.maximum(1.0 - slope * seen / step_s, 0.05)
    kept = rate / np.maximum(1.0 - rate * prompt_s, 0.05)
    more = 1.0 + 2.0 * kept * prompt_s + kept**2 * prompt2
    peak = peakedness(batch * site.servers[:, None], site.queue2)
    # A crowd stays as long as the shorter of two answers does: half as long as one where they are exponential. That
    # half is kept where a burst's prompts go in a pass of their own, and in a pool that others have computed them for.
    together = site.traffic.together if site.mixed else 0.5
    peak = 1.0 + 2.0 * together * (peak - 1.0)
    lumps = 0.5 + together * (site.queue2 - 1.0)
    whole = batch * (peak + lumps * (more - 1.0)) * gain / site.servers[:, None]
    part = batch - np.floor(batch)
    return np.asarray(np.maximum(whole, part * (1.0 - part)))


@dataclass(frozen=True, slots=True)
class Limit:
    """What bounds the batch, shape (points, 1).

    ``again`` is the work of prompts computed a second time, per first time, while the cache is full; ``sizes2`` how
    much more a cache's fill wanders than the number of its sequences; ``by`` 0: sequences, 1: cache, 2: tokens.
    """

    batch: Array
    again: Array
    sizes2: Array
    by: NDArray[np.int64]


def largest_batch(site: Site) -> Limit:
    """Return the largest mean batch: by sequences, by cache, by the tokens of an iteration.

    A request holds its slot, and its prompt's cache, while its prompt is computed too. The cache is left unfilled
    by half a size-biased prompt on average: the head of the queue does not fit into the gap.

    A full cache computes prompts again. Between two ends the sequences grow by N tokens on average, exponentially
    distributed; each time a prompt's room is used up, the sequence admitted last gives it back. Beyond the watermark
    w and a gap uniform over a prompt that is exp(-w / N) N tokens per end, N / P exp(-w / N) prompts.
    """
    traffic, rules = site.traffic, site.rules
    steps = max(site.steps, 1e-9)
    budget = float(rules.max_tokens)
    slots = np.full((site.cost.points, 1), float(rules.max_sequences))
    waits = np.maximum(1.0, traffic.new / budget) if site.prefills else 1.0
    gap = traffic.prompt * (1.0 + traffic.wide2) / 2.0
    cache = site.cost.cache_tokens
    room = np.maximum(cache * (1.0 - rules.watermark) - gap, 0.0)
    held = steps * traffic.context + (waits * traffic.prompt if site.prefills else 0.0)
    least = steps / (steps + waits)
    by_tokens = np.full_like(slots, np.inf)
    if site.mixed:
        by_tokens = slots * 0.0 + budget / (traffic.new / steps + site.width)
    limits = np.concatenate([slots * least, np.maximum(room * steps / held, least), by_tokens], axis=1)
    by = np.argmin(limits, axis=1)[:, None]
    grown = max(traffic.output - 1.0, 1.0)
    waste = np.exp(-cache * rules.watermark / grown) * grown / max(traffic.new, 1.0)
    wide = traffic.context2 / traffic.context**2
    full = by == 1
    return Limit(limits.min(axis=1, keepdims=True), np.where(full, waste, 0.0), np.where(full, wide, 1.0), by)
