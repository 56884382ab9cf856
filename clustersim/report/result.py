"""The result of a run as one object of plain values: what ``run -f json`` prints and ``result.json`` holds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import WHY_DIFFERENT, legs
from clustersim.market.link import first_of
from clustersim.pipeline import ChainRun, ClusterRun
from clustersim.provenance import TIERS, weakest

__all__ = ["chain_terms", "result_object"]

#: Which inputs each part of the result rests on, by the first part of their key.
_RESTS_ON: dict[str, tuple[str, ...]] = {
    "cluster": ("cluster", "cards", "servers", "nics", "switches", "optics", "tco.pue"),
    "training": ("cluster", "cards", "nics", "switches", "models"),
    "reliability": ("reliability", "checkpoint", "cluster", "cards", "nics"),
    "tco": ("cluster", "cards", "servers", "nics", "switches", "optics", "tco", "prices"),
    "market": ("cluster", "cards", "nics", "tco", "prices", "market", "incumbent"),
    "forecast": ("cards", "tco", "prices", "market", "incumbent", "company"),
    "valuation": ("cards", "tco", "prices", "market", "incumbent", "company"),
}


def weakest_sources(run: ChainRun) -> dict[str, dict[str, Any]]:
    """Return, for each part of the result, its weakest tier and the inputs that have it."""
    fields = list(run.inputs.fields())
    out: dict[str, dict[str, Any]] = {}
    for part, roots in _RESTS_ON.items():
        mine = [
            (key, value) for key, value in fields if any(key == r or key.startswith(f"{r}.") for r in roots)
        ]
        tier, names = weakest(mine)
        out[part] = {"tier": tier, "inputs": list(names)}
    return out


def _cluster(own: ClusterRun) -> dict[str, Any]:
    return {
        "cards": own.cards,
        "servers": own.nodes,
        "leaf_switches": own.parts.leaf,
        "spine_switches": own.parts.spine,
        "core_switches": own.parts.core,
        "it_power_w": own.power.it_power_w,
        "facility_power_w": own.power.facility_power_w,
        "provisioned_it_power_w": own.power.provisioned_it_w,
        "power_terms_w": {k: v for k, v in asdict(own.power).items() if k != "pue"},
    }


def _training(run: ChainRun) -> dict[str, Any]:
    step = run.own.step
    return {
        "step_time_s": step.step_time_s,
        "tokens_per_s": step.tokens_per_s,
        "tokens_per_s_per_card": step.tokens_per_s_per_card,
        "mfu": step.mfu,
        "hfu": step.hfu,
        "scaling_efficiency": run.scaling_efficiency,
        "scaling_kind": "weak",
        "scaling_base_cards": run.scaling_base_cards,
        "memory_per_card_bytes": step.memory.total,
        "memory_terms_bytes": asdict(step.memory),
        "terms": asdict(step.terms),
    }


def _reliability(run: ChainRun) -> dict[str, Any]:
    own, months = run.own, run.simulated
    expected = own.expected
    out: dict[str, Any] = {
        "ettr": expected.ettr,
        "training_goodput_tokens_per_s": own.goodput_tokens_per_s,
        "failures": expected.failures,
        "mttf_h": expected.mttf_s / 3600,
        "longest_failure_free_h": None,
        "recovery_s_p50": None,
        "shares": {
            "productive": expected.productive,
            "checkpoint": expected.checkpoint,
            "rework": expected.rework,
            "recovery": expected.recovery,
        },
    }
    if months:
        recoveries = [i.recovery_s for m in months for i in m.incidents]
        out["longest_failure_free_h"] = statistics.median(m.longest_failure_free_s for m in months) / 3600
        out["recovery_s_p50"] = statistics.median(recoveries) if recoveries else 0.0
        ettrs = sorted(m.ettr for m in months)
        out["simulated"] = {
            "replications": len(months),
            "ettr_mean": statistics.fmean(ettrs),
            "ettr_p10": ettrs[len(ettrs) // 10],
            "ettr_p50": statistics.median(ettrs),
            "ettr_p90": ettrs[min(len(ettrs) - 1, len(ettrs) * 9 // 10)],
            "failures_mean": statistics.fmean(m.failures for m in months),
        }
    return out


def _tco(own: ClusterRun) -> dict[str, Any]:
    tco = own.tco
    return {
        "capex_cny": tco.capex_cny,
        "opex_cny_per_year": tco.opex_cny_per_year,
        "tco_cny": tco.tco_cny,
        "tco_discounted_cny": tco.tco_discounted_cny,
        "horizon_years": tco.years,
        "cny_per_card_hour": tco.cny_per_card_hour,
        "cny_per_mtoken": own.cny_per_mtoken,
        "hours": "sold" if tco.sold_share < 1 else "all available hours sold",
        "terms_cny_per_year": tco.terms(),
        "capex_groups_cny": own.bill.group_totals(),
    }


def _market(run: ChainRun) -> dict[str, Any]:
    products = {}
    if run.forecast is not None:
        for line in run.forecast.products:
            products[line.name] = {
                name: dict(zip(run.forecast.years, getattr(line, name).tolist(), strict=True))
                for name in ("units", "asp_kcny", "revenue_kcny")
            }
    value, incumbent = run.value, run.incumbent
    return {
        "value_in_use_price_cny": value.price_cny if value else None,
        "value_in_use_terms": asdict(value.training) if value else None,
        "inference_value_in_use_price_cny": value.inference.price_cny if value and value.inference else None,
        "inference_share": value.inference_share if value else None,
        "incumbent": run.inputs.incumbent.scenario.name if run.inputs.incumbent else None,
        "incumbent_cny_per_mtoken": incumbent.cny_per_mtoken if incumbent else None,
        "link": {
            k: v.ravel().tolist() if isinstance(v, np.ndarray) else v for k, v in asdict(run.link).items()
        },
        "products": products,
    }


def _valuation(run: ChainRun) -> dict[str, Any] | None:
    if run.valuation is None or run.company is None or run.forecast is None:
        return None
    value, printed = run.valuation, run.company.printed
    out = {
        **legs(value, value.currency),
        "currency": value.currency,
        "upside": value.upside,
        "pv_fcf_kcny": value.present.flows,
        "pv_terminal_kcny": value.present.terminal,
        "notes": [*messages(run.company, run.forecast, run.link)],
        "failed_checks": [asdict(c) for c in make_statements(run.company, run.forecast).failed],
    }
    if printed is None:
        return out
    return out | {"as_printed": legs(printed, value.currency), "why_they_differ": WHY_DIFFERENT}


def result_object(run: ChainRun) -> dict[str, Any]:
    """Return the result of a run as one object of plain values."""
    sources = weakest_sources(run)
    forecast = run.forecast
    return {
        "scenario": run.inputs.scenario.name,
        "seed": run.inputs.scenario.seed,
        "weakest_tier": max((s["tier"] for s in sources.values()), key=TIERS.index),
        "weakest_inputs": sources,
        "cluster": _cluster(run.own),
        "training": _training(run),
        "reliability": _reliability(run),
        "tco": _tco(run.own),
        "market": _market(run),
        "forecast": None
        if forecast is None
        else {
            name: dict(zip(forecast.years, getattr(forecast, name).tolist(), strict=True))
            for name in ("revenue_kcny", "ebit_kcny", "fcf_kcny")
        },
        "valuation": _valuation(run),
    }


def chain_terms(run: ChainRun) -> list[tuple[str, str, float]]:
    """Return the terms of the corridor in its order: room, name with unit, value.

    Raises InputError when the scenario has no company or incumbent, because the corridor then ends early.
    """
    if run.value is None or run.forecast is None or run.valuation is None:
        raise InputError(
            f"{run.inputs.file}: needs market and company sections for the corridor to reach a target price"
        )
    rows: list[tuple[str, str, float]] = []

    def add(room: str, terms: Mapping[str, float]) -> None:
        rows.extend((room, name, float(value)) for name, value in terms.items())

    own, step = run.own, run.own.step
    net = own.network
    add("fabric", {
        "scale_up_bytes_per_s": float(net.scale_up_rate(net.scale_up_size)),
        "scale_out_bytes_per_s": float(net.scale_out_rate),
    })  # fmt: skip
    add("perf", asdict(step.terms))
    add("perf", {
        "step_time_s": step.step_time_s, "mfu": step.mfu, "tokens_per_s": step.tokens_per_s,
        "memory_per_card_bytes": step.memory.total,
    })  # fmt: skip
    add("des", {
        "mttf_h": own.expected.mttf_s / 3600, "ettr": own.expected.ettr,
        "training_goodput_tokens_per_s": own.goodput_tokens_per_s,
    })  # fmt: skip
    add("econ", {
        "facility_power_w": own.power.facility_power_w, "capex_cny": own.tco.capex_cny,
        "opex_cny_per_year": own.tco.opex_cny_per_year, "cny_per_card_hour": own.tco.cny_per_card_hour,
        "cny_per_mtoken": own.cny_per_mtoken,
    })  # fmt: skip
    incumbent = run.incumbent.cny_per_mtoken if run.incumbent else 0.0
    add("market", {
        "incumbent_cny_per_mtoken": incumbent, "value_in_use_price_cny": run.value.price_cny,
        "asp_factor": first_of(run.link.asp_factor), "units_factor": first_of(run.link.units_factor),
    })  # fmt: skip
    add(
        "finance",
        {f"revenue_kcny {y}": r for y, r in zip(run.forecast.years, run.forecast.revenue_kcny, strict=True)},
    )
    value = run.valuation
    add("finance", legs(value, value.currency))
    return rows
