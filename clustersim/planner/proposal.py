"""What a proposal adds to a comparison: every side's bill and terms, cash by year, the gap by terms as shares of it,
and the measured rows that the predictions rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from clustersim.assemble.failures import component_failures, domain_failures
from clustersim.des.training.questions import servers_out, spare_is_there
from clustersim.econ.tco import HOURS_PER_YEAR, Tco
from clustersim.errors import InfeasibleError
from clustersim.intervals.bands import classed
from clustersim.intervals.draws import bands_of
from clustersim.intervals.maturity import shipped_known
from clustersim.intervals.residuals import Residual, evidence, shipped_residuals
from clustersim.pipeline.value import value_of_card
from clustersim.planner.comparison import Side
from clustersim.schema.find_software import UNMEASURED
from clustersim.schema.inputs import Inputs
from clustersim.schema.model_engine import model_spec

__all__ = ["NEAR", "behind_offer", "cash_by_year", "gaps", "measured_sources", "nearest_rows"]

_NEAREST = 5
#: What a measured row shares with ours, the nearest first.
NEAR = ("card", "maker", "software", "class", "none")


def behind_offer(sides: Sequence[Side]) -> dict[str, Any]:
    """Return what stands behind an offer of the first of some sides, as plain values.

    Raises InfeasibleError where the demand cannot be done on the first side: there is nothing to offer.
    """
    first = sides[0]
    if first.run is None:
        raise InfeasibleError(f"{first.name}: {first.reason}")
    return {
        "sites": [_site(side) for side in sides if side.run is not None],
        "cash": cash_by_year(first.run.tco),
        "own_break_even_card_price_cny": {side.name: _own_price(first, side) for side in sides[1:]},
        "models": dict(_models(first.inputs)),
        "service": _service(first.inputs),
        "rests_on": list(_rests_on(sides)),
        "nearest": list(nearest_rows(first.inputs)),
    }


def _models(inputs: Inputs) -> Iterator[tuple[str, dict[str, Any]]]:
    """The model of each workload that has one: how large it is, and who says so."""
    for name, work in inputs.scenario.demand.items():
        model = inputs.models.get(getattr(work, "model", None) or "")
        if model is not None:
            yield name, {
                "model": model.name, "parameters": model_spec(model).parameters, "source": model.source,
                "tier": model.tier,
            }  # fmt: skip


def _service(inputs: Inputs) -> dict[str, float] | None:
    """How often a site that trains nothing has a failure, and whether a spare server is there; nothing where a
    training run says it (``planner.claims``), or the site has no servers or no rates of its own."""
    scenario = inputs.scenario
    trains = any(work.kind == "training" for work in scenario.demand.values())
    if trains or inputs.groups or scenario.reliability is None or inputs.parts.server_or_none is None:
        return None
    causes = (*component_failures(inputs, inputs.servers), *domain_failures(inputs, inputs.servers))
    rate = sum(cause.rate_per_s for cause in causes)
    if rate <= 0:
        return None
    repair, hot = scenario.reliability.repair_time.value, int(scenario.reliability.spares.hot.value)
    out = servers_out(causes, repair)
    return {
        "mtbf_h": 1 / rate / 3600, "card_hours_per_failure": inputs.cards / rate / 3600,
        "failures": rate * scenario.reliability.duration.value, "servers_out_for_repair": out, "hot": hot,
        "p_spare_is_there": spare_is_there(hot, out),
    }  # fmt: skip


def _own_price(first: Side, side: Side) -> float | None:
    """Card price before VAT at which the offer does the demand at another side's cost."""
    if first.run is None or side.run is None or first.inputs.groups:  # of unlike cards there is no one price
        return None
    return value_of_card(first.inputs, first.run, side.run, 0.0).price_cny


def _site(side: Side) -> dict[str, Any]:
    """One side's bill, the terms of its cost, and what a card-hour gives: all that a workbook recomputes it from."""
    run, terms = side.run, side.inputs.tco
    assert run is not None
    bill, tco = run.bill, run.tco
    return {
        "side": side.name,
        "card": side.inputs.card_words,
        "lines": [{**asdict(line), "total_cny": line.total_cny} for line in bill.lines],
        "hardware_cny": bill.hardware_cny,
        "integration_cny": bill.integration_cny,
        "integration_share": bill.integration_cny / bill.hardware_cny if bill.hardware_cny else 0.0,
        "vat_cny": bill.vat_cny,
        "vat_share": terms.vat.value,
        "capex_cny": bill.total_cny,
        "maintenance_share": tco.maintenance_cny_per_year / tco.capex_cny if tco.capex_cny else 0.0,
        "facility_power_w": run.power.facility_power_w,
        "tariff_cny_per_kwh": _tariff(run.power.facility_power_w, tco),
        "horizon_years": tco.years,
        "wacc": tco.wacc,
        "residual": tco.residual,
        "sold_share": tco.sold_share,
        "cards": tco.cards,
        "terms_cny_per_year": tco.terms(),
        "opex_cny_per_year": tco.opex_cny_per_year,
        "cost_cny_per_year": tco.cost_cny_per_year,
        "tco_cny": tco.tco_cny,
        "tco_discounted_cny": tco.tco_discounted_cny,
        "cny_per_card_hour": tco.cny_per_card_hour,
        "works": [
            {"name": w.name, "unit": w.main.name, "units_per_card_hour": w.main.per_card_hour,
             "cny_per_unit": run.cny_per_unit(w)}
            for w in run.works
        ],
    }  # fmt: skip


def _tariff(power_w: float, tco: Tco) -> float:
    kwh = power_w / 1e3 * HOURS_PER_YEAR
    return tco.electricity_cny_per_year / kwh if kwh else 0.0


