"""The folder that a run leaves: result.json, tables as CSV, figures as PNG. Each file is written beside and renamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersim.finance.dcf import present_value
from clustersim.pipeline import ChainRun
from clustersim.report import figures
from clustersim.report.csvtext import rows_text
from clustersim.report.style import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["run_figures", "run_tables", "write_run"]

Writer = Callable[[Path, bytes], None]


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return rows_text(rows).encode()


def run_tables(run: ChainRun, result: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the tables of a run by file name."""
    terms = result["training"]["terms"]
    tables = {
        "step_terms.csv": _csv([{"term": k, "seconds": v} for k, v in terms.items()]),
        "bill_of_materials.csv": _csv([
            {
                "group": line.group, "part": line.part, "quantity": line.quantity,
                "unit_price_cny": line.unit_price_cny, "total_cny": line.total_cny, "low_cny": line.low_cny,
                "high_cny": line.high_cny, "tier": line.tier, "source": line.source,
            }
            for line in run.own.bill.lines
        ]),
        "tco_terms.csv": _csv([
            {"term": k, "cny_per_year": v} for k, v in result["tco"]["terms_cny_per_year"].items()
        ]),
        "inputs.csv": _csv([
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
        tables["incidents.csv"] = _csv(rows)
    if run.forecast is not None:
        f = run.forecast
        names = ("revenue", "gross_profit", "ebit", "depreciation", "tax", "working_capital", "capex", "fcf")
        rows = [
            {"year": y, **{f"{n}_kcny": getattr(f, f"{n}_kcny")[i] for n in names}}
            for i, y in enumerate(f.years)
        ]
        tables["forecast.csv"] = _csv(rows)
        tables["products.csv"] = _csv([
            {"product": p.name, "year": y, "units": p.units.get(y), "asp_kcny": p.asp_kcny.get(y), "revenue_kcny": r}
            for p in f.products for y, r in p.revenue_kcny.items()
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
    own = run.own
    terms, step = result["training"]["terms"], own.step.step_time_s
    peak = own.step.peak * own.cards / 1e15
    ettr = own.expected.ettr
    ideal = own.step.mfu * step
    losses = []
    for name, keys in _LOSSES:
        seconds = sum(terms.get(k, 0.0) for k in keys)
        if name == "kernels below peak":
            seconds -= ideal
        losses.append((name, peak * seconds / step))
    useful = peak * own.step.mfu
    shares = own.expected
    losses += [
        ("checkpoint stalls", useful * shares.checkpoint),
        ("work lost at failures", useful * shares.rework),
        ("recovery from failures", useful * (1 - ettr - shares.checkpoint - shares.rework)),
    ]
    title = f"{result['scenario']}: from peak to goodput"
    return figures.waterfall(title, ("peak of all cards", peak), losses, "model FLOPs kept", "PFLOP/s")


def _timeline(run: ChainRun, result: Mapping[str, Any]) -> Figure:
    month = run.simulated[0]
    segments = [(a / 86400, b / 86400) for a, b in month.segments()]
    failures = [(i.failed_at_s / 86400, i.component) for i in month.incidents]
    title = f"{result['scenario']}: one simulated run, ETTR {month.ettr:.2%}, {month.failures} failures"
    return figures.run_timeline(title, segments, failures, month.duration_s / 86400)


def _football(run: ChainRun) -> Figure:
    company, forecast, value = run.company, run.forecast, run.valuation
    assert company is not None and forecast is not None and value is not None

    def dcf(wacc: float, growth: float) -> float:
        present = present_value(forecast.fcf_kcny, wacc=wacc, growth=growth)
        return (
            (present.enterprise_value + company.net_cash_kcny) * company.hkd_per_cny / 1e3 / company.shares_m
        )

    ps = value.ps_hkd_m / company.shares_m
    step = ps / (1 - company.peers.discount) * 0.1
    w, g = company.wacc, company.terminal_growth
    here = dcf(w, g)
    bars = [
        ("DCF, WACC ±1 point", dcf(w + 0.01, g), here, dcf(w - 0.01, g)),
        ("DCF, growth ±0.5 points", dcf(w, g - 0.005), here, dcf(w, g + 0.005)),
        ("price-to-sales, discount ±10 points", ps - step, ps, ps + step),
        ("blend of both",
         0.5 * (dcf(w + 0.01, g) + ps - step), value.target_price_hkd, 0.5 * (dcf(w - 0.01, g) + ps + step)),
    ]  # fmt: skip
    lines = {
        "market price": company.price_hkd,
        "recomputed target": value.target_price_hkd,
        "printed target": company.printed.target_price_hkd,
    }
    return figures.football_field("Value per share", bars, lines, "HKD per share")


def run_figures(run: ChainRun, result: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the figures of a run by file name."""
    name = result["scenario"]
    out = {
        "goodput_waterfall.png": _waterfall(run, result),
        "tco_breakdown.png": figures.cost_bars(
            f"{name}: cost per year",
            {k: v / 1e6 for k, v in result["tco"]["terms_cny_per_year"].items() if v},
            "M CNY/year",
        ),
        "capex_breakdown.png": figures.cost_bars(
            f"{name}: capex", {k: v / 1e6 for k, v in result["tco"]["capex_groups_cny"].items()}, "M CNY"
        ),
    }
    if run.simulated:
        out["run_timeline.png"] = _timeline(run, result)
    if run.forecast is not None and run.company is not None:
        years = run.company.product_years
        by_product = {
            p.name: [p.revenue_kcny.get(y, 0.0) / 1e6 for y in years] for p in run.forecast.products
        }
        out["revenue_by_product.png"] = figures.revenue_stack(
            f"{run.company.name}: revenue by product (mix calibrated, totals as forecast)",
            years,
            by_product,
            "bn CNY",
        )
        out["football_field.png"] = _football(run)
    return out


def write_run(
    folder: Path, run: ChainRun, result: Mapping[str, Any], result_json: str, beside: Callable[[Path], Any]
) -> list[Path]:
    """Write every file of a run into a folder and return their paths; ``beside`` gives a path to write first."""
    written = []
    for name, data in {"result.json": f"{result_json}\n".encode(), **run_tables(run, result)}.items():
        with beside(folder / name) as temporary:
            temporary.write_bytes(data)
        written.append(folder / name)
    for name, figure in run_figures(run, result).items():
        with beside(folder / name) as temporary:
            save(figure, temporary)
        written.append(folder / name)
    return written
