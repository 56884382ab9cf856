"""Sections of the company: the thesis, its products, its statements and what they are worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from clustersim.finance.capital import capital_warnings
from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.content.scales import scales
from clustersim.report.labels import label
from clustersim.report.labels.notes import translated

if TYPE_CHECKING:
    from clustersim.report.content.note import Asked

__all__ = ["after_said", "forecast", "products", "thesis", "valuation"]

_SUMMARY = (
    "revenue", "gross_profit", "research_and_development_expenses", "operating_profit", "net_finance_cost",
    "income_tax", "net_profit",
)  # fmt: skip
_BALANCE = (
    ("balance", "cash_and_cash_equivalents"), ("balance", "inventories"), ("balance", "trade_and_notes_receivables"),
    ("balance", "trade_and_other_payables"), ("balance", "borrowings"), ("balance", "total_assets"),
    ("balance", "total_equity"), ("cash_flow", "net_cash_from_operating"), ("cash_flow", "net_cash_from_investing"),
    ("cash_flow", "net_cash_from_financing"),
)  # fmt: skip
_DCF = ("ebit", "depreciation_and_amortisation", "tax", "change_in_working_capital", "capital_expenditure",
        "free_cash_flow")  # fmt: skip


def _rows(asked: Asked, table: str) -> dict[str, int]:
    """Where each item of a table of the forecast stands."""
    return {row["item"]: i for i, row in enumerate(asked.answers["forecast"][table])}


def thesis(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The target price, growth, the legs of the value, and how sure they are."""
    run, big = asked.run, scales(tell.language)
    years, currency = run.company.years, run.company.currency
    at = _rows(asked, "income")
    title = run.file.title or run.file.name

    def money(item: str, year: str) -> str:
        return tell.number(f"forecast:income.{at[item]}.{year}", big.digits, big.kcny)

    said = "thesis_withheld" if asked.withheld else "thesis_target"
    yield Paragraph(
        tell.say(said, title=title, currency=currency, target=tell.number("forecast:target_price"),
                 upside=tell.number("forecast:upside", "+.1%"), price=tell.number("moves:market_price"),
                 rating=tell.say(asked.rating)))  # fmt: skip
    if asked.withheld:
        yield from _why_withheld(tell, asked)
    yield Paragraph(
        tell.say("thesis_growth", first=years[0], last=years[-1], from_=money("revenue", years[0]),
                 to=money("revenue", years[-1]), ebit_from=money("operating_profit", years[0]),
                 ebit_to=money("operating_profit", years[-1])), "bullet")  # fmt: skip
    yield Paragraph(_legs_said(tell, asked), "bullet")
    if asked.answers["mc"]["ranges"]:
        quantile = {row["percentile"]: i for i, row in enumerate(asked.answers["mc"]["percentiles"])}
        p = {
            q: tell.number(f"mc:percentiles.{quantile[q]}.target_price", ",.1f")
            for q in ("P10", "P50", "P90")
        }
        above = tell.number("mc:share_above_market_price", ".0%")
        said = tell.say(
            "thesis_draws", currency=currency, p10=p["P10"], p50=p["P50"], p90=p["P90"], above=above
        )
        yield Paragraph(said, "bullet")
    if "run" in asked.answers and tell.has("run:market.value_in_use_price_cny"):
        yield Paragraph(
            tell.say("thesis_card", scenario=run.name, incumbent=tell.raw("run:market.incumbent"),
                     hour=tell.number("run:tco.cny_per_card_hour"),
                     value=tell.number("run:market.value_in_use_price_cny", ",.0f")), "bullet")  # fmt: skip
        yield from _worth_of_its_price(tell, asked)
    if tell.has("cases:expected_target_price"):
        expected = tell.number("cases:expected_target_price")
        yield Paragraph(tell.say("expected", currency=currency, expected=expected), "bullet")
    if run.company.printed is not None:
        from clustersim.finance.valuation import WHY_DIFFERENT

        printed = tell.number(f"value:conventions.0.target_price_{currency.lower()}")
        yield Paragraph(
            tell.say("thesis_printed", currency=currency, printed=printed, why=WHY_DIFFERENT), "remark"
        )


