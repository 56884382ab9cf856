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
@click.option("-o", "--output", type=click.Path(), help="Folder for the figure.")
@format_option("table", "json")
def command(
    scenarios: tuple[str, ...], sets: tuple[str, ...], own_site: bool, output: str | None, fmt: str
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
        "racks_at_40_kw": -(-run.power.provisioned_it_w // 40e3), "capex_mcny": run.tco.capex_cny / 1e6,
        "tco_mcny": run.tco.tco_cny / 1e6, "cny_per_card_hour": run.tco.cny_per_card_hour,
        "cny_per_mtoken": run.cny_per_mtoken,
    }  # fmt: skip


def _terms(run: Any) -> dict[str, float]:
    """Cost per million tokens by term; they sum to it."""
    tco = run.tco
    yearly = {
        "capital": tco.capital_cny_per_year, "electricity": tco.electricity_cny_per_year,
        "maintenance": tco.maintenance_cny_per_year, "staff": tco.staff_cny_per_year,
        "colocation": tco.colocation_cny_per_year,
    }  # fmt: skip
    return {name: value / tco.cost_cny_per_year * run.cny_per_mtoken for name, value in yearly.items()}


def _break_even(first: Any, run: Any, inputs: Any, site: Any) -> float:
    """Card price before VAT at which a cluster's cost per token equals the first one's."""
    from clustersim.econ.tco import capital_recovery_factor

    years, wacc = site.horizon.value, site.wacc.value
    residual = site.residual.value * (1 + wacc) ** -years
    factor = capital_recovery_factor(wacc, years) * (1 - residual) + site.maintenance.value
    surplus = (first.cny_per_mtoken - run.cny_per_mtoken) * run.mtokens_per_card_year
    markup = (1 + site.integration.value) * (1 + site.vat.value)
    return float(run.bill.card_cny / run.cards + surplus / factor / markup)


def _table(result: dict[str, Any]) -> str:
    terms = [{"CNY per Mtoken": k, **{n: t[k] for n, t in result["cny_per_mtoken_terms"].items()}}
             for k in next(iter(result["cny_per_mtoken_terms"].values()))]  # fmt: skip
    first = result["clusters"][0]["cluster"]
    even = [
        f"{name}: a card price of {price:,.0f} CNY gives the cost per token of {first}"
        for name, price in result["break_even_card_price_cny"].items()
    ]
    head = f"{result['model']}, priced at the site of {result['site']}"
    return "\n".join(
        [head, render_table(result["clusters"], "table"), "", render_table(terms, "table"), "", *even]
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
