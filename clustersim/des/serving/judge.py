"""Simulation as a judge of sizes: whether a fleet holds its service level, asked with a bounded number of requests.

Every size is asked with the same draw, so that sizes differ and not their luck. A short run decides where its interval
is clear of the target, a longer one elsewhere; the closed form, moved to what the runs said, aims at the next size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.closed_form import closed_form
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.des.serving.metrics import Slo
from clustersim.des.serving.plant import Plant, Trial
from clustersim.des.serving.steady import NONE_SEEN, Share
from clustersim.des.serving.stream import Stream
from clustersim.des.serving.window import Window
from clustersim.errors import InputError
from clustersim.special import ndtri

__all__ = ["CELL", "FIRST", "LONGEST", "Judge", "cell_of", "moved", "normal_of", "refuse_unshowable"]

Array = NDArray[np.float64]
Size = TypeVar("Size")

#: Requests of the run that is asked first, and of the one that decides where that is not clear: half a second of CPU.
FIRST, LONGEST = 8_000, 48_000
#: And of one more, where that one's share meets the target and its lower bound does not.
_AGAIN = 2 * LONGEST
#: A larger fleet is simulated as a cell of so many replicas with its part of the stream: routing among more changes
#: little, and a run that is long enough for all of them would take minutes.
CELL = 32
#: Requests of the longest run per request that a cell holds at once: two dozen stays leave most of the run to its
#: steady window, which begins after five.
_STAYS = 24
#: Sizes that differ by no more than this part are as hard to tell from the target: what was too short for one is so for
#: the other.
_ALIKE = 0.02
#: Standard errors from the target at which a short run is believed.
_CLEAR = 3.0
#: Shares are compared as deviations of a normal variable, no further out than a short run can tell.
_FAR = 3.5


@dataclass(slots=True)
class Judge(Generic[Size]):
    """Asks the simulation whether a size holds the SLO, each size once."""

    trial: Callable[[Size], Trial]
    """The plant that is simulated for a size, with the part of the stream that it serves."""
    slo: Slo
    seed: int
    first: int = FIRST
    seen: dict[Size, Share] = field(default_factory=dict)
    asked: dict[Size, int] = field(default_factory=dict)
    windowless: int = 0
    """Requests of the longest run that left no steady window."""

    def share(self, size: Size) -> Share:
        """Return the share of a size: by a short run where that is clear, else by a longer one."""
        if size not in self.seen:
            for requests in self._lengths(size):
                found = self._run(size, requests)
                if found is not None and self._clear(found, requests):
                    break
            self.seen[size] = found or Share(0.0, 0.0, Window(0.0, 0.0, 0.0), 0)
            self.asked[size] = requests
        return self.seen[size]

    def _lengths(self, size: Size) -> list[int]:
        """Return the requests of the runs that a size is asked with, shortest first, without those known too short."""
        every = list(dict.fromkeys(max(n, self.first) for n in (self.first, LONGEST, _AGAIN)))
        near = [n for other, n in self.asked.items() if _alike(size, other)]
        least = max([self.windowless + 1, *near])
        return [n for n in every if n >= least] or every[-1:]

    def _clear(self, found: Share, requests: int) -> bool:
        """Whether a run of so many requests decides: far from the target, or a long one on a side of it."""
        error = max(found.error, 1.0 / max(found.requests, 1))  # none that missed is no proof that none does
        if abs(found.share - self.slo.share) > _CLEAR * error:
            return True
        return requests >= LONGEST and not found.lower < self.slo.share <= found.share

    def holds(self, size: Size) -> bool:
        """Tell whether the lower bound of the share's 95 % interval meets the target."""
        return self.share(size).lower >= self.slo.share

    def _run(self, size: Size, requests: int) -> Share | None:
        try:
            trial = self.trial(size)
            return trial.share(self.slo, trial.stream.affordable(requests), self.seed)
        except InputError:  # too short a run for a steady window: the requests stay too long
            self.windowless = max(self.windowless, requests)
            return None

    def settled(self, size: Size) -> bool:
        """Tell whether a size that did not hold does after all, asked by the longest run where that may still say so.

        It may where the size's own interval reaches the share at which the longest run's lower bound would meet the
        target (`aim`): elsewhere another run as long as all before it together would be spent on a known answer.
        """
        own = self.seen.get(size)
        if own is None or own.requests == 0 or own.upper < self.aim(size) or self.asked[size] >= _AGAIN:
            return False
        found = self._run(size, _AGAIN)
        if found is not None:
            self.seen[size], self.asked[size] = found, _AGAIN
        return self.holds(size)

    def aim(self, size: Size) -> float:
        """Return the share at which the lower bound just meets the target, with the error that the longest run would
        have at a size (it falls with the root of the length)."""
        error = self.seen[size].error * float(np.sqrt(min(self.asked[size] / _AGAIN, 1.0)))
        return min(self.slo.share + 1.96 * error, (1.0 + self.slo.share) / 2.0)


def refuse_unshowable(slo: Slo, stream: Stream) -> None:
    """Raise InputError for a share that no run could show: its misses are rarer than the longest run's requests tell.

    A window is taken to hold half of the run's requests, none of which misses the level.
    """
    longest = stream.affordable(_AGAIN)
    most = 1.0 - 2.0 * NONE_SEEN / longest
    if slo.share > most:
        raise InputError(
            f"a share of {100.0 * slo.share:.6g} % within the service level cannot be shown: a run of {longest}"
            f" requests without one miss shows {100.0 * most:.4f} %; ask for no more than that"
        )


def _alike(one: object, other: object) -> bool:
    """Whether two sizes (counts, or pairs of counts) are nearly the same.

    >>> _alike(200, 202), _alike((10, 200), (11, 200))
    (True, False)
    """
    a, b = np.ravel(np.asarray(one)), np.ravel(np.asarray(other))
    return bool(np.all(np.abs(a - b) <= _ALIKE * np.maximum(a, b)))


def normal_of(share: Array) -> Array:
    """Return shares as deviations of a normal variable, within what a run can tell.

    >>> normal_of(np.array([0.5, 1.0])).tolist()
    [0.0, 3.5]
    """
    return np.asarray(np.clip(ndtri(np.clip(share, 1e-9, 1.0)), -_FAR, _FAR))


def moved(form: Array, seen: list[tuple[float, float]]) -> Array:
    """Return the closed form's shares, as normal deviations, moved by what runs said beside it (the last counts most).

    >>> moved(np.array([0.5, 0.9]), [(0.5, 0.5)]).round(2).tolist()
    [0.0, 1.28]
    """
    if not seen:
        return normal_of(form)
    own, said = (normal_of(np.array(x)) for x in zip(*seen, strict=True))
    weight = 0.5 ** np.arange(len(seen))[::-1]
    return normal_of(form) + float(np.sum(weight * (said - own)) / weight.sum())


def cell_of(plant: Plant, stream: Stream, replicas: int, decode_replicas: int = 0) -> int:
    """Return how many replicas (of the larger pool) a run can serve: the requests in them stay well below its own.

    By Little's law, with the mean stay of the closed form at this count.
    """
    traffic = traffic_of(stream)
    c = closed_form(plant.sized(replicas, decode_replicas).fleet(), traffic, rate_per_s=stream.rate)
    stay = float(c.ttft_s["mean"][0] + c.tpot_s["mean"][0] * traffic.output)
    present = stream.rate * stay / max(replicas, decode_replicas)
    most = stream.affordable(LONGEST) / _STAYS
    return int(np.clip(most / present, 1, CELL)) if 0 < present < np.inf else CELL