def _why_withheld(tell: Teller, asked: Asked) -> Iterator[Block]:
    """What the target price fails by, where it is no answer."""
    for warning in capital_warnings(asked.run.company):
        yield Paragraph(translated(warning, tell.language), "bullet")
    if float(tell.raw("forecast:target_price")) <= 0:
        yield Paragraph(tell.say("withheld_price"), "bullet")
    yield from _failed_checks(tell, asked)


def _failed_checks(tell: Teller, asked: Asked) -> Iterator[Block]:
    for row in asked.answers["forecast"]["failed_checks"]:
        yield Paragraph(
            tell.say("checks_fail", year=row["year"], check=label(row["check"], tell.language)), "bullet"
        )


def _worth_of_its_price(tell: Teller, asked: Asked) -> Iterator[Block]:
    """Where the card is worth less to this site's buyer than the forecast sells it for: what the rating rests on then.

    The target price moves with the change of the worth since the anchor alone, so that a card that is worth nothing
    here stands beside whatever rating its company's file gives.
    """
    chain = asked.run.chain
    if chain is None or chain.link.product is None:
        return
    product, worth = chain.link.product, float(tell.raw("run:market.value_in_use_price_cny"))
    rows = asked.answers["forecast"]["products"]
    i = next((i for i, row in enumerate(rows) if row["product"] == product), None)
    if i is None or worth >= 1e3 * rows[i]["asp_kcny"]:
        return
    if worth < 0:
        yield Paragraph(tell.say("thesis_worthless"), "bullet")
    price = tell.number(f"forecast:products.{i}.asp_kcny", ",.0f", 1e3)
    yield Paragraph(tell.say("thesis_dear", product=product, price=price, year=rows[i]["year"]), "bullet")


def _legs_said(tell: Teller, asked: Asked) -> str:
    big, currency = scales(tell.language), asked.run.company.currency
    base, low = _base(asked), currency.lower()
    dcf = tell.number(f"value:conventions.{base}.dcf_{low}_m", big.digits, big.m)
    peers = tell.say("legs_no_peers")
    if asked.run.company.peers is not None:
        ps = tell.number(f"value:conventions.{base}.ps_{low}_m", big.digits, big.m)
        peers = tell.say("legs_peers", currency=currency, ps=ps)
    return tell.say("thesis_legs", currency=currency, dcf=dcf, peers=peers, after=after_said(tell, asked))


def after_said(tell: Teller, asked: Asked) -> str:
    """How much of the enterprise value lies after the last year: a share, or where a part is negative both parts."""
    last, big = asked.run.company.years[-1], scales(tell.language)
    later, flows = (
        f"value:conventions.{_base(asked)}.{part}" for part in ("pv_terminal_kcny", "pv_fcf_kcny")
    )
    if min(float(tell.raw(later)), float(tell.raw(flows))) >= 0 < float(tell.raw(later)):
        return tell.say("after_share", last=last, share=tell.share(later, (later, flows)))
    parts = {"flows": flows, "terminal": later}
    told = {name: tell.number(key, big.digits, big.kcny) for name, key in parts.items()}
    return tell.say("after_parts", last=last, **told)


def _base(asked: Asked) -> int:
    """Which of the conventions is the recomputed one."""
    return 1 if asked.run.company.printed is not None else 0


def products(tell: Teller, asked: Asked) -> Iterator[Block]:
    """Units, prices and revenue by product."""
    big = scales(tell.language)
    at = {(row["product"], row["year"]): i for i, row in enumerate(asked.answers["forecast"]["products"])}
    names = list(dict.fromkeys(name for name, _ in at))
    cards = [name for name in names if name != "services"]

    def table(title: str, field: str, pattern: str, scale: float) -> Table:
        def cell(name: str, year: str) -> str:
            if (name, year) not in at:
                return "–"
            return tell.number(f"forecast:products.{at[name, year]}.{field}", pattern, scale)

        rows = tuple((name, *(cell(name, y) for y in asked.years)) for name in cards)
        return Table(tell.say(title), (tell.say("product"), *asked.years), rows)

    def shown(name: str) -> str:
        return tell.say("services") if name == "services" else name

    def revenue(name: str, year: str) -> float:
        found = (name, year) in at
        return tell.value(f"forecast:products.{at[name, year]}.revenue_kcny", big.kcny) if found else 0.0

    every = asked.run.company.years
    series = tuple((shown(name), tuple(revenue(name, y) for y in every)) for name in names)
    year = every[min(2, len(every) - 1)]
    sold = [name for name in cards if revenue(name, year) > 0]
    if not sold:
        yield Paragraph(tell.say("products_none", year=year))
    else:
        largest = max(sold, key=lambda name: revenue(name, year))
        wholes = [f"forecast:products.{at[n, year]}.revenue_kcny" for n in names if (n, year) in at]
        share = tell.share(f"forecast:products.{at[largest, year]}.revenue_kcny", wholes)
        yield Paragraph(tell.say("products_said", product=largest, year=year, share=share))
    if not names:
        return
    yield Chart("stacked", tell.say("products_revenue"), "", tuple(every), series)
    yield table("products_units", "units", ",.1f", 1e-3)
    yield table("products_prices", "asp_kcny", ",.1f", 1.0)


