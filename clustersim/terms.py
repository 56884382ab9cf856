"""Every named number of a run in the corridor's order; a quantity that several workloads have names its workload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from clustersim.columns import of_points
from clustersim.finance.valuation import legs
from clustersim.market.link import first_of
from clustersim.pipeline.chain import ChainRun
from clustersim.pipeline.site import SiteRun
from clustersim.workloads.training import TrainingDetail
from clustersim.workloads.work import Work

__all__ = [
    "by_workload",
    "chain_terms",
    "finance_terms",
    "market_terms",
    "site_terms",
    "unit_costs",
    "work_terms",
]

Terms = dict[str, float]


def by_workload(values: Mapping[str, Mapping[str, float]]) -> Terms:
    """Put the numbers of several workloads under one name each.

    A quantity that one workload alone has goes by its plain name, one that several have by WORKLOAD.NAME.

    >>> by_workload({"a": {"mfu": 0.4, "x": 1.0}, "b": {"x": 2.0}})
    {'mfu': 0.4, 'a.x': 1.0, 'b.x': 2.0}
    """
    count = Counter(name for numbers in values.values() for name in numbers)
    return {
        name if count[name] == 1 else f"{work}.{name}": value
        for work, numbers in values.items()
        for name, value in numbers.items()
    }


def unit_costs(site: SiteRun, work: Work) -> Terms:
    """Return the cost of a unit of everything that a workload makes, and the energy of a unit of its main product."""
    costs = {f"cny_per_{p.name}": site.cny_per_unit(work, p) for p in work.products}
    return costs | {f"kwh_per_{work.main.name}": site.kwh_per_unit(work)}


def _perf(work: Work) -> Terms:
    """What the workload's time is made of, and its rates before failures."""
    if not isinstance(work.detail, TrainingDetail):
        return {**work.terms, **work.rates}
    step = work.detail.step
    return {
        **work.terms,
        "step_time_s": work.rates["step_time_s"],
        "mfu": work.rates["mfu"],
        "tokens_per_s": work.rates["tokens_per_s"],
        "tokens_per_s_per_card": work.rates["tokens_per_s"] / step.cards,
        "memory_per_card_bytes": step.memory.total,
    }


def _des(work: Work) -> Terms:
    """What long runs and queues leave of it."""
    if not isinstance(work.detail, TrainingDetail):
        return dict(work.service)
    detail = work.detail
    return {
        "mttf_h": detail.expected.mttf_s / 3600,
        "ettr": detail.expected.ettr,
        "training_goodput_tokens_per_s": work.rates["training_goodput_tokens_per_s"],
    }


def work_terms(site: SiteRun) -> dict[str, Terms]:
    """Return the numbers of the workloads by room, each under one name."""
    return {
        "perf": by_workload({w.name: _perf(w) for w in site.works}),
        "des": by_workload({w.name: _des(w) for w in site.works}),
        "econ": by_workload({w.name: unit_costs(site, w) for w in site.works}),
    }


def site_terms(site: SiteRun) -> Terms:
    """Return power and cost of the whole site."""
    return {
        "it_power_w": site.power.it_power_w,
        "facility_power_w": site.power.facility_power_w,
        "capex_cny": site.tco.capex_cny,
        "opex_cny_per_year": site.tco.opex_cny_per_year,
        "tco_cny": site.tco.tco_cny,
        "cny_per_card_hour": site.tco.cny_per_card_hour,
    }


def market_terms(run: ChainRun) -> Terms:
    """Return the incumbent's costs, the value of the card by workload, and how it moves the product line."""
    if run.value is None or run.incumbent is None:
        return {}
    rival = run.incumbent
    costs = by_workload(
        {w.name: {f"incumbent_cny_per_{w.main.name}": rival.cny_per_unit(w)} for w in rival.works}
    )
    parts = run.value.by_segment_cny
    return {
        **costs,
        **({f"{name}.value_in_use_price_cny": v for name, v in parts.items()} if len(parts) > 1 else {}),
        "value_in_use_price_cny": run.value.price_cny,
        "asp_factor": of_points(first_of(run.link.asp_factor)),
        "units_factor": of_points(first_of(run.link.units_factor)),
    }


def finance_terms(run: ChainRun) -> Terms:
    """Return revenue by year and the value per share."""
    if run.forecast is None or run.valuation is None:
        return {}
    revenue = dict(zip(run.forecast.years, run.forecast.revenue_kcny, strict=True))
    return {
        **{f"revenue_kcny {year}": of_points(amount) for year, amount in revenue.items()},
        **legs(run.valuation, run.valuation.currency),
    }


def _fabric(run: ChainRun) -> Terms:
    """Rates of the network, where the site has one that a workload uses."""
    work = run.own.work("training")
    if work is None:
        return {}
    network = work.detail.job.network
    return {
        "scale_up_bytes_per_s": float(network.scale_up_rate(network.scale_up_size)),
        "scale_out_bytes_per_s": float(network.scale_out_rate),
    }


def chain_terms(run: ChainRun) -> list[tuple[str, str, float]]:
    """Return the terms of the corridor in its order: room, name with unit, value. It ends where the scenario ends:
    without a market no card is valued, without a company nothing is forecast."""
    works = work_terms(run.own)
    rooms: list[tuple[str, Mapping[str, float]]] = [
        ("fabric", _fabric(run)),
        ("perf", works["perf"]),
        ("des", works["des"]),
        ("econ", {**site_terms(run.own), **works["econ"]}),
        ("market", market_terms(run)),
        ("finance", finance_terms(run)),
    ]
    return [(room, name, float(value)) for room, terms in rooms for name, value in terms.items()]
