"""Sites made equally large: the most of each that racks, power or a budget hold, for a comparison at equal means.

A site of equal cards grows by whole servers, or whole supernodes; one of unlike groups keeps the ratio of its groups,
rounded down to whole servers, at least one of each. Of cards that are owned there are no more than the file says: they
have no price, and nobody sells more of them at none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Any

from clustersim.assemble.purchase import purchase
from clustersim.assemble.supernode import domain_cards
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.candidates import Limits, words_of
from clustersim.planner.subsets import with_spares
from clustersim.schema.inputs import Inputs

__all__ = ["MOST_CARDS", "Sized", "sized", "takes_of"]

#: Cards of the largest site that is looked at.
MOST_CARDS = 262_144


@dataclass(frozen=True, slots=True)
class Sized:
    """A site at the largest size within limits.

    Attributes:
        side: its name.
        counts: cards by key of the scenario (``cluster.cards``, or ``cluster.groups.NAME.cards``).
        takes: CNY, W and racks that it takes.
        binds: the limit that the next size breaks; empty where none is within ``MOST_CARDS``.
    """

    side: str
    counts: Mapping[str, int | None]
    takes: Mapping[str, float]
    binds: str


def takes_of(inputs: Inputs) -> dict[str, float]:
    """Return what a site takes of each limit: capex with VAT, provisioned IT power times PUE, racks."""
    bought = purchase(inputs)
    return {
        "budget_cny": float(bought.bill.total_cny), "power_w": bought.provisioned_it_w * inputs.tco.pue.value,
        "racks": float(bought.racks.total),
    }  # fmt: skip


def sized(inputs: Inputs, limits: Limits) -> Sized:
    """Return the site at the largest size that meets the limits.

    Sizes are those of the smallest group that grows a step at a time; what is taken never falls with them, so that the
    largest is found by halving.

    Raises InfeasibleError, with what the smallest takes, where not even that meets them, InputError where no limit is
    given.
    """
    if not limits.asked():
        raise InputError("give a limit: --racks, --power or --budget")
    if not inputs.groups and inputs.scenario.cluster.cards is not None and _filed_groups(inputs):
        raise InputError(
            f"{inputs.name}: its groups are equal cards on one network; write them as one cluster to give it a size"
        )
    ladder = _Ladder.of(inputs)

    def broken(step: int) -> str:
        return _broken(takes_of(ladder.site(step)), limits)

    if over := broken(1):
        takes = takes_of(ladder.site(1))
        raise InfeasibleError(
            f"{inputs.name}: even {ladder.words(1)} takes {words_of(over, takes[over])}, above"
            f" {words_of(over, limits.asked()[over])}"
        )
    step = _last(lambda n: not broken(n), ladder.most)
    return Sized(
        inputs.name,
        ladder.counts(step),
        takes_of(ladder.site(step)),
        broken(step + 1) if step < ladder.most else "",
    )


def _filed_groups(inputs: Inputs) -> bool:
    cluster = inputs.documents["scenario"].data.get("cluster")
    return isinstance(cluster, Mapping) and bool(cluster.get("groups"))


def _last(holds: Callable[[int], bool], most: int) -> int:
    """The largest step up to ``most`` that holds, where 1 does and none above one that does not.

    >>> _last(lambda n: n <= 37, 1000), _last(lambda n: True, 10)
    (37, 10)
    """
    low, high = 1, 2
    while high <= most and holds(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _broken(takes: Mapping[str, float], limits: Limits) -> str:
    over = {name: takes[name] / most for name, most in limits.asked().items() if takes[name] > most}
    return max(over, key=lambda name: over[name]) if over else ""


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The sizes of a site: what grows, by how many cards at once, and in which ratio."""

    inputs: Inputs
    parts: Sequence[Inputs]
    units: Sequence[int]
    """Cards that each part grows by."""
    sizes: Sequence[float]
    """Units that each part has as it stands."""
    total: float

    @classmethod
    def of(cls, inputs: Inputs) -> _Ladder:
        parts = inputs.groups or (inputs,)
        units = [_unit(part) for part in parts]
        sizes = [part.cards / unit for part, unit in zip(parts, units, strict=True)]
        return cls(inputs, parts, units, sizes, sum(sizes))

    @property
    def most(self) -> int:
        cards = sum(size * unit for size, unit in zip(self.sizes, self.units, strict=True))
        return max(1, int(MOST_CARDS / cards * self.total))

    def numbers(self, step: int) -> list[int]:
        """Cards of each part; of what is owned no more than there is."""
        share = step / self.total
        return [
            max(1, int((min(share, 1.0) if part.owned else share) * size + 1e-9)) * unit
            for part, size, unit in zip(self.parts, self.sizes, self.units, strict=True)
        ]

    def counts(self, step: int) -> dict[str, int | None]:
        numbers = self.numbers(step)
        if not self.inputs.groups:
            return {"cluster.cards": numbers[0]}
        keys: dict[str, int | None] = {}
        for part, cards in zip(self.parts, numbers, strict=True):
            keys |= _keys(part.group, cards)
        return keys

    def site(self, step: int) -> Inputs:
        """The site at a size, as far as its bill reads it."""
        numbers = self.numbers(step)
        sized = [_with_cards(part, count) for part, count in zip(self.parts, numbers, strict=True)]
        if not self.inputs.groups:
            return sized[0]
        return replace(self.inputs, groups=with_spares(self.inputs, tuple(sized)))

    def words(self, step: int) -> str:
        return " and ".join(
            f"{count} {part.parts.card.name}"
            for part, count in zip(self.parts, self.numbers(step), strict=True)
        )


def _keys(group: str, cards: int) -> dict[str, int | None]:
    """The keys of a group's cards: on the first of the names that were put together to it; the others are left out.

    >>> _keys("a", 8), _keys("a+b", 8)
    ({'cluster.groups.a.cards': 8}, {'cluster.groups.a.cards': 8, 'cluster.groups.b': None})
    """
    first, *rest = group.split("+")
    return {f"cluster.groups.{first}.cards": cards, **{f"cluster.groups.{name}": None for name in rest}}


def _unit(inputs: Inputs) -> int:
    """Cards that a cluster grows by: whole servers, and whole supernodes where it has them."""
    server = int(inputs.parts.server.cards.value)
    return server if inputs.scenario.cluster.supernode is None else lcm(server, domain_cards(inputs))


def _with_cards(inputs: Inputs, cards: int) -> Inputs:
    cluster = inputs.scenario.cluster
    count: Any = replace(cluster.cards, value=float(cards)) if cluster.cards is not None else None
    return replace(
        inputs,
        scenario=inputs.scenario.model_copy(update={"cluster": cluster.model_copy(update={"cards": count})}),
    )
