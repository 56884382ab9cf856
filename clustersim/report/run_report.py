"""The tables and figures of the folder that a run leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clustersim.finance.valuation import value_company
from clustersim.pipeline.chain import ChainRun
from clustersim.report import figures
from clustersim.report.answer import csv_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["run_figures", "run_files", "run_tables"]


def run_tables(run: ChainRun, result: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the tables of a run by file name."""
    tables = {
        "workload_terms.csv": csv_of([
            {"workload": work["name"], "kind": work["kind"], "term": k, "value": v}
            for work in result["workloads"]
            for k, v in {**work["terms"], **work["rates"], **work["service"]}.items()
        ]),
        "unit_costs.csv": csv_of([
            {"workload": work["name"], "kind": work["kind"], "quantity": k, "value": v}
            for work in result["workloads"]
            for k, v in work.items() if k.startswith(("cny_per_", "kwh_per_"))
        ]),
        "bill_of_materials.csv": csv_of([
            {
                "group": line.group, "part": line.part, "quantity": line.quantity,
                "unit_price_cny": line.unit_price_cny, "total_cny": line.total_cny, "low_cny": line.low_cny,
                "high_cny": line.high_cny, "tier": line.tier, "source": line.source,
            }
            for line in run.own.bill.lines
        ]),
        "tco_terms.csv": csv_of([
            {"term": k, "cny_per_year": v} for k, v in result["tco"]["terms_cny_per_year"].items()
        ]),
        "inputs.csv": csv_of([
            {
                "key": k, "value": s.value, "unit": s.unit, "low": s.low, "high": s.high, "tier": s.tier,
                "source": s.source,
            }
            for k, s in run.inputs.fields()
        ]),
    }  # fmt: skip
    if run.simulated and run.simulated[0].incidents:
        rows = [
            {"replication": n, **{f: getattr(i, f) for f in i.__dataclass_fields__}}
            for n, month in enumerate(run.simulated)
            for i in month.incidents
        ]
        tables["incidents.csv"] = csv_of(rows)
    if run.forecast is not None:
        f = run.forecast
        names = ("revenue", "gross_profit", "ebit", "depreciation", "tax", "working_capital", "capex", "fcf")
        rows = [
            {"year": y, **{f"{n}_kcny": float(getattr(f, f"{n}_kcny")[i]) for n in names}}
            for i, y in enumerate(f.years)
        ]
        tables["forecast.csv"] = csv_of(rows)
        tables["products.csv"] = csv_of([
            {"product": p.name, "year": y, "units": float(p.units[i]), "asp_kcny": float(p.asp_kcny[i]),
             "revenue_kcny": float(p.revenue_kcny[i])}
            for p in f.products for i, y in enumerate(f.years) if p.revenue_kcny[i]
        ])  # fmt: skip
    return tables


_LOSSES = (
    ("kernels below peak", ("compute_s", "attention_s", "logits_s")),
    ("memory-bound kernels", ("memory_bound_s",)),
    ("recomputation", ("recompute_s",)),
    ("tensor-parallel exchange", ("exposed_tp_s", "exposed_cp_s", "exposed_ep_s")),
    ("pipeline sends", ("exposed_pp_s",)),
    ("data-parallel exchange", ("exposed_dp_s",)),
    ("pipeline bubble", ("bubble_s",)),
    ("optimizer, offload, host", ("optimizer_s", "offload_s", "software_s")),
)


def _waterfall(run: ChainRun, result: Mapping[str, Any]) -> Figure:
    """Every lost share of the cluster's peak, from nameplate to kept tokens."""
    detail = run.own.training
    terms, step = result["training"]["terms"], detail.step.step_time_s
    peak = detail.step.peak * run.own.cards / 1e15
    ettr = detail.expected.ettr
    ideal = detail.step.mfu * step
    losses = []
    for name, keys in _LOSSES:
        seconds = sum(terms.get(k, 0.0) for k in keys)
        if name == "kernels below peak":
            seconds -= ideal
        losses.append((name, peak * seconds / step))
    useful = peak * detail.step.mfu
    shares = detail.expected
    losses += [
        ("checkpoint stalls", useful * shares.checkpoint),
        ("work lost at failures", useful * shares.rework),
        ("recovery from failures", useful * (1 - ettr - shares.checkpoint - shares.rework)),
    ]
    title = f"{result['scenario']}: from peak to goodput"
    drawn = _span(result, "training_goodput_tokens_per_s", useful * ettr / detail.goodput_tokens_per_s)
    return figures.waterfall(title, ("peak of all cards", peak), losses, "model FLOPs kept", "PFLOP/s", drawn)


