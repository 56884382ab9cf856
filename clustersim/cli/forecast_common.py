"""Runs of the chain that the commands of the company model share."""

from __future__ import annotations

from typing import Any

from clustersim.errors import InputError

__all__ = ["chain_of", "runs_by_case"]


def chain_of(scenario: str, sets: tuple[str, ...]) -> Any:
    """Run the chain without the simulated months; raises InputError for a scenario without a company."""
    from clustersim.pipeline import run_chain
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets)
    if inputs.company is None:
        raise InputError(f"{inputs.file}: has no `company`; add one (scenarios/company/)")
    return run_chain(inputs, replications=0)


def runs_by_case(scenario: str, sets: tuple[str, ...]) -> dict[str, Any]:
    """Run the base and every named case of the company file; a case replaces what ``--set`` says of its keys."""
    runs = {"base": chain_of(scenario, sets)}
    for name, changes in runs["base"].inputs.company.cases.items():
        own = {f"company.{key}": value for key, value in changes.items()}
        kept = tuple(text for text in sets if text.partition("=")[0].strip() not in own)
        runs[name] = chain_of(scenario, (*kept, *(f"{key}={value}" for key, value in own.items())))
    return runs
