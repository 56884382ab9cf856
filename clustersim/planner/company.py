"""A company with its forecast and value: of a scenario's whole chain, or of a company file alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clustersim.assemble.company import company_spec
from clustersim.errors import InputError
from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast, make_forecast
from clustersim.finance.valuation import Valuation, value_company
from clustersim.market.link import Link
from clustersim.pipeline.chain import ChainRun, run_chain
from clustersim.schema.company import CompanyFile
from clustersim.schema.company_load import is_company_file, load_company_file
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.overrides import changes_of
from clustersim.schema.profiles import read_document

__all__ = ["ForecastRun", "company_run", "forecast_run", "runs_by_case", "standing_for"]


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
    chain: ChainRun | None = None


def company_run(file: CompanyFile, *, name: str = "", links: Sequence[Link] = ()) -> ForecastRun:
    """Forecast and value a company file."""
    company = company_spec(file)
    forecast = make_forecast(company, links)
    valuation = value_company(company, forecast)
    return ForecastRun(name or file.name, 1, file, company, tuple(links), forecast, valuation)


def forecast_run(name: str, sets: Iterable[str] | Mapping[str, object]) -> ForecastRun:
    """Run a scenario's chain without simulated months, or a company file alone.

    Raises InputError for a scenario without a company.
    """
    if is_company_file(name):
        return company_run(load_company_file(name, sets))
    inputs = load_inputs(name, sets)
    if inputs.company is None:
        raise InputError(f"{inputs.file}: has no `company`; add one (scenarios/company/)")
    run = run_chain(inputs, replications=0)
    assert run.company is not None and run.forecast is not None and run.valuation is not None
    return ForecastRun(
        inputs.scenario.name, inputs.scenario.seed, inputs.company, run.company, run.links, run.forecast,
        run.valuation, run,
    )  # fmt: skip


def standing_for(name: str) -> str:
    """Return the scenario of the first product line of a company file, where that scenario is of the same company.

    It gives the same forecast, with the sites of the lines behind it; any other name is returned as it is.
    """
    if not is_company_file(name):
        return name
    file = load_company_file(name)
    for block in file.products.values():
        if block.scenario is not None:
            stated = read_document("scenarios", block.scenario).data.get("company")
            return block.scenario if stated == name else name
    return name


def runs_by_case(name: str, sets: Iterable[str] | Mapping[str, object]) -> dict[str, ForecastRun]:
    """Run the base and every named case of the company file; a case replaces what ``sets`` say of its keys."""
    given = sets if isinstance(sets, Mapping) else changes_of(sets)
    runs = {"base": forecast_run(name, given)}
    for case, changes in runs["base"].file.cases.items():
        runs[case] = forecast_run(
            name, {**given, **{f"company.{key}": value for key, value in changes.items()}}
        )
    return runs
