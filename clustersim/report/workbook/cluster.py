"""The Cluster sheet: for every product line with a site of its own, from the card's numbers to its value in use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clustersim.pipeline.site import SiteRun
from clustersim.pipeline.value import ValuedCard, other_cost_of
from clustersim.planner.surface import POWER, Surface
from clustersim.report.workbook.book import PERCENT, PLAIN, WHOLE, Book
from clustersim.report.workbook.chip import reserve_target, write_chip
from clustersim.schema.tco import TcoSection

__all__ = ["LineSite", "write_cluster"]

HOURS = 8760.0
#: What formulas take in place of less and of more, where a term would divide by nothing.
_BOUNDS = {key: (least, math.inf) for key, least in (
    ("horizon", 0.01), ("wacc", -0.99), ("integration", -0.99), ("vat", -0.99), ("sold_share", 1e-6))}  # fmt: skip
_TERMS = ("horizon", "wacc", "residual", "maintenance", "integration", "vat", "sold_share", "pue")


@dataclass(frozen=True, slots=True)
class LineSite:
    """The site behind a product line.

    Attributes:
        product: the line.
        now: its card on its site against its incumbent, with every change.
        filed: the same under the market's events alone, which is what followers of the line see.
        surface: the site's response to its card's numbers; without one they are typed as the simulation gave them.
    """

    product: str
    now: ValuedCard
    filed: ValuedCard
    surface: Surface | None = None


def write_cluster(book: Book, sites: Mapping[str, LineSite]) -> None:
    """Write the sites one after another; keys of all but the first end in ``@product``."""
    book.sheet("Cluster", "cluster", timeline=False)
    book.sheet("Chip", "chip", timeline=False)
    if not sites:
        for sheet in ("Cluster", "Chip"):
            book.text(sheet, 3, 0, book.words("s.no_cluster"))
        return
    reserve_target(book, len(sites))
    market = next(iter(sites.values())).now.inputs.scenario.market
    assert market is not None
    book.section("Inputs", "s.market")
    for key in ("switching_discount", "value_share", "price_sensitivity", "outside_option"):
        number = getattr(market, key)
        book.input(key, number.value, source=number.source, tier=number.tier)
    book.input(
        "hours_per_year", HOURS, unit="h", source="src.year", tier="given", number=WHOLE, sheet="Record"
    )
    for i, site in enumerate(sites.values()):
        Site(book, site, "" if i == 0 else f"@{site.product}").write()


class Site:
    """One line's site while it is being written."""

    def __init__(self, book: Book, site: LineSite, end: str) -> None:
        self.book, self.site, self.end = book, site, end
        self.own, self.rival = site.now.own, site.now.incumbent
        self.price: dict[str, str] = {}

    def cell(self, key: str) -> str:
        """The address of a cell of this line."""
        return self.book.cell(f"{key}{self.end}")

    def add(self, key: str, formula: str, value: float, unit: str = "CNY", number: str = WHOLE) -> None:
        """Add a formula to the Cluster sheet."""
        self.book.scalar("Cluster", f"{key}{self.end}", formula, value, unit=unit, number=number)

    def record(self, key: str, value: float, unit: str = "", number: str = PLAIN) -> None:
        """Keep a number as the simulation gave it."""
        self.book.input(f"{key}{self.end}", value, unit=unit, source="src.simulation", tier="assumption",
                        number=WHOLE if abs(value) > 1000 and number == PLAIN else number, sheet="Record")  # fmt: skip

    def write(self) -> None:
        """Write the line's inputs, its card, both clusters, and what the card is worth."""
        name = self.site.product
        self.book.section("Inputs", "s.site", part=f"{name} ({self.site.now.inputs.name})")
        self.book.section("Record", "s.site", part=f"{name} ({self.site.now.inputs.name})")
        self._terms(self.site.now.inputs.tco)
        write_chip(
            self.book, self.site.product, self.site.surface, self.end, [w.name for w in self.own.works]
        )
        for side, one in (("own", self.own), ("incumbent", self.rival)):
            self._inputs(side, one)
        for side, one in (("own", self.own), ("incumbent", self.rival)):
            self.book.section("Cluster", f"s.{side}", part=f"{name}, {one.name}")
            self._cost(side, one)
        self._used_costs()
        self._value()
        self._events()

    def _terms(self, tco: TcoSection) -> None:
        for key in _TERMS:
            number = getattr(tco, key)
            look = PLAIN if key in {"horizon", "pue"} else PERCENT
            unit = "years" if key == "horizon" else "" if key == "pue" else "share"
            self.book.input(f"tco.{key}{self.end}", number.value, unit=unit, source=number.source, tier=number.tier,
                            number=look, bounds=_BOUNDS.get(key))  # fmt: skip
        kwh = self.own.power.facility_power_w / 1e3 * HOURS
        self.book.input(f"tco.tariff{self.end}", self.own.tco.electricity_cny_per_year / kwh, unit="CNY/kWh",
                        source=tco.tariff.source, tier=tco.tariff.tier)  # fmt: skip

    def _inputs(self, side: str, one: SiteRun) -> None:
        """What is bought and how it works: prices are typed, quantities and yields are the simulation's."""
        bill, given = one.bill, sum(work.share for work in one.works)
        self.record(f"{side}_cards", float(one.cards), "cards")
        self.record(f"{side}_cards_bought", float(bill.card_quantity), "cards")
        self.record(f"{side}_given_share", min(given, 1.0), "share", PERCENT)
        price, rest = (
            float(bill.card_cny) / float(bill.card_quantity),
            float(bill.hardware_cny - bill.card_cny),
        )
        kwargs: Any = {"unit": "CNY", "source": "src.bill", "tier": "derived", "number": WHOLE}
        key = self._price_key(side, price)
        if key not in self.book.scalars:
            self.book.input(key, price, **kwargs)
        self.price[side] = key
        self.book.input(f"{side}_other_hardware{self.end}", rest, **kwargs)
        self.book.input(f"{side}_fixed{self.end}", float(one.tco.fixed_cny_per_year), unit="CNY/year",
                        source="src.scenario", tier="assumption", number=WHOLE)  # fmt: skip
        self.record(f"{side}_filed_power", float(one.power.it_power_w) / 1e3, "kW")
        for work in one.works:
            self.record(f"{side}_filed_yield:{work.name}", float(work.main.per_card_hour), _made(work))
            if side == "own":
                self.record(f"work_share:{work.name}", float(work.share), "share", PERCENT)

    def _price_key(self, side: str, price: float) -> str:
        """The key of a card's price: an incumbent that several lines meet has one, so that its price moves them all."""
        site = self.site.now.inputs if side == "own" else self.site.now.inputs.incumbent
        key = f"{side}_card_price:{site.parts.card.name if site is not None else side}"
        shared = side == "incumbent" and (key not in self.book.values or self.book.values[key] == price)
        return key if shared else f"{key}{self.end}"

    def _response(self, key: str) -> str:
        """The factor of the card's numbers on an output, where there is a surface."""
        return f"*{self.cell(f'response:{key}')}" if self.site.surface is not None else ""

    def _cost(self, side: str, one: SiteRun) -> None:
        cell, tco = self.cell, one.tco
        price = self.book.cell(self.price[side])
        hardware = f"{cell(f'{side}_other_hardware')}+{cell(f'{side}_cards_bought')}*{price}"
        self.add(f"{side}_hardware", hardware, float(one.bill.hardware_cny))
        marked = f"(1+{cell('tco.integration')})*(1+{cell('tco.vat')})"
        self.add(f"{side}_capex", f"{cell(f'{side}_hardware')}*{marked}", tco.capex_cny)
        w, n = cell("tco.wacc"), cell("tco.horizon")
        crf = tco.capital_cny_per_year / (tco.capex_cny * (1 - tco.residual * (1 + tco.wacc) ** -tco.years))
        recovery = f"IF(ABS({w})<1E-12,1/{n},{w}/(1-(1+{w})^-{n}))"
        self.add(f"{side}_capital_recovery", recovery, crf, "", "0.000000")
        kept = f"(1-{cell('tco.residual')}*(1+{w})^-{n})"
        capital = f"{cell(f'{side}_capex')}*{kept}*{cell(f'{side}_capital_recovery')}"
        self.add(f"{side}_capital", capital, tco.capital_cny_per_year, "CNY/year")
        moved = self._response(POWER) if side == "own" else ""
        self.add(
            f"{side}_it_power", f"{cell(f'{side}_filed_power')}{moved}", one.power.it_power_w / 1e3, "kW"
        )
        power = f"{cell(f'{side}_it_power')}*{cell('tco.pue')}*{self.book.cell('hours_per_year')}"
        paid = f"{power}*{cell('tco.tariff')}*{self.book.cell('tariff_factor')}"
        self.add(f"{side}_electricity", paid, tco.electricity_cny_per_year, "CNY/year")
        upkeep = f"{cell('tco.maintenance')}*{cell(f'{side}_capex')}"
        self.add(f"{side}_maintenance", upkeep, tco.maintenance_cny_per_year, "CNY/year")
        parts = "+".join(cell(f"{side}_{k}") for k in ("capital", "electricity", "maintenance", "fixed"))
        self.add(f"{side}_cost", parts, tco.cost_cny_per_year, "CNY/year")
        sold = f"{cell('tco.sold_share')}*{cell(f'{side}_given_share')}"
        self.add(f"{side}_sold_share", sold, float(tco.sold_share), "share", PERCENT)
        hours = f"{cell(f'{side}_cards')}*{self.book.cell('hours_per_year')}*{cell(f'{side}_sold_share')}"
        self.add(
            f"{side}_card_hour", f"{cell(f'{side}_cost')}/({hours})", tco.cny_per_card_hour, "CNY/h", "0.0000"
        )
        for work in one.works:
            made, moved = f"{side}_yield:{work.name}", self._response(work.name) if side == "own" else ""
            filed = cell(f"{side}_filed_yield:{work.name}")
            self.add(made, f"{filed}{moved}", float(work.main.per_card_hour), _made(work), "0.0000")
            cost = f"{cell(f'{side}_card_hour')}/{cell(made)}"
            self.add(f"{side}_unit_price:{work.name}", cost, one.cny_per_unit(work), _paid(work), "0.0000")

    def _market(self, key: str, *, filed: bool = False) -> str:
        """A term of how buyers choose: one cell for all lines, and one of its own for a line whose scenario departs."""
        one = self.site.filed if filed else self.site.now
        market = one.inputs.scenario.market
        assert market is not None
        number, own = getattr(market, key), f"{key}{'.filed' if filed else ''}@{self.site.product}"
        if float(number.value) == self.book.value(key):
            return self.book.cell(key)
        if own not in self.book.scalars:
            self.book.input(own, float(number.value), source=number.source, tier=number.tier,
                            sheet="Record" if filed else "Inputs")  # fmt: skip
        return self.book.cell(own)

    def _used_costs(self) -> None:
        """The incumbent's cost of a unit, at most what the buyer's outside option costs."""
        cell, before = self.cell, self.site.now.shipped or self.rival
        price = self.book.cell(self.price["incumbent"])
        was = float(before.bill.card_cny) / float(before.bill.card_quantity)
        self.record("incumbent_shipped_price", was, "CNY")
        marked = f"(1+{cell('tco.integration')})*(1+{cell('tco.vat')})"
        kept = f"(1-{cell('tco.residual')}*(1+{cell('tco.wacc')})^-{cell('tco.horizon')})"
        yearly = f"({kept}*{cell('incumbent_capital_recovery')}+{cell('tco.maintenance')})"
        more = (
            f"({price}-{cell('incumbent_shipped_price')})*{cell('incumbent_cards_bought')}*{marked}*{yearly}"
        )
        hours = f"{cell('incumbent_cards')}*{self.book.cell('hours_per_year')}*{cell('incumbent_sold_share')}"
        shipped = f"({cell('incumbent_cost')}-{more})/({hours})"
        theirs = {work.name: work for work in before.works}
        for work, segment in zip(self.rival.works, self.site.now.value.segments, strict=True):
            self.record(
                f"incumbent_shipped_yield:{work.name}",
                float(theirs[work.name].main.per_card_hour),
                _made(work),
            )
            now = cell(f"incumbent_unit_price:{work.name}")
            then = f"({shipped})/{cell(f'incumbent_shipped_yield:{work.name}')}"
            most = f"MIN({now},{self._market('outside_option')}*{then})"
            used = segment.replaced_cny_per_year / (segment.share * segment.units_per_card_year)
            self.add(f"used_unit_price:{work.name}", most, used, _paid(work), "0.0000")

    def _value(self) -> None:
        cell, terms = self.cell, self.site.now.value
        self.book.section("Cluster", "s.value", part=self.site.product)
        residual = f"{cell('tco.residual')}*(1+{cell('tco.wacc')})^-{cell('tco.horizon')}"
        factor = f"{cell('own_capital_recovery')}*(1-{residual})+{cell('tco.maintenance')}"
        self.add("capital_factor", factor, terms.capital_factor, "", "0.000000")
        marked = f"(1+{cell('tco.integration')})*(1+{cell('tco.vat')})"
        markup = f"{marked}*{cell('own_cards_bought')}/{cell('own_cards')}"
        self.add("price_markup", markup, terms.price_markup, "", "0.0000")
        others = f"{cell('own_other_hardware')}/{cell('own_cards')}*{marked}"
        self.add("other_capex_per_card", others, terms.other_capex_cny)
        running = f"({cell('own_electricity')}+{cell('own_fixed')})/{cell('own_cards')}"
        spent = terms.energy_cny_per_year + terms.fixed_cny_per_year
        self.add("running_per_card", running, spent, "CNY/year")
        hours = f"{self.book.cell('hours_per_year')}*{cell('own_sold_share')}"
        names = [work.name for work in self.own.works]
        shares = "+".join(cell(f"work_share:{n}") for n in names)
        done = [f"{cell(f'work_share:{n}')}/({shares})*{cell(f'own_yield:{n}')}*{hours}"
                f"*{cell(f'used_unit_price:{n}')}" for n in names]  # fmt: skip
        kept = f"(1-{self._market('switching_discount')})"
        self.add("allowed_per_card", f"{kept}*({'+'.join(done)})", terms.allowed_cny_per_year, "CNY/year")
        rest = f"{cell('allowed_per_card')}-{cell('running_per_card')}"
        worth = f"(({rest})/{cell('capital_factor')}-{cell('other_capex_per_card')})/{cell('price_markup')}"
        self.add("value_in_use", worth, terms.price_cny)
        other = f"({cell('running_per_card')}/{cell('capital_factor')}+{cell('other_capex_per_card')})"
        self.add("other_cost", f"{other}/{cell('price_markup')}", other_cost_of(terms))

    def _events(self) -> None:
        """What the card is worth as the market sees it: as filed but for tariffs, the incumbent's price, the discount.

        The lines that follow this one go by it, as an event of the market reaches them and a change of this card does
        not.
        """
        filed, cell, terms = self.site.filed, self.cell, self.site.filed.value
        self.book.section("Cluster", "s.events", part=self.site.product)
        rival, before = filed.incumbent, filed.shipped or filed.incumbent
        bill = rival.bill
        price = self.book.cell(self.price["incumbent"])
        self.record("event_price", float(bill.card_cny) / float(bill.card_quantity), "CNY")
        same = _card(filed) == _card(self.site.now)
        dearer = f"({price}-{cell('event_price')})" if same else "0"
        a_price = _yearly_of_price(rival)
        tariff, option = self.book.cell("tariff_factor"), self._market("outside_option", filed=True)
        for name, value, unit in (
            ("filed_factor", terms.capital_factor, ""),
            ("filed_markup", terms.price_markup, ""),
            ("filed_capex", terms.other_capex_cny, "CNY"),
            ("electricity_per_card", terms.energy_cny_per_year, "CNY/year"),
            ("fixed_per_card", terms.fixed_cny_per_year, "CNY/year"),
        ):
            self.record(name, float(value), unit)
        done = []
        theirs = {work.name: work for work in before.works}
        for work, segment in zip(rival.works, terms.segments, strict=True):
            cost, then = float(rival.cny_per_unit(work)), float(before.cny_per_unit(theirs[work.name]))
            power, once = (
                float(one.tco.electricity_cny_per_year / one.tco.cost_cny_per_year) for one in (rival, before)
            )
            name = work.name
            self.record(
                f"units_a_year:{name}", float(segment.share * segment.units_per_card_year), "a card-year"
            )
            self.record(f"event_cost:{name}", cost * (1 - power), _paid(work), "0.0000")
            self.record(f"event_power:{name}", cost * power, _paid(work), "0.0000")
            self.record(
                f"event_price_part:{name}",
                cost * a_price / float(rival.tco.cost_cny_per_year),
                "",
                "0.0000000",
            )
            self.record(f"event_shipped:{name}", then * (1 - once), _paid(work), "0.0000")
            self.record(f"event_shipped_power:{name}", then * once, _paid(work), "0.0000")
            now = f"{cell(f'event_cost:{name}')}+{cell(f'event_power:{name}')}*{tariff}"
            now += f"+{cell(f'event_price_part:{name}')}*{dearer}"
            most = (
                f"{option}*({cell(f'event_shipped:{name}')}+{cell(f'event_shipped_power:{name}')}*{tariff})"
            )
            done.append(f"{cell(f'units_a_year:{name}')}*MIN({now},{most})")
        allowed = f"(1-{self._market('switching_discount', filed=True)})*({'+'.join(done)})"
        running = f"{cell('electricity_per_card')}*{tariff}+{cell('fixed_per_card')}"
        worth = (
            f"((({allowed})-({running}))/{cell('filed_factor')}-{cell('filed_capex')})/{cell('filed_markup')}"
        )
        self.add("event_value", worth, terms.price_cny)


def _made(work: Any) -> str:
    """The unit of what a card makes in an hour, by the name of what it makes."""
    return f"made:{work.main.name}"


def _paid(work: Any) -> str:
    """The unit of what that costs."""
    return f"paid:{work.main.name}"


def _card(one: ValuedCard) -> str:
    """The name of the incumbent's card."""
    return one.inputs.incumbent.parts.card.name if one.inputs.incumbent is not None else ""


def _yearly_of_price(one: SiteRun) -> float:
    """What a year costs more for each CNY of the card's price."""
    yearly = (one.tco.capital_cny_per_year + one.tco.maintenance_cny_per_year) / one.bill.hardware_cny
    return float(yearly * one.bill.card_quantity)
