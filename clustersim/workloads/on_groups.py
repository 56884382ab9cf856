"""A workload on unlike cards that needs no exchange between them: each group for itself, added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from clustersim.errors import InfeasibleError
from clustersim.schema.demand import identity
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import IDLE, Product, StageCache, Work

__all__ = ["on_groups"]


def on_groups(
    inputs: Inputs, name: str, run: Callable[[Inputs, str, Any, StageCache], Work], cache: StageCache
) -> Work:
    """Return what the groups make of a workload that needs no exchange between them: each its own, added up.

    A group that cannot do it idles. Service levels are the worst of any group's.

    Raises InfeasibleError where no group can.
    """
    works: dict[str, Work] = {}
    reasons: list[str] = []
    for group in inputs.groups:
        try:
            works[group.group] = run(group, name, group.scenario.demand[name], cache)
        except InfeasibleError as error:
            reasons.append(f"{group.group} ({group.parts.card.name}): {error}")
    if not works:
        raise InfeasibleError(f"no group can: {'; '.join(reasons)}")
    first = next(iter(works.values()))
    cards = {group.group: group.cards / inputs.cards for group in inputs.groups}
    products = tuple(_added(p.name, works, cards) for p in first.products)
    main = next((p for p in products if p.name == first.main.name), _added(first.main.name, works, cards))
    return replace(
        first,
        asked=identity(inputs.scenario.demand[name]),
        main=main,
        products=products,
        load=first.load,
        service={key: _worst(key, works) for key in first.service},
        rates=_named(works, "rates"),
        terms=_named(works, "terms"),
        layout={group: dict(work.layout) for group, work in works.items()},
        notes=tuple(
            dict.fromkeys(
                [f"idle, for it cannot: {reason}" for reason in reasons]
                + [f"{group}: {text}" for group, work in works.items() for text in work.notes]
            )
        ),
        group_loads={g.group: works[g.group].load if g.group in works else IDLE for g in inputs.groups},
        within=_Least([w.within for w in works.values() if w.within is not None]) if first.within else None,
    )


@dataclass(frozen=True, slots=True)
class _Least:
    """The share within the level of the group that has the least of it."""

    each: Sequence[Callable[[Any, Any], Any]]

    def __call__(self, ttft: Any, tpot: Any) -> Any:
        """Return the least of the groups' shares."""
        found = self.each[0](ttft, tpot)
        for other in self.each[1:]:
            found = np.minimum(found, other(ttft, tpot))
        return found


def _added(product: str, works: Mapping[str, Work], cards: Mapping[str, float]) -> Product:
    """A product of all groups by a mean card-hour of the site; its cost's share by what each makes of it."""
    made, cost = 0.0, 0.0
    for group, work in works.items():
        own = next((p for p in (*work.products, work.main) if p.name == product), None)
        if own is not None:
            made += cards[group] * own.per_card_hour
            cost += cards[group] * own.per_card_hour * own.cost_share
    return Product(product, made, cost / made if made else 1.0)


def _worst(key: str, works: Mapping[str, Work]) -> float:
    found = [work.service[key] for work in works.values() if key in work.service]
    good = key.endswith(("share", "ettr", "goodput")) or "per_s" in key
    return min(found) if good else max(found)


def _named(works: Mapping[str, Work], field: str) -> dict[str, float]:
    return {
        f"{group}.{key}": value
        for group, work in works.items()
        for key, value in getattr(work, field).items()
    }
