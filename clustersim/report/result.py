"""The result of a run as one object of plain values: what ``run -f json`` prints and ``result.json`` holds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import WHY_DIFFERENT, legs
from clustersim.pipeline.chain import ChainRun, movement_by_workload
from clustersim.pipeline.site import SiteRun
from clustersim.provenance import TIERS, weakest
from clustersim.terms import unit_costs
from clustersim.workloads.training import TrainingDetail
from clustersim.workloads.work import Work

__all__ = ["result_object", "workload_object"]

#: Which inputs each part of the result rests on, by the first part of their key.
_RESTS_ON: dict[str, tuple[str, ...]] = {
    "cluster": ("cluster", "cards", "servers", "nics", "switches", "optics", "supernodes", "tco.pue"),
    "workloads": ("cluster", "cards", "nics", "switches", "models", "demand"),
    "training": ("cluster", "cards", "nics", "switches", "models"),
    "reliability": ("reliability", "checkpoint", "cluster", "cards", "nics"),
    "tco": ("cluster", "cards", "servers", "nics", "switches", "optics", "supernodes", "tco", "prices"),
    "market": ("cluster", "cards", "nics", "tco", "prices", "market", "incumbent", "demand"),
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


def workload_object(site: SiteRun, work: Work) -> dict[str, Any]:
    """Return one workload in the shape that all kinds share."""
    return {
        "name": work.name,
        "kind": work.kind,
        "share": work.share,
        **work.layout,
        "rates": dict(work.rates),
        "service": dict(work.service),
        "unit": work.main.name,
        "units_per_card_hour": work.main.per_card_hour,
        **unit_costs(site, work),
        "terms": dict(work.terms),
        "notes": list(work.notes),
    }


def _cluster(own: SiteRun) -> dict[str, Any]:
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


def _training(work: Work) -> dict[str, Any]:
    detail: TrainingDetail = work.detail
    step = detail.step
    base, efficiency = detail.scaling
    return {
        "workload": work.name,
        **work.layout,
        "step_time_s": step.step_time_s,
        "tokens_per_s": step.tokens_per_s,
        "tokens_per_s_per_card": step.tokens_per_s_per_card,
        "mfu": step.mfu,
        "hfu": step.hfu,
        "scaling_efficiency": efficiency,
        "scaling_kind": "weak",
        "scaling_base_cards": base,
        "memory_per_card_bytes": step.memory.total,
        "memory_terms_bytes": asdict(step.memory),
        "stage_layers": list(step.stage_layers),
        "slowest_stage": step.slowest_stage,
        "fullest_stage": step.fullest_stage,
        "terms": asdict(step.terms),
    }


def _reliability(run: ChainRun, detail: TrainingDetail) -> dict[str, Any]:
    months, expected = run.simulated, detail.expected
    out: dict[str, Any] = {
        "ettr": expected.ettr,
        "training_goodput_tokens_per_s": detail.goodput_tokens_per_s,
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
            "longest_failure_free_h": _ends([m.longest_failure_free_s / 3600 for m in months]),
            "recovery_s": _ends(recoveries),
        }
    return out


def _ends(values: Sequence[float]) -> dict[str, float] | None:
    """P10 and P90 of what replications, or the failures in them, gave; nothing where there was none."""
    if not len(values):
        return None
    return {"p10": float(np.quantile(values, 0.1)), "p90": float(np.quantile(values, 0.9))}


def _tco(own: SiteRun, rent: Any) -> dict[str, Any]:
    tco = own.tco
    return {
        "capex_cny": tco.capex_cny,
        "opex_cny_per_year": tco.opex_cny_per_year,
        "tco_cny": tco.tco_cny,
        "tco_discounted_cny": tco.tco_discounted_cny,
        "horizon_years": tco.years,
        "cny_per_card_hour": tco.cny_per_card_hour,
        "market_rent_per_card_hour": rent.value if rent else None,
        "market_rent_unit": rent.unit if rent else None,
        "cny_per_mtoken": own.cny_per_mtoken if own.work("training") else None,
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
    value, rival = run.value, run.incumbent
    trained = rival is not None and rival.work("training") is not None
    terms = {k: v for k, v in asdict(value).items() if k != "segments"} if value else None
    return {
        "value_in_use_price_cny": value.price_cny if value else None,
        "value_in_use_terms": terms,
        "value_by_workload_cny": value.by_segment_cny if value else None,
        "target_price_movement": movement_by_workload(run),
        "incumbent": rival.name if rival else None,
        "incumbent_cny_per_mtoken": rival.cny_per_mtoken if rival and trained else None,
        "incumbent_workloads": [workload_object(rival, w) for w in rival.works] if rival else None,
        "link": {
            k: v.ravel().tolist() if isinstance(v, np.ndarray) else v
            for k, v in asdict(run.link).items()
            if k not in {"anchor", "worth"}
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
        "notes": [*messages(run.company, run.forecast, run.links)],
        "failed_checks": [asdict(c) for c in make_statements(run.company, run.forecast).failed],
    }
    if printed is None:
        return out
    return out | {"as_printed": legs(printed, value.currency), "why_they_differ": WHY_DIFFERENT}


def _notes(run: ChainRun) -> list[str]:
    """What the reader must know of the whole: where the corridor ends, and what each workload says."""
    out = []
    idle = 1.0 - sum(work.share for work in run.own.works)
    if idle > 1e-9:
        out.append(f"{idle:.0%} of the card-hours on sale are given to no workload: the others pay for them")
    if run.inputs.scenario.market is None:
        out.append("no market section: the card is not valued, and moves no forecast")
    elif run.company is not None and run.link.product is None:
        out.append(
            f"{run.inputs.parts.card.name} is no product of {run.company.name}: its forecast stays as it is"
        )
    return out + [f"{work.name}: {note}" for work in run.own.works for note in work.notes]


def result_object(run: ChainRun) -> dict[str, Any]:
    """Return the result of a run as one object of plain values."""
    sources = weakest_sources(run)
    forecast, trained = run.forecast, run.own.work("training")
    return {
        "scenario": run.inputs.scenario.name,
        "seed": run.inputs.scenario.seed,
        "weakest_tier": max((s["tier"] for s in sources.values()), key=TIERS.index),
        "weakest_inputs": sources,
        "cluster": _cluster(run.own),
        "workloads": [workload_object(run.own, work) for work in run.own.works],
        "training": _training(trained) if trained else None,
        "reliability": _reliability(run, trained.detail) if trained else None,
        "tco": _tco(run.own, run.inputs.parts.card.rent),
        "market": _market(run),
        "forecast": None
        if forecast is None
        else {
            name: dict(zip(forecast.years, getattr(forecast, name).tolist(), strict=True))
            for name in ("revenue_kcny", "ebit_kcny", "fcf_kcny")
        },
        "valuation": _valuation(run),
        "notes": _notes(run),
    }
