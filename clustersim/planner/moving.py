"""Which inputs move a number of a comparison: each is moved by a tenth, and the side is run again."""

from __future__ import annotations

from dataclasses import dataclass, field

from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.claims import rests_on
from clustersim.planner.comparison import Asked, Side, run_sides, side_numbers
from clustersim.planner.proposal import cash_by_year
from clustersim.schema.inputs import Inputs
from clustersim.workloads.work import StageCache

__all__ = ["Moving"]

#: How far an input is moved; the other way where that is refused, as of a share that is nearly whole.
_STEPS = (1.1, 0.9)
#: A relative change below this is of rounding.
_NOTHING = 1e-9


@dataclass(slots=True)
class Moving:
    """What moves the numbers of the sides of a comparison; an input is tried when it is first asked about."""

    asked: Asked
    sides: tuple[Inputs, ...]
    _cache: StageCache = field(default_factory=StageCache)
    _base: dict[int, dict[str, float]] = field(default_factory=dict)
    _found: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)

    def has(self, side: int, number: str) -> bool:
        """Return whether a side has a number of that name (``side_numbers``)."""
        return number in self._numbers(side)

    def moves(self, side: int, key: str, number: str) -> bool:
        """Return whether an input moves a number of a side."""
        if (side, key) not in self._found:
            self._found[side, key] = self._moved(side, key)
        return number in self._found[side, key]

    def _numbers(self, side: int) -> dict[str, float]:
        if side not in self._base:
            self._base[side] = _numbers_of(self._run(self.sides[side]))
        return self._base[side]

    def _run(self, inputs: Inputs) -> Side:
        return run_sides([inputs], self._cache)[0]

    def _moved(self, side: int, key: str) -> frozenset[str]:
        one, base = dict(self.sides[side].fields())[key], self._numbers(side)
        for step in _STEPS:
            value = one.value * step
            try:
                loaded = self.asked.load({key: value if one.unit in {"1", ""} else f"{value!r} {one.unit}"})
                now = _numbers_of(self._run(loaded[side]))
            except (InputError, InfeasibleError):
                continue
            if now:
                return frozenset(n for n, v in base.items() if abs(now.get(n, v) - v) > _NOTHING * abs(v))
        return frozenset()


def _numbers_of(side: Side) -> dict[str, float]:
    """The numbers of a side, those of its bill and of its cash by their places in the answers, and what the claims
    rest on."""
    found, run = side_numbers(side), side.run
    if run is None:
        return found
    for at, row in enumerate(cash_by_year(run.tco)):
        found |= {f"cash.{at}.{name}": value for name, value in row.items()}
    bill, parts = run.bill, run.parts
    found |= {f"lines.{at}.quantity": float(line.quantity) for at, line in enumerate(bill.lines)}
    found |= {name: getattr(bill, name) for name in ("hardware_cny", "integration_cny", "vat_cny")}
    found |= {f"terms_cny_per_year.{name}": value for name, value in run.tco.terms().items()}
    found |= {"tco_discounted_cny": run.tco.tco_discounted_cny, "racks.total": float(run.racks.total)}
    found |= {f"{name}_switches": float(getattr(parts, name)) for name in ("leaf", "spine", "core")}
    found |= {"servers": float(run.nodes), "provisioned_it_power_w": run.power.provisioned_it_w}
    for work in run.works:
        if work.kind == "training":
            found |= {name: float(value) for name, value in rests_on(work.detail).items()}
            found["restore_s"] = sum(value for name, value in found.items() if name.startswith("restore_s|"))
    return found
