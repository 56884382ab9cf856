"""The one shape of a workload's result: what a card-hour yields, how it loads the cards, the level that it meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np

from clustersim.columns import decisions, held, pass_over

__all__ = ["AS_PREDICTED", "IDLE", "MAIN_UNITS", "Load", "Product", "StageCache", "Work", "is_time"]

#: What a workload of a kind is bought for: the unit whose cost is *the* cost.
MAIN_UNITS = {
    "training": "mtoken", "serving": "served_mtoken", "video": "stream_hour", "vision": "input",
    "jobs": "useful_card_hour",
}  # fmt: skip

#: What a slower unit does not change: how much is taken at a time, and how busy a replica is kept.
AS_PREDICTED = ("busy_share", "batch")

T = TypeVar("T")


def is_time(name: str) -> bool:
    """Return whether a number is a time by its name: seconds, and none per second.

    >>> is_time("a100.batch_s"), is_time("tokens_per_s"), is_time("mfu")
    (True, False, False)
    """
    return name.endswith("_s") and not name.endswith("_per_s")


def _last(name: str) -> str:
    """A name without the group of cards that it is of."""
    return name.rpartition(".")[2]


#: Numbers in columns that a memory of stages holds at most: a study of any length takes these 32 MB and no more.
MOST_HELD = 4_000_000


class StageCache:
    """Remembers what a stage gave for the same content, so that a changed tariff does not rerun the training step.

    The oldest go first, once there are more than ``size`` results or, of points that ran together, MOST_HELD numbers.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._held = 0
        self._kept: dict[tuple[str, bytes], tuple[Any, int, int]] = {}
        """What a stage gave, how many decisions about points it took, and how many numbers its columns hold."""
        self._counts: dict[str, list[int]] = {}

    def get(self, stage: str, content: object, run: Callable[[], T]) -> T:
        """Return the stage's result for ``content``, running it only when it is new."""
        key = (stage, blake2b(repr(content).encode(), digest_size=16).digest())
        counts = self._counts.setdefault(stage, [0, 0])
        if key in self._kept:
            counts[0] += 1
            kept: T
            kept, decided, _ = self._kept[key]
            pass_over(decided)
            return kept
        counts[1] += 1
        before = decisions()
        result = run()
        taken = held(result)
        self._held += taken
        while self._kept and (len(self._kept) >= self._size or self._held > MOST_HELD):
            _, _, freed = self._kept.pop(next(iter(self._kept)))
            self._held -= freed
        self._kept[key] = result, decisions() - before, taken
        return result

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return, by stage, how often its result was reused and how often it was run."""
        return {stage: (reused, ran) for stage, (reused, ran) in self._counts.items()}


@dataclass(frozen=True, slots=True)
class Load:
    """How a workload uses the cards that it holds: shares of the busy time by unit, and the busy share of all time."""

    u_tensor: float
    u_memory: float
    u_link: float
    busy: float


#: Cards that take no part.
IDLE = Load(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Product:
    """One thing that a workload makes: its unit, how much a card-hour yields, and its share of the card-hours' cost.

    The cost of a unit is the share times the cost of a card-hour over the yield.
    """

    name: str
    """As in the name of its cost: ``mtoken``, ``input_mtoken``, ``stream_hour``, …"""
    per_card_hour: float
    cost_share: float = 1.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one workload makes of the card-hours that it gets."""

    name: str
    kind: str
    share: float
    """Of the card-hours that are sold."""
    asked: Mapping[str, Any] = field(repr=False)
    """What is asked, without how it is met: equal on two sides that do the same work."""
    main: Product
    """What the workload is bought for: its cost is *the* cost of a unit."""
    products: tuple[Product, ...]
    """All that is made, the main one among them or the sum of them."""
    load: Load
    service: Mapping[str, float]
    """The service level that is met, by name with unit."""
    rates: Mapping[str, float]
    """Rates of the cards that it was computed on, by name with unit, the utilisation among them."""
    terms: Mapping[str, float]
    """Where the time goes, by name with unit."""
    layout: Mapping[str, Any]
    """How the cluster meets it: the plan, stated or found."""
    notes: tuple[str, ...]
    """What the reader must know: ties, what is not modelled."""
    detail: Any = field(repr=False, compare=False)
    """The kind's own result, for its own command and figures."""
    group_loads: Mapping[str, Load] = field(default_factory=dict)
    """On unlike cards, the load of each group; a group that is not there idles."""
    within: Callable[[Any, Any], Any] | None = field(default=None, repr=False, compare=False)
    """The share of requests within the service level where TTFT and TPOT take so many times as long as predicted."""

    def slowed(self, slower: Mapping[str, Any]) -> Work:
        """Return the work where its unit takes ``slower["unit"]`` times as long as predicted, and its latencies
        ``slower["ttft"]`` and ``slower["tpot"]`` times; the units of a card are used that much less, and the share
        within the service level is that of these latencies.
        """
        if not slower:
            return self
        unit = slower.get("unit", 1.0)
        load = self.load
        used = {n: np.minimum(getattr(load, n) / unit, 1.0) for n in ("u_tensor", "u_memory", "u_link")}
        return replace(
            self,
            main=replace(self.main, per_card_hour=self.main.per_card_hour / unit),
            products=tuple(replace(p, per_card_hour=p.per_card_hour / unit) for p in self.products),
            load=replace(load, **used),
            group_loads={
                name: replace(one, **{n: np.minimum(getattr(one, n) / unit, 1.0) for n in used})
                for name, one in self.group_loads.items()
            },
            service={k: self._served(k, v, slower) for k, v in self.service.items()},
            rates={
                k: v if _last(k) in AS_PREDICTED else v * unit if is_time(k) else v / unit
                for k, v in self.rates.items()
            },
        )

    def _served(self, name: str, value: Any, slower: Mapping[str, Any]) -> Any:
        """A number of the service level, slower by what it is a time of."""
        own = slower.get(name.partition("_")[0])
        if name == "slo_share" and self.within is not None:
            return self.within(slower.get("ttft", 1.0), slower.get("tpot", 1.0))
        if own is not None:
            return value * own
        return value * slower.get("unit", 1.0) if is_time(name) else value

    @property
    def per_card_year(self) -> float:
        """Units of the main product that a card yields in a year of 8,760 hours that are all sold to it."""
        return self.main.per_card_hour * 8760.0
