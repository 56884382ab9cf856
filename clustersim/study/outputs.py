"""What a study reads off a run: one flat row of named numbers, units in the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clustersim.errors import InputError, suggest
from clustersim.pipeline.chain import ChainRun
from clustersim.terms import finance_terms, market_terms, site_terms, work_terms

__all__ = ["check_outputs", "outputs_of"]


def outputs_of(run: ChainRun) -> dict[str, float]:
    """Return every output of a run by name: what the workloads do, what the site costs, and where the scenario has
    them, the value of the card and the company. A quantity that several workloads have is WORKLOAD.NAME."""
    works = work_terms(run.own)
    revenue = {
        f"revenue_{name.removeprefix('revenue_kcny ')}_kcny"
        if name.startswith("revenue_kcny ")
        else name: value
        for name, value in finance_terms(run).items()
    }
    return {
        "cards": float(run.own.cards),
        **works["perf"],
        **_scaling(run),
        **works["des"],
        **site_terms(run.own),
        **works["econ"],
        **market_terms(run),
        **revenue,
    }


def _scaling(run: ChainRun) -> dict[str, float]:
    work = run.own.work("training")
    return {} if work is None else {"scaling_efficiency": work.detail.scaling[1]}


def check_outputs(wanted: Sequence[str], known: Mapping[str, float]) -> None:
    """Raise InputError for an output that the scenario does not have, with the nearest one."""
    for name in wanted:
        if name not in known:
            raise InputError(f"output {name!r} is unknown; {suggest(name, list(known))}")