def cash_by_year(tco: Tco) -> list[dict[str, float]]:
    """Return the cash that a site takes: capex at the start, running costs at the end of each year, the residual last.

    The sum is the total cost of ownership; discounted at the cost of capital it is the discounted one. A horizon that
    is no whole number of years ends with the part of a year, which is discounted to its own end.

    >>> from clustersim.econ.tco import total_cost
    >>> t = total_cost(capex_cny=100.0, cards=1, facility_power_w=0.0, provisioned_it_w=0.0, years=2, wacc=0.1,
    ...     residual=0.1, tariff_cny_per_kwh=0.0, maintenance_share=0.05, staff_cny_per_year=5.0, sold_share=1.0)
    >>> [(row["year"], row["total_cny"]) for row in cash_by_year(t)]
    [(0.0, 100.0), (1.0, 10.0), (2.0, 0.0)]
    >>> abs(sum(row["discounted_cny"] for row in cash_by_year(t)) - t.tco_discounted_cny) < 1e-9
    True
    """
    whole = int(tco.years)
    ends = [*map(float, range(1, whole + 1)), *([tco.years] if tco.years > whole else [])]
    rows, before = [_cash(0.0, tco.capex_cny, 0.0, 0.0, tco.wacc)], 0.0
    for end in ends:
        back = tco.residual * tco.capex_cny if end == ends[-1] else 0.0
        rows.append(_cash(end, 0.0, tco.opex_cny_per_year * (end - before), back, tco.wacc))
        before = end
    return rows


def _cash(year: float, capex: float, opex: float, residual: float, wacc: float) -> dict[str, float]:
    total = capex + opex - residual
    return {"year": year, "capex_cny": capex, "opex_cny": opex, "residual_cny": residual, "total_cny": total,
            "discounted_cny": total * (1 + wacc) ** -year}  # fmt: skip


def gaps(compared: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return by workload how each other side's unit differs from the first one's, each term as a share of the gap.

    The shares sum to one; a term that goes the other way has a share below zero. There are none where two sides cost
    the same.

    >>> one = {"difference_to_first": {"w": {"b": {"capital": 3.0, "electricity": -1.0}}}}
    >>> gaps(one)["w"][0]["terms"]
    [{'term': 'capital', 'cny': 3.0, 'share': 1.5}, {'term': 'electricity', 'cny': -1.0, 'share': -0.5}]
    """
    out: dict[str, list[dict[str, Any]]] = {}
    for work, sides in compared["difference_to_first"].items():
        out[work] = []
        for side, terms in sides.items():
            gap = sum(terms.values())
            rows = [
                {"term": name, "cny": cny, "share": cny / gap if gap else None}
                for name, cny in terms.items()
                if cny
            ]
            out[work].append({"side": side, "gap_cny": gap, "terms": rows})
    return out


def _rests_on(sides: Sequence[Side]) -> Iterator[dict[str, Any]]:
    """What the error of each prediction rests on, in numbers."""
    for side in sides:
        for work, predicted in bands_of(side.inputs).items():
            for quantity, band in predicted.bands.items():
                low, middle, high = (float(v) for v in band.factors([0.1, 0.5, 0.9]))
                yield {
                    "side": side.name, "card": side.inputs.parts.card.name, "workload": work, "quantity": quantity,
                    "software": predicted.software, "maturity": band.maturity, "rows_of_class": band.of_class[1],
                    "sources_of_class": band.of_class[0], "sources": band.sources, "p10": low, "p50": middle,
                    "p90": high,
                }  # fmt: skip


def measured_sources(quantity: str, maturity: str) -> dict[str, int]:
    """Return the sources of the measurements behind the error of a prediction, with their rows, the most first: those
    of its class, or of every class where that has none. Rows that gave a constant are none of them."""
    rows = [r for r in (*shipped_residuals(), *evidence()) if r.quantity == quantity and not r.tuned]
    known = classed(rows, shipped_known())
    mine = [r.source for r in known if r.maturity == maturity] or [r.source for r in known]
    return dict(Counter(mine).most_common())


def nearest_rows(inputs: Inputs) -> Iterator[dict[str, Any]]:
    """Yield the measurements nearest to each workload: of its card, else its maker, its software, its class.

    Rows of one source, card and software are one line, with their number and the median of measured over predicted
    time. A row that gave a constant is none: it would speak for itself. What stands for software that nobody measured
    is no software that two rows could share.
    """
    card, known = inputs.parts.card, shipped_known()
    for work, predicted in bands_of(inputs).items():
        for quantity, band in predicted.bands.items():
            lines: dict[tuple[str, str, str], list[Residual]] = {}
            for r in (*shipped_residuals(), *evidence()):
                if r.quantity == quantity and not r.tuned:
                    lines.setdefault((r.source, r.card, r.software), []).append(r)

            def away(
                rows: list[Residual], software: str = predicted.software, of: str = band.maturity
            ) -> int:
                row = rows[0]
                mature = row.maturity or known.maturity(row.software, row.card, row.maker)
                same = (
                    row.card == card.name,
                    row.maker == card.vendor,
                    row.software == software and software not in UNMEASURED.values(),
                    mature == of,
                )
                return same.index(True) if True in same else len(same)

            found = sorted(lines.values(), key=lambda rows: (away(rows), -len(rows), rows[0].voice))
            for rows in found[:_NEAREST]:
                yield {
                    "workload": work, "quantity": quantity, "card": rows[0].card, "maker": rows[0].maker,
                    "software": rows[0].software, "source": rows[0].source, "near_by": NEAR[away(rows)],
                    "rows": len(rows),
                    "measured_over_predicted": float(np.exp(np.median([r.log_ratio for r in rows]))),
                }  # fmt: skip
