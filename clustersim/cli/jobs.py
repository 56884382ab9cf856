"""``clustersim jobs SCENARIO``: many jobs on one site, how well the whole of it is used, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from clustersim.assemble.jobs import SharedInputs
    from clustersim.des.jobs.book import SharedRun

#: More jobs than these are told by owner and size alone on a screen; the folder and JSON hold them all.
_LISTED = 40


@click.command()
@click.argument("scenario", required=False)
@set_option
@click.option(
    "--workload", default="", metavar="NAME", help="The workload of kind jobs; by default the first."
)
@click.option("--trace", metavar="FILE", help="Instead of a scenario: jobs of a trace (sacct, Philly, Helios, Acme, "
              "PAI, or a plain table), with --servers.")  # fmt: skip
@click.option("--layout", default="", help="Layout of the trace, where its columns do not tell.")
@click.option("--servers", metavar="FILE", help="With --trace: a table of servers.")
@click.option("--order", type=click.Choice(("arrival", "fair_share", "shortest", "recorded")), default="arrival",
              show_default=True, help="With --trace: who is next; recorded starts as the trace did.")  # fmt: skip
@click.option("--what-if", "ask", is_flag=True, help="What one more server or another policy would change.")
@click.option(
    "-o", "--output", type=click.Path(), help="Folder for jobs.csv, tenants.csv, sizes.csv and use.png."
)
@format_option("table", "json")
def command(
    scenario: str | None,
    sets: tuple[str, ...],
    workload: str,
    trace: str | None,
    layout: str,
    servers: str | None,
    order: str,
    ask: bool,
    output: str | None,
    fmt: str,
) -> None:
    """Queue the jobs of SCENARIO on its cluster, with failures, priorities and pre-emption; or replay a trace.

    The cost of a useful card-hour is told where the site has prices (tco).
    """
    if (scenario is None) == (trace is None) or (trace is None) != (servers is None):
        raise InputError("give either a SCENARIO, or --trace with --servers")
    folder = output_folder(output) if output is not None else None
    if scenario is not None:
        head, shared, run, cost = _of_scenario(scenario, sets, workload)
    else:
        head, shared, run, cost = _of_trace(str(trace), layout, str(servers), order)
    result = {**head, **_told(shared, run, cost, ask)}
    if folder is not None:
        _write(folder, run, result)
    emit_object(result, fmt, lambda: _table(result))


Answer = tuple[dict[str, Any], "SharedInputs", "SharedRun", float | None]


def _of_scenario(scenario: str, sets: tuple[str, ...], workload: str) -> Answer:
    from clustersim.pipeline import run_site
    from clustersim.planner.finish import work_named
    from clustersim.planner.training import chosen_workload
    from clustersim.schema.inputs import load_inputs
    from clustersim.workloads import run_workload
    from clustersim.workloads.work import StageCache

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    name = chosen_workload(inputs, "jobs", workload, first=True)
    if inputs.scenario.tco is None:
        inputs.require(money=False)
        work, cost = run_workload(inputs, name, StageCache()), None
    else:
        site = run_site(inputs)
        work = work_named(site, name)
        cost = site.cny_per_unit(work)
    detail = work.detail
    return {"scenario": inputs.name, "workload": name}, detail.shared, detail.run, cost


def _of_trace(trace: str, layout: str, servers: str, order: str) -> Answer:
    from clustersim.des.jobs.model import Policy
    from clustersim.planner.shared import replay

    shared = replay(trace, layout, servers, Policy(order=order), 0)
    return {"scenario": None, "workload": Path(trace).name}, shared, shared.run(), None


def _told(shared: SharedInputs, run: SharedRun, cost: float | None, ask: bool) -> dict[str, Any]:
    from dataclasses import asdict

    from clustersim.des.jobs.summary import by_size, by_tenant, headline

    result = {
        "servers": shared.site.servers,
        **headline(run),
        "cny_per_useful_card_hour": cost,
        "tenants": by_tenant(run, cost),
        "sizes": by_size(run),
        "jobs": [asdict(record) for record in run.records],
        "notes": list(shared.notes),
    }
    if ask:
        from clustersim.planner.shared import what_if

        result["what_if"] = what_if(shared)
    return result


def _write(folder: Path, run: SharedRun, result: dict[str, Any]) -> None:
    from clustersim.report.csvtext import rows_text
    from clustersim.report.shared import shared_figure
    from clustersim.report.style import save
    from clustersim.writing import write_bytes

    for name in ("jobs", "tenants", "sizes", "what_if"):
        if result.get(name):
            write_bytes(folder / f"{name}.csv", rows_text(result[name]).encode())
    with write_beside(folder / "use.png") as temporary:
        save(shared_figure(run, f"Cards in use: {result['workload']}"), temporary)


def _rounded(rows: list[dict[str, Any]]) -> str:
    return render_table(
        [{k: (round(v, 3) if isinstance(v, float) else v) for k, v in row.items()} for row in rows], "table"
    )


def _table(result: dict[str, Any]) -> str:
    shares = ("useful", "unsuccessful", "lost", "down", "idle")
    words = ", ".join(f"{name} {result[f'{name}_share']:.1%}" for name in shares)
    cost = result["cny_per_useful_card_hour"]
    price = "no price: no tco" if cost is None else f"{cost:.2f} CNY per useful card-hour"
    lines = [
        f"{result['workload']} on {result['servers']} servers, {result['cards']:,} cards: {words}; {price}",
        f"{result['finished']} of {result['jobs_count']} jobs finished; wait P50 {result['wait_p50_h'] or 0:.2f} h, "
        f"P95 {result['wait_p95_h'] or 0:.2f} h; idle but not where the next could use it "
        f"{result['fragmented_share']:.1%}; services met {result['service_met_share']:.1%}",
        _rounded(result["tenants"]),
        _rounded(result["sizes"]),
    ]
    if result["jobs_count"] <= _LISTED:
        lines.append(_rounded(result["jobs"]))
    if "what_if" in result:
        lines.append(_rounded(result["what_if"]))
    return "\n".join([*lines, *result["notes"]])
