"""The Cluster sheet: from what the simulation gave to the factors on price and units, by live formulas."""

from __future__ import annotations

import numpy as np

from clustersim.pipeline import ChainRun, SiteRun
from clustersim.report.units import UNITS
from clustersim.report.workbook.book import PERCENT, PLAIN, WHOLE, Book

__all__ = ["write_cluster"]

TIER, SOURCE = "assumption", "simulation of the scenario"


def write_cluster(book: Book, run: ChainRun | None) -> str | None:
    """Write both clusters' cost per million tokens and the card's value in use; return the line that it moves."""
    book.sheet("Cluster", "cluster", timeline=False)
    if run is None or run.incumbent is None or run.value is None or run.inputs.scenario.market is None:
        book.section(
            "Cluster", "no cluster, incumbent or market behind this forecast: nothing moves a product line"
        )
        return None
    market = run.inputs.scenario.market
    book.section("Inputs", "cluster and market")
    for key, value in (("switching_discount", market.switching_discount), ("value_share", market.value_share),
                       ("price_sensitivity", market.price_sensitivity)):  # fmt: skip
        book.input(key, value.value, source=value.source, tier=value.tier)
    _site(book, run)
    _cluster_inputs(book, "own", run.own)
    _cluster_inputs(book, "incumbent", run.incumbent)
    _cluster_cost(book, "own", run.own)
    _cluster_cost(book, "incumbent", run.incumbent)
    _value(book, run)
    _other_cost(book, run)
    worth = run.link.worth
    if worth is None:
        book.section("Cluster", "this card moves no product line of the forecast")
        return None
    if abs(float(np.asarray(worth.value_in_use_price_cny)) - run.value.price_cny) > 1e-6 * abs(
        run.value.price_cny
    ):
        book.section("Cluster", "the line moves by the scenario that stands for it, not by this one")
        return None
    return run.link.product


def _site(book: Book, run: ChainRun) -> None:
    site = run.inputs.tco
    for key in ("horizon", "wacc", "residual", "maintenance", "integration", "vat"):
        value = getattr(site, key)
        book.input(f"tco.{key}", value.value, unit=value.unit if value.unit != "1" else "", source=value.source,
                   tier=value.tier, number=PLAIN if key == "horizon" else PERCENT)  # fmt: skip
    book.input("hours_per_year", 8760.0, unit="h", source="365 days", tier="given", number=WHOLE)
    own = run.own
    yearly_kwh = own.power.facility_power_w / 1e3 * 8760
    book.input("tco.tariff", own.tco.electricity_cny_per_year / yearly_kwh, unit="CNY/kWh",
               source=site.tariff.source, tier=site.tariff.tier)  # fmt: skip
    book.input("tco.pue", site.pue.value, source=site.pue.source, tier=site.pue.tier)


def _cluster_inputs(book: Book, name: str, one: SiteRun) -> None:
    values = (
        ("cards", float(one.cards), "cards"), ("hardware", one.bill.hardware_cny, "CNY"),
        ("cards_bought", one.bill.card_quantity, "cards"), ("cards_price", one.bill.card_cny, "CNY"),
        ("it_power", one.power.it_power_w / 1e3, "kW"),
        ("fixed", one.tco.fixed_cny_per_year, "CNY/year"),
        ("sold_share", one.tco.sold_share, ""),
        *((f"{w.name}_yield", w.main.per_card_hour, f"{UNITS[w.main.name]} per card-hour") for w in one.works),
    )  # fmt: skip
    for key, value, unit in values:
        number = WHOLE if value > 1000 else PLAIN
        book.input(f"{name}_{key}", value, unit=unit, source=SOURCE, tier=TIER, number=number)