def _span(result: Mapping[str, Any], term: str, factor: float) -> figures.Span | None:
    """P10 and P90 of a term where it was drawn."""
    found = result.get("intervals", {}).get(term)
    return None if found is None else (found["p10"] * factor, found["p90"] * factor)


def _timeline(run: ChainRun, result: Mapping[str, Any]) -> Figure:
    month = run.simulated[0]
    segments = [(a / 86400, b / 86400) for a, b in month.segments()]
    failures = [(i.failed_at_s / 86400, i.component) for i in month.incidents]
    title = f"{result['scenario']}: one simulated run, ETTR {month.ettr:.2%}, {month.failures} failures"
    return figures.run_timeline(title, segments, failures, month.duration_s / 86400)


def _football(run: ChainRun, result: Mapping[str, Any]) -> Figure:
    company, forecast, value = run.company, run.forecast, run.valuation
    assert company is not None and forecast is not None and value is not None

    def legs_at(wacc: float, growth: float) -> tuple[float, float]:
        shifted = replace(company, wacc=wacc, capm=None, terminal_growth=growth)
        moved = value_company(shifted, forecast)
        return float(moved.dcf_m / moved.shares_m), float(moved.target_price)

    ps = float(value.ps_m / value.shares_m)
    step = ps / (1 - float(company.peers.discount)) * 0.1 if company.peers is not None else 0.0
    w, g = float(value.wacc), float(company.terminal_growth)
    wide = min(0.01, (w - g) / 2)
    (low, low_blend), (here, blend), (high, high_blend) = (legs_at(w + d, g) for d in (wide, 0.0, -wide))
    part = (1 - float(company.dcf_weight)) * step
    bars = [
        (f"DCF, WACC ±{100 * wide:.2g} points", low, here, high),
        (
            "DCF, growth ±0.5 points",
            legs_at(w, g - 0.005)[0],
            here,
            legs_at(w, min(g + 0.005, w - wide / 2))[0],
        ),
        ("price-to-sales, discount ±10 points", ps - step, ps, ps + step),
        ("blend of both", low_blend - part, blend, high_blend + part),
    ]
    drawn = _span(result, f"target_price_{value.currency.lower()}", 1.0)
    if drawn is not None:
        bars.append(("all that was drawn, P10 to P90", drawn[0], float(value.target_price), drawn[1]))
    lines = {"market price": company.price, "recomputed target": float(value.target_price)}
    if company.printed is not None:
        lines["printed target"] = company.printed.target_price
    return figures.football_field("Value per share", bars, lines, f"{company.currency} per share")


def run_figures(run: ChainRun, result: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the figures of a run by file name."""
    name = result["scenario"]
    out = {"goodput_waterfall.png": _waterfall(run, result)} if result["training"] else {}
    out |= {
        "tco_breakdown.png": figures.cost_bars(
            f"{name}: cost per year",
            {k: v / 1e6 for k, v in result["tco"]["terms_cny_per_year"].items() if v},
            "M CNY/year",
            _span(result, "cost_cny_per_year", 1e-6),
        ),
        "capex_breakdown.png": figures.cost_bars(
            f"{name}: capex",
            {k: v / 1e6 for k, v in result["tco"]["capex_groups_cny"].items()},
            "M CNY",
            _span(result, "capex_cny", 1e-6),
        ),
    }
    if run.simulated:
        out["run_timeline.png"] = _timeline(run, result)
    if run.forecast is not None and run.company is not None:
        years = run.company.product_years
        by_product = {
            p.name: [float(p.revenue_kcny[run.company.years.index(y)]) / 1e6 for y in years]
            for p in run.forecast.products
        }
        out["revenue_by_product.png"] = figures.revenue_stack(
            f"{run.company.name}: revenue by product (mix calibrated, totals as forecast)",
            years,
            by_product,
            "bn CNY",
            {y: span for y in years if (span := _span(result, f"revenue_kcny {y}", 1e-6)) is not None},
        )
        out["football_field.png"] = _football(run, result)
    return out


def run_files(run: ChainRun, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables and figures of a run by file name."""
    return {**run_tables(run, result), **run_figures(run, result)}
