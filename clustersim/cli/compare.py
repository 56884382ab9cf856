"""``clustersim compare A B …``: the same demand on several clusters, and what makes the difference."""

from __future__ import annotations

from typing import Any

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    render_table,
    set_option,
    write_beside,
)
from clustersim.errors import InputError


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@set_option
@click.option(
    "--own-site", is_flag=True, help="Price each cluster at its own site; else all at the first one's."
)
@click.option(
    "--draws", type=click.IntRange(min=0), default=128, show_default=True,
    help="Draws of the uncertain inputs behind P10 and P90; clusters share the draws of what they share.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(), help="Folder for the figure.")
@format_option("table", "json")
def command(
    scenarios: tuple[str, ...],
    sets: tuple[str, ...],
    own_site: bool,
    draws: int,
    output: str | None,
    fmt: str,
) -> None:
    """Run the training demand of SCENARIOS side by side: throughput, cost, power, and the difference by term."""
    if len(scenarios) < 2:
        raise InputError("compare needs at least two scenarios")
    folder = output_folder(output) if output is not None else None
    from clustersim.pipeline import run_cluster
    from clustersim.schema.inputs import load_inputs

    every = [
        load_inputs(name, sets if n == 0 else (), with_incumbent=False) for n, name in enumerate(scenarios)
    ]
    models = {one.scenario.model for one in every}
    if len(models) > 1:
        raise InputError(
            f"the scenarios train different models ({', '.join(sorted(models))}); compare one demand"
        )
    site = every[0].scenario.tco
    runs = [run_cluster(one, one.scenario.tco if own_site else site) for one in every]
    names = [one.scenario.name for one in every]
    rows = [_row(name, one, run) for name, one, run in zip(names, every, runs, strict=True)]
    terms = {name: _terms(run) for name, run in zip(names, runs, strict=True)}
    result = {
        "model": models.pop(),
        "site": "own" if own_site else names[0],
        "clusters": rows,
        "cny_per_mtoken_terms": terms,
        "difference_to_first": {
            name: {k: v - terms[names[0]][k] for k, v in terms[name].items()} for name in names[1:]
        },
        "intervals": _intervals(scenarios, names, sets, own_site, draws) if draws else {},
        "break_even_card_price_cny": {
            name: _break_even(runs[0], run, one, site)
            for name, run, one in zip(names[1:], runs[1:], every[1:], strict=True)
        },
    }
    if folder is not None:
        _figure(folder, result)
    emit_object(result, fmt, lambda: _table(result))


def _row(name: str, inputs: Any, run: Any) -> dict[str, Any]:
    return {
        "cluster": name, "card": inputs.hardware.card.name, "cards": run.cards,
        "goodput_tokens_per_s": run.goodput_tokens_per_s, "mfu": run.step.mfu,
        "it_power_kw": run.power.it_power_w / 1e3,
        "racks": run.racks.total, "capex_mcny": run.tco.capex_cny / 1e6,
        "tco_mcny": run.tco.tco_cny / 1e6, "cny_per_card_hour": run.tco.cny_per_card_hour,
        "cny_per_mtoken": run.cny_per_mtoken,
    }  # fmt: skip


def _intervals(
    scenarios: tuple[str, ...], names: list[str], sets: tuple[str, ...], own_site: bool, draws: int
) -> dict[str, Any]:
    """Cost per million tokens at P10, P50 and P90, and in which share of the draws a cluster beats the first."""
    import numpy as np

    from clustersim.cli.study_common import parse_sets
    from clustersim.planner.uncertainty import headlines

    out: dict[str, Any] = {}
    first = None
    for number, (scenario, name) in enumerate(zip(scenarios, names, strict=True)):
        own = parse_sets(sets) if number == 0 else {}
        site = None if own_site or number == 0 else (scenarios[0], parse_sets(sets))
        cost = next(h for h in headlines(scenario, own, count=draws, site=site) if h.name == "cny_per_mtoken")
        first = cost.samples if first is None else first
        both = np.isfinite(cost.samples) & np.isfinite(first)
        out[name] = {
            "p10": cost.spread.p10, "p50": cost.spread.p50, "p90": cost.spread.p90,
            "share_cheaper_than_first": float((cost.samples[both] < first[both]).mean()),
        }  # fmt: skip
    return out


def _terms(run: Any) -> dict[str, float]:
    """Cost per million tokens by term; they sum to it."""
    tco = run.tco
    return {name: value / tco.cost_cny_per_year * run.cny_per_mtoken for name, value in tco.terms().items()}


def _break_even(first: Any, run: Any, inputs: Any, site: Any) -> float:
    """Card price before VAT at which a cluster's cost per token equals the first one's."""
    from clustersim.econ.tco import capital_recovery_factor

    years, wacc = site.horizon.value, site.wacc.value
    residual = site.residual.value * (1 + wacc) ** -years
    factor = capital_recovery_factor(wacc, years) * (1 - residual) + site.maintenance.value
    surplus = (first.cny_per_mtoken - run.cny_per_mtoken) * run.mtokens_per_card_year
    bought = run.bill.card_quantity
    markup = (1 + site.integration.value) * (1 + site.vat.value) * bought / run.cards
    return float(run.bill.card_cny / bought + surplus / factor / markup)


def _table(result: dict[str, Any]) -> str:
    terms = [{"CNY per Mtoken": k, **{n: t[k] for n, t in result["cny_per_mtoken_terms"].items()}}
             for k in next(iter(result["cny_per_mtoken_terms"].values()))
             if any(t[k] for t in result["cny_per_mtoken_terms"].values())]  # fmt: skip
    first = result["clusters"][0]["cluster"]
    even = [
        f"{name}: a card price of {price:,.0f} CNY gives the cost per token of {first}"
        if price >= 0
        else f"{name}: even a card for nothing costs more per token than {first}"
        for name, price in result["break_even_card_price_cny"].items()
    ]
    head = f"{result['model']}, priced at the site of {result['site']}"
    sure = [
        f"{name}: {band['p10']:.2f} to {band['p90']:.2f} CNY per million tokens (P10, P90)"
        + (
            ""
            if name == first
            else f"; cheaper than {first} in {band['share_cheaper_than_first']:.0%} of the draws"
        )
        for name, band in result["intervals"].items()
    ]
    return "\n".join(
        [head, render_table(result["clusters"], "table"), "", render_table(terms, "table"), "", *sure, *even]
    )


def _figure(folder: Any, result: dict[str, Any]) -> None:
    from clustersim.report.figures import revenue_stack
    from clustersim.report.style import save

    names = [row["cluster"] for row in result["clusters"]]
    terms = result["cny_per_mtoken_terms"]
    parts = {k: [terms[n][k] for n in names] for k in terms[names[0]] if any(terms[n][k] for n in names)}
    figure = revenue_stack(
        f"{result['model']}: cost per million trained tokens", names, parts, "CNY per million tokens"
    )
    with write_beside(folder / "compare.png") as temporary:
        save(figure, temporary)