def _cluster_cost(book: Book, name: str, one: SiteRun) -> None:
    cell, tco = book.cell, one.tco
    book.section("Cluster", f"{name} cluster")

    def add(key: str, formula: str, value: float, unit: str = "CNY", number: str = WHOLE) -> None:
        book.scalar("Cluster", f"{name}_{key}", formula, value, unit=unit, number=number)

    hardware = cell(f"{name}_hardware")
    add("capex", f"{hardware}*(1+{cell('tco.integration')})*(1+{cell('tco.vat')})", tco.capex_cny)
    w, n = cell("tco.wacc"), cell("tco.horizon")
    crf = tco.capital_cny_per_year / (tco.capex_cny * (1 - tco.residual * (1 + tco.wacc) ** -tco.years))
    add("capital_recovery", f"IF(ABS({w})<1E-12,1/{n},{w}/(1-(1+{w})^-{n}))", crf, "", "0.000000")
    kept = f"(1-{cell('tco.residual')}*(1+{w})^-{n})"
    add(
        "capital",
        f"{cell(f'{name}_capex')}*{kept}*{cell(f'{name}_capital_recovery')}",
        tco.capital_cny_per_year,
    )
    power = f"{cell(f'{name}_it_power')}*{cell('tco.pue')}"
    add("electricity", f"{power}*{cell('hours_per_year')}*{cell('tco.tariff')}", tco.electricity_cny_per_year)
    add("maintenance", f"{cell('tco.maintenance')}*{cell(f'{name}_capex')}", tco.maintenance_cny_per_year)
    parts = [cell(f"{name}_{k}") for k in ("capital", "electricity", "maintenance", "fixed")]
    add("cost", "+".join(parts), tco.cost_cny_per_year, "CNY/year")
    sold = cell(f"{name}_sold_share")
    add("card_hour", f"{cell(f'{name}_cost')}/({cell(f'{name}_cards')}*{cell('hours_per_year')}*{sold})",
        tco.cny_per_card_hour, "CNY/h", "0.0000")  # fmt: skip
    for work in one.works:
        made, unit = cell(f"{name}_{work.name}_yield"), UNITS[work.main.name]
        add(f"{work.name}_cost", f"{cell(f'{name}_card_hour')}/{made}", one.cny_per_unit(work), f"CNY per {unit}",
            "0.0000")  # fmt: skip


def _value(book: Book, run: ChainRun) -> None:
    assert run.value is not None and run.incumbent is not None
    cell, terms = book.cell, run.value
    book.section("Cluster", "value in use of the card")

    def add(key: str, formula: str, value: float, unit: str = "CNY", number: str = WHOLE) -> None:
        book.scalar("Cluster", key, formula, value, unit=unit, number=number)

    factor = f"{cell('own_capital_recovery')}*(1-{cell('tco.residual')}*(1+{cell('tco.wacc')})^-{cell('tco.horizon')})"
    add("capital_factor", f"{factor}+{cell('tco.maintenance')}", terms.capital_factor, "", "0.000000")
    add(
        "price_markup",
        f"(1+{cell('tco.integration')})*(1+{cell('tco.vat')})*{cell('own_cards_bought')}/{cell('own_cards')}",
        terms.price_markup,
        "",
        "0.0000",
    )
    rest = f"({cell('own_hardware')}-{cell('own_cards_price')})/{cell('own_cards')}"
    others = f"{rest}*(1+{cell('tco.integration')})*(1+{cell('tco.vat')})"
    add("other_capex_per_card", others, terms.other_capex_cny)
    running = "+".join(cell(f"own_{k}") for k in ("electricity", "fixed"))
    add(
        "running_per_card",
        f"({running})/{cell('own_cards')}",
        terms.energy_cny_per_year + terms.fixed_cny_per_year,
    )
    others, factor = cell("other_capex_per_card"), cell("capital_factor")
    rest = f"{cell('running_per_card')})/{factor}-{others})/{cell('price_markup')}"
    kept, sold = f"(1-{cell('switching_discount')})", cell("own_sold_share")
    replaced = []
    for work in run.own.works:
        book.input(f"{work.name}_share", work.share, source="scenario", tier=TIER, number=PERCENT)
        made = f"{cell(f'own_{work.name}_yield')}*{cell('hours_per_year')}*{sold}"
        replaced.append(f"{cell(f'{work.name}_share')}*{made}*{cell(f'incumbent_{work.name}_cost')}")
    add("allowed_per_card", f"{kept}*({'+'.join(replaced)})", terms.allowed_cny_per_year, "CNY/year")
    add("value_in_use", f"(({cell('allowed_per_card')}-{rest}", terms.price_cny)


def _other_cost(book: Book, run: ChainRun) -> None:
    """What the card makes its buyer spend beside its price: with the value in use it moves the line."""
    from clustersim.pipeline import other_cost_of

    assert run.value is not None
    cell = book.cell
    running = f"{cell('running_per_card')}/{cell('capital_factor')}"
    other = f"({running}+{cell('other_capex_per_card')})/{cell('price_markup')}"
    book.scalar("Cluster", "other_cost", other, other_cost_of(run.value), unit="CNY", number=WHOLE,
                name="other costs of the buyer, capitalised, in terms of the price")  # fmt: skip
