"""Failure rates by component, with their sources, and what each failure destroys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.errors import InputError, suggest

__all__ = ["COMPONENTS", "DOMAINS", "Component", "FailureClass", "failure_classes"]

YEAR_S = 8760 * 3600.0

#: What a failure takes with it, mildest first: the job's processes; a server with its host memory; several
#: servers at once (a switch, a rack), so that a partner's copy may be gone too.
DOMAINS = ("process", "node", "multi")


@dataclass(frozen=True, slots=True)
class Component:
    """A kind of part: how often one unit fails, and what that failure destroys."""

    name: str
    unit: str
    """Of what there are many: ``card``, ``node`` or ``switch``."""
    failures_per_year: float
    domain: str
    source: str
    tier: str


_LLAMA3 = "Llama 3 405B, table 5 (arXiv:2407.21783): {} in 54 days on 16,384 cards"

#: Counts over 2,424 card-years or 303 node-years of the Llama 3 run; ``card_other`` is SRAM, GSP and thermal.
COMPONENTS: tuple[Component, ...] = (
    Component("card", "card", 148 / 2424, "node", _LLAMA3.format(148), "measured"),
    Component("hbm", "card", 72 / 2424, "node", _LLAMA3.format(72), "measured"),
    Component("card_other", "card", (19 + 17 + 6) / 2424, "node", _LLAMA3.format("19 + 17 + 6"), "measured"),
    Component("silent_corruption", "card", 6 / 2424, "node", _LLAMA3.format(6), "measured"),
    Component("nic", "card", 7 / 2424, "node", _LLAMA3.format(7), "measured"),
    Component("network", "card", 35 / 2424, "multi", _LLAMA3.format("35 switch and cable"), "measured"),
    Component("host", "node", (32 + 14) / 303, "node", _LLAMA3.format("32 maintenance, 14 host parts"), "measured"),
    Component("software", "card", (54 + 2) / 2424, "process", _LLAMA3.format("54 software, 2 dependency"), "measured"),
    Component("unknown_hang", "card", 7 / 2424, "process", _LLAMA3.format(7), "measured"),
    Component("storage", "node", 0.5 * 12 / 128, "process", "0.5 a month on 1,024 cards, unpublished", "assumption"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FailureClass:
    """One cause of failures of the whole cluster: events per second, and what each destroys."""

    name: str
    rate_per_s: float
    domain: str
    units: int = 1
    shape: float = 1.0
    """Weibull shape of one unit's life: 1 is memoryless, below 1 infant mortality, above 1 wear-out."""
    takes: int | None = None
    """Servers that go to repair; absent: one, or none for a failure of processes."""
    repair_s: float | None = None
    """How long they are out; absent: as long as any server."""
    foreseen: bool = False
    """Known beforehand, so that the server is drained without loss of work: a rolling upgrade."""

    @property
    def servers(self) -> int:
        """Servers that a failure sends to repair, each of which needs a spare.

        >>> FailureClass("card", 1e-6, "node").servers, FailureClass("software", 1e-6, "process").servers
        (1, 0)
        """
        return int(self.domain != "process") if self.takes is None else self.takes


def failure_classes(
    *, cards: int, nodes: int, mttf_scale: float = 1.0, per_year: Mapping[str, float] | None = None
) -> tuple[FailureClass, ...]:
    """Return the causes of failure of a cluster: units x failures per unit and year / mttf_scale.

    ``per_year`` replaces the rate of named components.

    >>> total = sum(c.rate_per_s for c in failure_classes(cards=16384, nodes=2048)) * 54 * 86400
    >>> 410 < total < 450
    True

    Raises InputError for an unknown component or a rate that is not positive.
    """
    replaced = dict(per_year or {})
    names = [c.name for c in COMPONENTS]
    for name in replaced:
        if name not in names:
            raise InputError(
                f"reliability.failures_per_year.{name}: unknown component; {suggest(name, names)}"
            )
    if mttf_scale <= 0:
        raise InputError(f"reliability.mttf_scale={mttf_scale} must be greater than zero")
    units = {"card": cards, "node": nodes}
    return tuple(
        FailureClass(
            c.name,
            units[c.unit] * replaced.get(c.name, c.failures_per_year) / YEAR_S / mttf_scale,
            c.domain,
            units[c.unit],
        )
        for c in COMPONENTS
    )
