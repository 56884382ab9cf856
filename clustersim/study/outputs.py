"""What a study reads off a run: one flat row of named numbers, units in the names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clustersim.errors import InputError, suggest
from clustersim.finance.valuation import legs
from clustersim.market.link import first_of
from clustersim.pipeline import ChainRun

__all__ = ["OUTPUTS", "check_outputs", "outputs_of"]

_CLUSTER: dict[str, Callable[[ChainRun], float]] = {
    "cards": lambda r: float(r.own.cards),
    "step_time_s": lambda r: r.own.step.step_time_s,
    "tokens_per_s": lambda r: r.own.step.tokens_per_s,
    "tokens_per_s_per_card": lambda r: r.own.step.tokens_per_s_per_card,
    "mfu": lambda r: r.own.step.mfu,
    "memory_per_card_bytes": lambda r: r.own.step.memory.total,
    "scaling_efficiency": lambda r: r.scaling_efficiency,
    "ettr": lambda r: r.own.expected.ettr,
    "mttf_h": lambda r: r.own.expected.mttf_s / 3600,
    "training_goodput_tokens_per_s": lambda r: r.own.goodput_tokens_per_s,
    "it_power_w": lambda r: r.own.power.it_power_w,
    "facility_power_w": lambda r: r.own.power.facility_power_w,
    "capex_cny": lambda r: r.own.tco.capex_cny,
    "opex_cny_per_year": lambda r: r.own.tco.opex_cny_per_year,
    "tco_cny": lambda r: r.own.tco.tco_cny,
    "cny_per_card_hour": lambda r: r.own.tco.cny_per_card_hour,
    "cny_per_mtoken": lambda r: r.own.cny_per_mtoken,
}


def _market(run: ChainRun) -> dict[str, float]:
    out: dict[str, float] = {}
    if run.incumbent is not None and run.value is not None:
        out["incumbent_cny_per_mtoken"] = run.incumbent.cny_per_mtoken
        out["value_in_use_price_cny"] = run.value.price_cny
        out["asp_factor"] = first_of(run.link.asp_factor)
        out["units_factor"] = first_of(run.link.units_factor)
    if run.forecast is not None and run.valuation is not None:
        for year, value in zip(run.forecast.years, run.forecast.revenue_kcny, strict=True):
            out[f"revenue_{year}_kcny"] = float(value)
        out |= legs(run.valuation, run.valuation.currency)
    return out


#: The outputs that every scenario has; those of market and forecast come where the scenario has them.
OUTPUTS = tuple(_CLUSTER)


def outputs_of(run: ChainRun) -> dict[str, float]:
    """Return every output of a run by name."""
    return {**{name: read(run) for name, read in _CLUSTER.items()}, **_market(run)}


def check_outputs(wanted: Sequence[str], known: Mapping[str, float]) -> None:
    """Raise InputError for an output that the scenario does not have, with the nearest one."""
    for name in wanted:
        if name not in known:
            raise InputError(f"output {name!r} is unknown; {suggest(name, list(known))}")
