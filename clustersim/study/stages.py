"""Analytic stages on arrays: a million points where one run of the chain is the base.

The cost stage repeats the arithmetic of ``econ`` and ``market`` on columns of inputs that touch neither the step
time nor the reliability; a test holds it to the chain's own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clustersim.econ.tco import HOURS_PER_YEAR
from clustersim.errors import InputError, suggest
from clustersim.pipeline import ChainRun
from clustersim.study.space import Axis, full_grid, grid_columns
from clustersim.study.store import StudyStore

__all__ = ["COST_KEYS", "cost_stage", "run_stage"]

Array = NDArray[np.float64]

#: Keys that the cost stage can vary, with the units of the scenario's own fields.
COST_KEYS: dict[str, str] = {
    "tco.tariff": "CNY/kWh",
    "tco.pue": "1",
    "tco.wacc": "1",
    "tco.residual": "1",
    "tco.maintenance": "1",
    "tco.staff": "CNY/year",
    "tco.sold_share": "1",
    "tco.horizon": "year",
}
#: Points of one pass: a few megabytes a column, so that memory stays small whatever the study's size.
CHUNK = 100_000


def _annuity(rate: Array, years: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = rate / (1.0 - (1.0 + rate) ** -years)
    return np.where(np.abs(rate) < 1e-12, 1.0 / years, factor)


def cost_stage(base: ChainRun, columns: Mapping[str, Array], outputs: Sequence[str] = ()) -> dict[str, Array]:
    """Return cost per card-hour and per unit of the first workload, yearly cost and TCO along the columns.

    Raises InputError for a key that this stage does not vary.
    """
    for key in columns:
        if key not in COST_KEYS:
            raise InputError(f"the cost stage does not vary {key!r}; {suggest(key, list(COST_KEYS))}")
    section = base.inputs.tco
    if section.tariff_bands and "tco.tariff" in columns:
        raise InputError("tco.tariff has no effect beside tariff_bands; vary one of them in the scenario")

    def value(key: str) -> Array:
        given = columns.get(key)
        if given is None:
            name = key.removeprefix("tco.")
            given = np.asarray(section.mean_tariff if name == "tariff" else getattr(section, name).value)
        return np.asarray(given, dtype=float)

    own, main = base.own, base.own.main.main
    years, wacc, residual = value("tco.horizon"), value("tco.wacc"), value("tco.residual")
    capex = own.tco.capex_cny
    capital = capex * (1 - residual * (1 + wacc) ** -years) * _annuity(wacc, years)
    kwh = 0.0 if section.colocation_includes_power else own.power.it_power_w / 1e3 * HOURS_PER_YEAR
    electricity = kwh * value("tco.pue") * value("tco.tariff")
    building = np.asarray(0.0)
    if section.building is not None and section.building_horizon is not None:
        life = np.asarray(section.building_horizon.value)
        building = section.building.value * own.power.provisioned_it_w * _annuity(wacc, life)
    opex = (
        electricity
        + value("tco.maintenance") * capex
        + value("tco.staff")
        + own.tco.fixed_cny_per_year
        - own.tco.staff_cny_per_year
        - own.tco.building_cny_per_year
        + building
    )
    sold = value("tco.sold_share") * sum(work.share for work in own.works) * HOURS_PER_YEAR
    total = capital + opex
    result = {
        "opex_cny_per_year": opex,
        "cost_cny_per_year": total,
        "tco_cny": capex * (1 - residual) + opex * years,
        "cny_per_card_hour": total / (own.cards * sold),
        f"cny_per_{main.name}": total / (own.cards * sold * main.per_card_hour),
    }
    size = np.broadcast_shapes(*(c.shape for c in columns.values())) if columns else ()
    chosen = outputs or tuple(result)
    return {name: np.broadcast_to(result[name], size) for name in chosen}


def run_stage(
    base: ChainRun,
    axes: Sequence[Axis],
    store: StudyStore,
    outputs: Sequence[str],
    tell: Callable[[int, int], None],
) -> None:
    """Run the cost stage over a full grid into a study's folder, a chunk at a time."""
    total = full_grid(axes)
    for gap in store.missing(total):
        for start in range(gap[0], gap[1], CHUNK):
            stop = min(start + CHUNK, gap[1])
            columns = grid_columns(axes, COST_KEYS, start, stop)
            results = cost_stage(base, columns, outputs)
            table = pa.table(
                {"point": np.arange(start, stop), **columns, **results, "error": [""] * (stop - start)}
            )
            store.add(start, stop, table)
            tell(stop, total)
    store.finish()