def forecast(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The statements in short, and their ratios."""
    big, history = scales(tell.language), asked.run.company.history.actual_years
    years = (*history, *asked.years)
    if not asked.answers["forecast"]["failed_checks"]:
        yield Paragraph(tell.say("checks_hold"))
    yield from _failed_checks(tell, asked)
    at = _rows(asked, "income")

    def values(item: str) -> tuple[float, ...]:
        return tuple(tell.value(f"forecast:income.{at[item]}.{y}", big.kcny) for y in asked.run.company.years)

    lines = tuple(
        (label(item, tell.language), values(item)) for item in ("revenue", "operating_profit", "net_profit")
    )
    yield Chart("clustered", tell.say("profits"), "", tuple(asked.run.company.years), lines)
    yield _statement(tell, asked, "summary", [("income", item) for item in _SUMMARY], years)
    yield _ratios(tell, asked)
    yield _statement(tell, asked, "balance_cash", _BALANCE, years)


def _statement(
    tell: Teller, asked: Asked, title: str, items: Sequence[tuple[str, str]], years: Sequence[str]
) -> Table:
    """Lines of the statements in millions of CNY."""
    rows = []
    for statement, item in items:
        at = _rows(asked, statement)
        if item in at:
            cells = (tell.number(f"forecast:{statement}.{at[item]}.{y}", ",.0f", 1e-3) for y in years)
            rows.append((label(item, tell.language), *cells))
    return Table(tell.say(title), (tell.say("item"), *years), tuple(rows))


def _ratios(tell: Teller, asked: Asked) -> Table:
    rows = []
    for i, row in enumerate(asked.answers["forecast"]["ratios"]):
        if "dilution" in row["item"] or "adjusted" in row["item"]:
            continue
        cells = (
            tell.number(f"forecast:ratios.{i}.{y}", ",.1f" if "%" in row["item"] else ",.2f")
            for y in asked.years
        )
        rows.append(
            (label(row["item"].removesuffix(f", {asked.run.company.currency}"), tell.language), *cells)
        )
    return Table(tell.say("ratios"), (tell.say("item"), *asked.years), tuple(rows))


def valuation(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The legs of the target price, the free cash flow, the conventions and the football field."""
    low, big = asked.run.company.currency.lower(), scales(tell.language)
    currency, base = asked.run.company.currency, _base(asked)
    parts = (
        ("pv_fcf", "pv_fcf_kcny", big.kcny), ("pv_terminal", "pv_terminal_kcny", big.kcny),
        ("dcf_leg", f"dcf_{low}_m", big.m), ("ps_leg", f"ps_{low}_m", big.m),
        ("target_per_share", f"target_price_{low}", 1.0),
    )  # fmt: skip
    columns = [tell.say("recomputed")] + ([tell.say("printed")] if base else [])
    shown = (1, 0) if base else (0,)

    def cells(key: str, scale: float) -> list[str]:
        if key.startswith("ps_") and asked.run.company.peers is None:
            return ["–" for _ in shown]
        pattern = ",.2f" if scale == 1 else big.digits
        return [tell.number(f"value:conventions.{i}.{key}", pattern, scale) for i in shown]

    rows = tuple((tell.say(name, currency=currency), *cells(key, scale)) for name, key, scale in parts)
    yield Table(tell.say("legs"), (tell.say("item"), *columns), rows)
    reverse = asked.answers["value"]["reverse_dcf"]
    market = next(i for i, row in enumerate(reverse) if row["of"] == "market price")
    if tell.has(f"value:reverse_dcf.{market}.implied_wacc_pct"):
        wacc = tell.number(f"value:reverse_dcf.{market}.implied_wacc_pct", ".1f")
        key = f"value:reverse_dcf.{market}.implied_flow_haircut_pct"
        lower = float(tell.raw(key)) >= 0
        cut = tell.number(key, ".0f", 1.0 if lower else -1.0)
        yield Paragraph(
            tell.say("reverse" if lower else "reverse_higher", wacc=f"{wacc}%", haircut=f"{cut}%")
        )
    yield _football_field(tell, asked)
    yield _free_cash_flow(tell, asked)
    found = asked.answers["value"]["conventions"]
    prices = tuple(
        (_convention(row["convention"], tell.language),
         tell.number(f"value:conventions.{i}.target_price_{low}")) for i, row in enumerate(found)
    )  # fmt: skip
    yield Table(tell.say("conventions", currency=currency), (tell.say("convention"), currency), prices)


def _convention(name: str, language: str) -> str:
    """A convention in the language; one that names a date or a multiple keeps it."""
    for key in ("dated flows, stub of the first year, valued ", "dated flows, valued ", "exit at "):
        if name.startswith(key):
            return label(key.strip(), language, rest=name.removeprefix(key))
    return label(name, language)


def _free_cash_flow(tell: Teller, asked: Asked) -> Table:
    at, years = _rows(asked, "dcf"), asked.years
    rows = tuple(
        (label("income_tax" if item == "tax" else "operating_profit" if item == "ebit" else item, tell.language),
         *(tell.number(f"forecast:dcf.{at[item]}.{y}", ",.0f", 1e-3) for y in years)) for item in _DCF
    )  # fmt: skip
    return Table(tell.say("free_cash_flow"), (tell.say("item"), *years), rows)


def _football_field(tell: Teller, asked: Asked) -> Chart:
    """From where to where each way of valuing puts the target price."""
    low, currency = asked.run.company.currency.lower(), asked.run.company.currency
    bars: list[tuple[str, list[str]]] = [("field_grid", _grid_keys(asked))]
    start = _base(asked)
    count = len(asked.answers["value"]["conventions"])
    bars.append(
        ("field_conventions", [f"value:conventions.{i}.target_price_{low}" for i in range(start, count)])
    )
    if "cases" in asked.answers:
        bars.append(
            (
                "field_cases",
                [f"cases:cases.{i}.target_price" for i in range(len(asked.answers["cases"]["cases"]))],
            )
        )
    if asked.answers["mc"]["ranges"]:
        ends = [
            i for i, r in enumerate(asked.answers["mc"]["percentiles"]) if r["percentile"] in {"P10", "P90"}
        ]
        bars.append(("field_draws", [f"mc:percentiles.{i}.target_price" for i in ends]))
    if tell.has(f"run:intervals.target_price_{low}.p10"):
        bars.append(("field_chain", [f"run:intervals.target_price_{low}.{p}" for p in ("p10", "p90")]))
    found = [(tell.say(name), [tell.value(key) for key in keys]) for name, keys in bars if keys]
    lines = [
        (tell.say("market_price"), tell.value("moves:market_price")),
        (tell.say("target"), tell.value("forecast:target_price")),
    ]
    if start:
        lines.append((tell.say("printed"), tell.value(f"value:conventions.0.target_price_{low}")))
    series = (
        (tell.say("low"), tuple(min(v) for _, v in found)),
        (tell.say("high"), tuple(max(v) for _, v in found)),
    )
    return Chart(
        "range",
        tell.say("field", currency=currency),
        currency,
        tuple(n for n, _ in found),
        series,
        tuple(lines),
    )


def _grid_keys(asked: Asked) -> list[str]:
    """The cells of the grid of WACC and growth around its middle, one step either way."""
    rows: list[dict[str, Any]] = asked.answers["grid"]
    if len(rows) < 9:
        return []
    middle = len(rows) // 2
    columns = [name for name in rows[0] if name.startswith("terminal_growth=")]
    half = len(columns) // 2
    return [f"grid:{r}.{c}" for r in range(middle - 1, middle + 2) for c in columns[half - 1 : half + 2]]
