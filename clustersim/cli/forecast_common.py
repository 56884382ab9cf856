"""Runs that the commands of the company model share: of a scenario's whole chain, or of a company file alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clustersim.errors import InputError

if TYPE_CHECKING:
    from clustersim.finance.company import Company
    from clustersim.finance.forecast import Forecast
    from clustersim.finance.valuation import Valuation
    from clustersim.market.link import Link
    from clustersim.schema.company import CompanyFile

__all__ = ["ForecastRun", "company_run", "forecast_run", "runs_by_case"]


@dataclass(frozen=True, slots=True)
class ForecastRun:
    """A company with its forecast and value; ``chain`` is the run of the cluster behind it, if there is one."""

    name: str
    seed: int
    file: CompanyFile
    company: Company
    links: tuple[Link, ...]
    forecast: Forecast
    valuation: Valuation
    chain: Any = None


def company_run(file: CompanyFile, *, name: str = "", links: Sequence[Link] = ()) -> ForecastRun:
    """Forecast and value a company file."""
    from clustersim.assemble.company import company_spec
    from clustersim.finance.forecast import make_forecast
    from clustersim.finance.valuation import value_company

    company = company_spec(file)
    forecast = make_forecast(company, links)
    valuation = value_company(company, forecast)
    return ForecastRun(name or file.name, 1, file, company, tuple(links), forecast, valuation)


def forecast_run(name: str, sets: tuple[str, ...]) -> ForecastRun:
    """Run a scenario's chain without simulated months, or a company file alone.

    Raises InputError for a scenario without a company.
    """
    from clustersim.schema.company_load import is_company_file, load_company_file

    if is_company_file(name):
        return company_run(load_company_file(name, sets))
    from clustersim.pipeline import run_chain
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(name, sets)
    if inputs.company is None:
        raise InputError(f"{inputs.file}: has no `company`; add one (scenarios/company/)")
    run = run_chain(inputs, replications=0)
    assert run.company is not None and run.forecast is not None and run.valuation is not None
    return ForecastRun(
        inputs.scenario.name, inputs.scenario.seed, inputs.company, run.company, run.links, run.forecast,
        run.valuation, run,
    )  # fmt: skip


def runs_by_case(name: str, sets: tuple[str, ...]) -> dict[str, ForecastRun]:
    """Run the base and every named case of the company file; a case replaces what ``--set`` says of its keys."""
    runs = {"base": forecast_run(name, sets)}
    for case, changes in runs["base"].file.cases.items():
        own = {f"company.{key}": value for key, value in changes.items()}
        kept = tuple(text for text in sets if text.partition("=")[0].strip() not in own)
        runs[case] = forecast_run(name, (*kept, *(f"{key}={value}" for key, value in own.items())))
    return runs
