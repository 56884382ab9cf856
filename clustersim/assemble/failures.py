"""What fails at a site, how often and how much with it: causes at its size and at its fleet's or own rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clustersim.des.training.components import YEAR_S, FailureClass, failure_classes
from clustersim.des.training.fleets import (
    SOFTWARE,
    BetweenFleets,
    at_card_hours,
    between_fleets,
    component_rates,
    rate_posterior,
)
from clustersim.des.training.log import read_failure_log
from clustersim.errors import InputError, suggest
from clustersim.schema.inputs import Inputs
from clustersim.schema.profiles import field_fleets, load_fleet

__all__ = [
    "BETWEEN",
    "by_cause",
    "component_failures",
    "domain_failures",
    "rate_quantiles",
    "spread_of_fleets",
]

#: Stands for a card that nobody measured: the median of all fleets that were counted in the field.
BETWEEN = "between"


def by_cause(causes: Sequence[FailureClass]) -> tuple[FailureClass, ...]:
    """The causes of several groups, those alike in all but their number put together."""
    out: dict[str, FailureClass] = {}
    for cause in causes:
        # By what it says: a column of points is no key.
        key = repr((cause.name, cause.domain, cause.shape, cause.takes, cause.repair_s, cause.foreseen))
        held = out.get(key)
        out[key] = (
            cause
            if held is None
            else replace(held, rate_per_s=held.rate_per_s + cause.rate_per_s, units=held.units + cause.units)
        )
    return tuple(out.values())


def component_failures(inputs: Inputs, nodes: int) -> tuple[FailureClass, ...]:
    """The component table at the cluster's size, with the scenario's rates, shapes and repairs."""
    reliability = inputs.reliability
    classes = failure_classes(
        cards=inputs.cards,
        nodes=nodes,
        mttf_scale=reliability.mttf_scale.value,
        per_year={name: rate.value for name, rate in reliability.failures_per_year.items()},
    )
    classes = _learned(inputs, _of_fleet(inputs, nodes, classes))
    names = [c.name for c in classes]
    for key in ("weibull_shape", "repair_times"):
        for name in getattr(reliability, key):
            if name not in names:
                raise InputError(f"reliability.{key}.{name}: unknown component; {suggest(name, names)}")
    shapes = {name: shape.value for name, shape in reliability.weibull_shape.items()}
    repairs = {name: time.value for name, time in reliability.repair_times.items()}
    shared = reliability.shared
    if shared is not None:
        behind, own = int(shared.servers.value), shared.repair_time
        classes = tuple(
            replace(c, takes=behind, repair_s=own.value if own else None) if c.domain == "multi" else c
            for c in classes
        )
    return tuple(
        replace(c, shape=shapes.get(c.name, 1.0), repair_s=repairs.get(c.name, c.repair_s)) for c in classes
    )


def _of_fleet(inputs: Inputs, nodes: int, classes: tuple[FailureClass, ...]) -> tuple[FailureClass, ...]:
    """The causes at the rate of the fleet that is named, but for those whose rate the file states."""
    reliability, own = inputs.reliability, inputs.reliability.card_hours_per_failure
    if reliability.fleet is None and own is None:
        return classes
    table, hardware_only = failure_classes(cards=inputs.cards, nodes=nodes), False
    if own is not None:
        if reliability.fleet is not None:
            raise InputError(
                "reliability: fleet and card_hours_per_failure are two rates of one job; state one"
            )
        hours = own.value
    elif reliability.fleet == BETWEEN:
        hours = spread_of_fleets().median_h
    elif reliability.fleet is not None:
        fleet = load_fleet(reliability.fleet)
        if fleet.stands_for == "part":
            raise InputError(
                f"reliability.fleet: {fleet.name} counts one kind of part, not the failures of a job;"
                " set reliability.failures_per_year for that part instead"
            )
        hours, hardware_only = fleet.card_hours_per_failure.value, fleet.counts == "hardware"
    hours *= reliability.mttf_scale.value
    scaled = {c.name: c for c in at_card_hours(table, inputs.cards, hours, hardware_only=hardware_only)}
    stated = reliability.failures_per_year
    return tuple(
        c if c.name in stated or (hardware_only and c.name in SOFTWARE) else scaled[c.name] for c in classes
    )


def _learned(inputs: Inputs, classes: tuple[FailureClass, ...]) -> tuple[FailureClass, ...]:
    """The causes with the rates that the site's own log leaves, but for those whose rate the file states."""
    seen = inputs.reliability.observed
    if seen is None:
        return classes
    log = read_failure_log(Path(seen.log), seen.start).within(seen.duration.value)
    # As long as this cluster would have been watched to see as many failures.
    seconds = seen.duration.value * seen.cards.value / inputs.cards
    known = {c.name for c in classes}
    counts = Counter(e.component for e in log.events if e.component in known)
    stated = inputs.reliability.failures_per_year
    learned = component_rates(classes, counts, seconds, spread_of_fleets())
    return tuple(old if old.name in stated else new for old, new in zip(classes, learned, strict=True))


def spread_of_fleets() -> BetweenFleets:
    """Return how far the fleets that were counted in the field differ."""
    return between_fleets([fleet.card_hours_per_failure.value for fleet in field_fleets()])


def rate_quantiles(inputs: Inputs, shares: Sequence[float]) -> tuple[float, list[float]]:
    """Return the median of the fleets, and the card-hours per failure that shares of further fleets stay below.

    Where the site has a log of its own, what it leaves of the spread.
    """
    spread, seen = spread_of_fleets(), inputs.reliability.observed
    if seen is None:
        return spread.median_h, [spread.quantile(share) for share in shares]
    log = read_failure_log(Path(seen.log), seen.start).within(seen.duration.value)
    posterior = rate_posterior(spread, len(log.events), seen.duration.value / 3600 * seen.cards.value)
    return spread.median_h, [posterior.quantile(share) for share in shares]


def domain_failures(inputs: Inputs, nodes: int) -> tuple[FailureClass, ...]:
    """Racks and power feeds: as many as the servers fill, each taking what stands in it."""
    found = _upgrades(inputs, nodes)
    for name, domain in inputs.reliability.domains.items():
        size = int(domain.servers.value)
        if size > nodes:
            raise InputError(
                f"reliability.domains.{name}.servers={size}: the cluster has only {nodes} servers"
            )
        rate = nodes / size * domain.failures_per_year.value / YEAR_S / inputs.reliability.mttf_scale.value
        repair = domain.repair_time.value if domain.repair_time else None
        found.append(FailureClass(name, rate, "multi", max(1, nodes // size), takes=size, repair_s=repair))
    return tuple(found)


def _upgrades(inputs: Inputs, nodes: int) -> list[FailureClass]:
    """Rolling upgrades: every server has its turn, out of the job for as long as it takes."""
    planned = inputs.reliability.maintenance
    if planned is None or not planned.rolling:
        return []
    rate, out = nodes / planned.interval.value, planned.time.value
    return [FailureClass("upgrade", rate, "node", nodes, takes=1, repair_s=out, foreseen=True)]
