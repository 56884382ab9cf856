"""What a number of the corridor is made of: its formula with the numbers in it, the inputs behind it, their sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clustersim.api.result import Result
from clustersim.errors import InputError
from clustersim.report.term_units import unit_of
from clustersim.web.answers import result_of
from clustersim.web.asked import Design
from clustersim.web.corridor import TILES
from clustersim.web.ends import ends_of
from clustersim.web.panels import panel, plain_rows, spans

__all__ = ["FORMULAS", "formula_of", "term_view"]

#: Inputs behind a number that are shown, the widest first.
MOST_INPUTS = 15
Parts = Mapping[str, tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Formula:
    """The numbers that a term is computed from, by name with value and unit; and how."""

    parts: Callable[[Result], Parts]
    value: Callable[[Mapping[str, float]], float]


def term_view(design: Design, term: str) -> list[dict[str, Any]]:
    """Return the panels of a number of the corridor: formula and numbers in it, inputs with source and what they move.

    Raises InputError for a term that no tile has, and what the run raises.
    """
    if not any(_bare(term) in names for names in TILES) and not term.startswith("target_price_"):
        raise InputError(f"term: {term[:60]!r} is none of the corridor")
    result = result_of(design)
    rows = [r for r in plain_rows(result.terms) if term in {str(r["term"]), _bare(str(r["term"]))}]
    if not rows:
        raise InputError(f"term: {design.scenario} has no {term}")
    value, unit, tier = float(rows[0]["value"]), str(rows[0]["unit"]), rows[0]["tier"]
    panels = [_made_of(result, term, value, unit), _behind(design, result, term, value, unit)]
    return [{"tier": tier, **one} for one in panels]


def formula_of(result: Result, term: str, value: float) -> Parts | None:
    """Return the numbers that a term is made of where the formula gives the term from them; None where it does not.

    A mix of workloads, options on shares, or sides of unlike cards have terms of their own: a formula that is not the
    number's is not shown.
    """
    known = FORMULAS.get(_bare(term))
    try:
        parts = known.parts(result) if known else None
        again = (
            known.value({name: number for name, (number, _) in parts.items()})
            if known and parts
            else math.nan
        )
    except (KeyError, TypeError, ZeroDivisionError, IndexError, StopIteration):
        return None
    return parts if math.isclose(again, value, rel_tol=1e-9) else None


def _bare(term: str) -> str:
    """A term without its workload's name; the price of a share without its currency.

    >>> _bare("chat.cny_per_served_mtoken"), _bare("target_price_hkd")
    ('cny_per_served_mtoken', 'target_price')
    """
    name = term.rpartition(".")[2]
    return "target_price" if name.startswith("target_price_") else name


def _made_of(result: Result, term: str, value: float, unit: str) -> dict[str, Any]:
    parts = formula_of(result, term, value)
    rows = [{"part": key, "value": number, "unit": of} for key, (number, of) in (parts or {}).items()]
    rows.append({"part": term, "value": value, "unit": unit})
    return panel("term.formula", rows, notes=[f"formula.{_bare(term)}"])


def _behind(design: Design, result: Result, term: str, value: float, unit: str) -> dict[str, Any]:
    """The inputs that move the term most from end to end of their ranges, with value, tier and source."""
    inputs = {str(r["term"]): r for r in plain_rows(result.inputs)}
    ends = ends_of(design)
    found = next(
        (ends[n] for n in (term, *(n for n in ends if n.rpartition(".")[2] == term)) if n in ends), []
    )
    moving = sorted(
        (s for s in found if abs(s.high - s.low) > 1e-9 * abs(value)), key=lambda s: -abs(s.high - s.low)
    )
    rows = []
    for swing in moving[:MOST_INPUTS]:
        row = inputs.get(swing.key, {})
        rows.append(
            {"key": swing.key, **{k: row.get(k) for k in ("value", "unit", "low", "high")},
             "term_at_low": swing.low, "term_at_high": swing.high, "tier": row.get("tier"), "source": row.get("source")}
        )  # fmt: skip
    shown = moving[:MOST_INPUTS]
    chart = spans([s.key for s in shown], [s.low for s in shown], [s.high for s in shown], unit, value)
    units = dict.fromkeys(("term_at_low", "term_at_high"), unit)
    return panel("term.inputs", rows, chart=chart if rows else None, notes=["term.inputs_say"], units=units)


def _named(values: Mapping[str, float]) -> Parts:
    return {name: (float(value), unit_of(name)) for name, value in values.items() if value}


def _terms(*names: str) -> Callable[[Result], Parts]:
    return lambda result: {name: (result.value(name), unit_of(name)) for name in names}


def _total(parts: Mapping[str, float]) -> float:
    return sum(parts.values())


def _input(result: Result, ending: str) -> float:
    """The one input that a formula reads, by the end of its key; the first part's, which is the design's own."""
    return next(
        float(r["value"]) for r in result.inputs.to_dict("records") if str(r["term"]).endswith(ending)
    )


def _of_a_unit(result: Result) -> Parts:
    """A cost of a unit: that of a card-hour over the units that an hour of a card gives."""
    work, *others = result.to_dict()["workloads"]
    if others:
        raise KeyError("a mix of workloads has a cost of its own for each")
    hour = float(result.to_dict()["tco"]["cny_per_card_hour"])
    return {"cny_per_card_hour": (hour, unit_of("cny_per_card_hour")),
            "units_per_card_hour": (float(work["units_per_card_hour"]), "1")}  # fmt: skip


def _trained(result: Result) -> Parts:
    work = result.run.own.work("training")
    if work is None:
        raise KeyError("training")
    return {
        "tokens_per_step": (float(work.detail.job.tokens), "1"),
        "step_time_s": (result.value("step_time_s"), "s"),
    }


def _worth(result: Result) -> Parts:
    terms = result.to_dict()["market"]["value_in_use_terms"]
    units = {"capital_factor": "1", "price_markup": "1", "other_capex_cny": "CNY"}
    return {name: (float(value), units.get(name, "CNY/year")) for name, value in terms.items()}


def _sold(result: Result) -> Parts:
    products = result.to_dict()["market"]["products"]
    return {name: (float(of["revenue_kcny"]["2027E"]), "kCNY") for name, of in products.items()}


def _share(result: Result) -> Parts:
    value = result.to_dict()["valuation"]
    code = str(value["currency"]).lower()
    return {
        "dcf_m": (float(value[f"dcf_{code}_m"]), f"M{code.upper()}"),
        "ps_m": (float(value[f"ps_{code}_m"]), f"M{code.upper()}"),
        "company.dcf_weight": (_input(result, "company.dcf_weight"), "1"),
        "company.shares_m": (_input(result, "company.shares_m"), "1"),
    }


def _lost(result: Result) -> Parts:
    shares: Mapping[str, float] = result.to_dict()["reliability"]["shares"]
    return {name: (float(value), "1") for name, value in shares.items() if name != "productive"}


_COST = Formula(_of_a_unit, lambda p: p["cny_per_card_hour"] / p["units_per_card_hour"])
FORMULAS: Mapping[str, Formula] = {
    "scale_up_bytes_per_s": Formula(
        lambda r: {"scale_up.bandwidth": (_input(r, "scale_up.bandwidth"), "B/s"),
                   "efficiency.scale_up": (_input(r, "efficiency.scale_up"), "1")},
        lambda p: p["scale_up.bandwidth"] * p["efficiency.scale_up"]),
    "scale_out_bytes_per_s": Formula(
        lambda r: {"nic.rate": (_input(r, ".rate"), "B/s"), "nic.efficiency": (_input(r, ".efficiency"), "1"),
                   "cluster.nics_per_card": (_input(r, "cluster.nics_per_card"), "1")},
        lambda p: p["nic.rate"] * p["nic.efficiency"] * p["cluster.nics_per_card"]),
    "step_time_s": Formula(lambda r: _named(r.to_dict()["training"]["terms"]), _total),
    "tokens_per_s": Formula(_trained, lambda p: p["tokens_per_step"] / p["step_time_s"]),
    "ettr": Formula(_lost, lambda p: 1.0 - _total(p)),
    "cny_per_mtoken": _COST, "cny_per_served_mtoken": _COST, "cny_per_stream_hour": _COST,
    "cny_per_useful_card_hour": _COST, "cny_per_image": _COST, "cny_per_sample": _COST, "cny_per_video_second": _COST,
    "value_in_use_price_cny": Formula(
        _worth,
        lambda p: ((p["allowed_cny_per_year"] - p["energy_cny_per_year"] - p["fixed_cny_per_year"])
                   / p["capital_factor"] - p["other_capex_cny"]) / p["price_markup"]),
    "revenue_kcny 2027E": Formula(_sold, _total),
    "target_price": Formula(
        _share,
        lambda p: (p["company.dcf_weight"] * p["dcf_m"] + (1.0 - p["company.dcf_weight"]) * p["ps_m"])
        / p["company.shares_m"]),
}  # fmt: skip
