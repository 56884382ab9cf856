"""``clustersim forecast``: the company model behind the target price; ``audit``, ``anchors`` and ``export`` of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clustersim.cli.helps import grouped, spoken_as_written
from clustersim.cli.names import DRAWS, SCENARIO, Finite
from clustersim.cli.options import answers
from clustersim.errors import InputError
from clustersim.report.language import language

if TYPE_CHECKING:
    from clustersim import Answer, Company, Scenario

_TABLES = ("income", "balance", "cash_flow", "dcf", "products", "ratios", "checks")
_FILE = click.argument("file", type=click.Path())


@grouped()
def command() -> None:
    """Statements, recovery, calibration, conventions, grids, cases and Monte Carlo of the company."""


@answers(command, of="company")
@click.option(
    "--table", "which", type=click.Choice(_TABLES), multiple=True, help="Show only these tables. Repeatable."
)
@click.option("--proceeds", is_flag=True, help="Let the listing proceeds arrive in the first year.")
def show(company: Company, which: tuple[str, ...], proceeds: bool) -> Answer:
    """Show the statements, the cash-flow table, the products and the checks of SCENARIO."""
    return company.show(*which, proceeds=proceeds)


@answers(command, of="company")
def recover(company: Company) -> Answer:
    """Recover the revenue that the report does not print, and say how strongly its rows support it."""
    return company.recover()


@answers(command, of="company")
@click.option(
    "--write", is_flag=True, help="Print the block `products` of the company file instead of the table."
)
def calibrate(company: Company, write: bool) -> Answer:
    """Solve units and prices by product from the printed revenue; bands, and what is not identified.

    `--write` prints the drivers that the company file then holds: nothing is rescaled behind it.
    """
    answer = company.calibrate()
    return answer.as_file() if write else answer.without_raw()


@answers(command, of="company")
@click.option(
    "--date", "when", show_default="as_of of the company file", help="Valuation date of dated flows."
)
@click.option(
    "--exit-multiple", type=Finite(0, min_open=True), help="Also value an exit at this multiple of EBITDA."
)
def value(company: Company, when: str | None, exit_multiple: float | None) -> Answer:
    """Value SCENARIO under the usual conventions, and backwards from the printed value and the market price."""
    return company.value(when=when, exit_multiple=exit_multiple)


@answers(command, of="company")
@click.option(
    "--kind", type=click.Choice(["wacc-growth", "asp-units"]), default="wacc-growth", show_default=True,
    help="Over what: discount rate and growth, or prices and units.",
)  # fmt: skip
def grid(company: Company, kind: str) -> Answer:
    """Target price over WACC x growth, or price x volume, around the case."""
    return company.grid(kind)


@answers(command, of="company")
def cases(company: Company) -> Answer:
    """Run the named cases of the company file beside the base, and the way to each, input by input."""
    return company.cases()


@answers(command, of="company")
@click.option("-n", "--samples", type=click.IntRange(100, 1_000_000), default=10_000, show_default=True,
              help="Samples that are drawn.")  # fmt: skip
def mc(company: Company, samples: int) -> Answer:
    """Draw the uncertain inputs of the company: P10, P50, P90 of the target price.

    For the uncertain inputs of the cards and the cluster as well, use `clustersim mc`.
    """
    return company.mc(samples=samples)


@answers(command, of="company")
def moves(company: Company) -> Answer:
    """Move each uncertain input over its range, and say at which value the target price would be the market's."""
    return company.moves()


@answers(command, of="company")
@_FILE
@click.option("--rate", "rates", multiple=True, help="CNY per unit of a currency: EUR=7.8. Repeatable.")
def consensus(company: Company, file: str, rates: tuple[str, ...]) -> Answer:
    """Put ours beside a consensus FILE (CSV as a data vendor exports it, columns by alias)."""
    return company.consensus(file, rates=_rates(rates))


def _rates(texts: tuple[str, ...]) -> dict[str, float]:
    out = {}
    for text in texts:
        code, _, value = text.partition("=")
        try:
            out[code.strip().upper()] = float(value)
        except ValueError:
            raise InputError(
                f"--rate {text!r}: write a currency and CNY per unit of it, for example EUR=7.8"
            ) from None
        if out[code.strip().upper()] <= 0:
            raise InputError(f"--rate {text!r}: a rate is greater than zero")
    return out


@answers(command, of="company")
def demand(company: Company) -> Answer:
    """Hold the forecast against its market: which share of the domestic makers' sales it means, year by year."""
    return company.demand()


@answers(command, of="", name="compare")
@click.argument("names", nargs=-1)
def side_by_side(names: tuple[str, ...]) -> Answer:
    """Put companies (or scenarios) side by side; without NAMES every company file that is found."""
    import clustersim as cs

    return cs.companies(*names)


@answers(command, of="company")
@click.option("--quarters", is_flag=True, help="By quarters.")
def halves(company: Company, quarters: bool) -> Answer:
    """Show the income statement by halves or quarters."""
    return company.halves(quarters=quarters)


@answers(command, of="company")
@click.argument("file", required=False, type=click.Path())
@click.option("--half", help="The half that FILE reports, for example 2026H1.")
def actuals(company: Company, file: str | None, half: str | None) -> Answer:
    """Hold reported halves against the forecast, and lead the target price from before to after.

    Figures come from `actuals` of the company file, or from FILE: a CSV of `line,value` in thousand CNY, or with a unit
    in the heading (`value (CNY mn)`).
    """
    return company.actuals(file, half=half)


@answers(command, of="company")
def roll(company: Company) -> Answer:
    """Roll the base a year on: the first flow becomes cash, the others come nearer, the multiple is the next year's."""
    return company.roll()


@answers(command, of="company")
def sotp(company: Company) -> Answer:
    """Value the lines one by one, each by its own multiple (`sotp` of the company file) or the peers'."""
    return company.sotp()


@answers(command, of="company")
def departures(company: Company) -> Answer:
    """List where our drivers depart from the printed ones, what each is worth alone, and the journal of changes."""
    return company.departures()


@answers(command, of="company")
@_FILE
@click.option("--only", is_flag=True, help="Take the companies of FILE alone: others leave the group.")
def comps(company: Company, file: str, only: bool) -> Answer:
    """Refresh the peers from FILE (CSV, long or with years across): multiples and target price before and after.

    Prints the block `peers.members` for the company file.
    """
    return company.comps(file, only=only)


@answers(command, of="company")
def through(company: Company) -> Answer:
    """Split what the cards' worth does to the target price of SCENARIO: by line, by multiple and cash flow, by year."""
    return company.through()


@grouped()
def export() -> None:
    """Take a forecast away: a live workbook, a research note, slides, or evidence that `verify` recomputes."""


@answers(export, of="company", needs_folder=True)
@click.option("--case", default="base", show_default=True, help="Case that the selector stands on.")
@click.option(
    "--labels",
    type=click.Choice(["en", "zh", "both"]),
    default=language,
    show_default="that of --lang",
    help="Language.",
)
@click.option("--audit", "tables", type=click.Path(), help="Folder of printed tables to audit into a sheet.")
def xlsx(company: Company, case: str, labels: str, tables: str | None) -> Answer:
    """Write SCENARIO as NAME.xlsx into the folder -o: inputs, statements, DCF, sensitivities, charts, checks."""
    return company.workbook(case=case, labels=labels, audit=tables)


_LANGUAGE = click.option(
    "--language", "--lang", type=click.Choice(["en", "zh", "both"]), default=language, show_default="that of --lang",
    callback=spoken_as_written, is_eager=True, help="English, Chinese, or a document of each.",
)  # fmt: skip
_KIND = click.option(
    "--kind", type=click.Choice(["initiation", "update"]), default="initiation", show_default=True,
    help="An update says what the changed inputs do to the target price.",
)  # fmt: skip


def _languages(language: str) -> tuple[str, ...]:
    return ("en", "zh") if language == "both" else (language,)


@answers(export, of="company", needs_folder=True)
@_LANGUAGE
@_KIND
@click.option(
    "--as",
    "form",
    type=click.Choice(["docx", "pdf", "both"]),
    default="both",
    show_default=True,
    help="Form.",
)
def note(company: Company, language: str, kind: str, form: str) -> Answer:
    """Write a research note on SCENARIO into the folder -o, as NAME-LANGUAGE.docx and .pdf.

    Thesis, corridor, products, forecast, valuation, scenarios, what would change our mind, risks, assumptions with
    tiers, disclosures as a template. Every number is one that the commands print.
    """
    forms = ("docx", "pdf") if form == "both" else (form,)
    return company.note(forms=forms, languages=_languages(language), kind=kind)


@answers(export, of="company", needs_folder=True)
@_LANGUAGE
@_KIND
def slides(company: Company, language: str, kind: str) -> Answer:
    """Write the note on SCENARIO as slides with native charts into the folder -o, NAME-LANGUAGE.pptx."""
    return company.slides(languages=_languages(language), kind=kind)


@answers(export, of="company", needs_folder=True)
def bundle(company: Company) -> Answer:
    """Write inputs, profiles, versions, seeds, digests and outputs of SCENARIO into the new folder -o.

    `clustersim verify` recomputes all of it from the folder alone, on any machine, offline.
    """
    return company.bundle()


@answers(needs_folder=True)
@click.argument("more", nargs=-1, type=SCENARIO, metavar="[OTHER]...")
@click.option("--against", "others", multiple=True, required=True, type=SCENARIO,
              help="A scenario to be held against. Repeatable; more of them may follow it.")  # fmt: skip
@_LANGUAGE
@click.option(
    "--as", "forms", multiple=True, type=click.Choice(["pdf", "docx", "pptx", "xlsx", "html", "bundle"]),
    help="Form, repeatable; all of them by default.",
)  # fmt: skip
@click.option("--draws", type=DRAWS, help="Draws behind the intervals.")
def proposal(
    scenario: Scenario, more: tuple[str, ...], others: tuple[str, ...], language: str, forms: tuple[str, ...],
    draws: int | None,
) -> Answer:  # fmt: skip
    """Write a proposal of SCENARIO against others at the same demand into the folder -o.

    Need, design, performance with intervals, reliability, bill, cash, cost against each alternative, risks, sources,
    terms as a template: as documents, a live workbook, a page with sliders, and the evidence that `verify` recomputes.
    """
    return scenario.proposal(*others, *more, languages=_languages(language), forms=forms, draws=draws)


@answers(of="")
@click.argument("folder", metavar="BUNDLE", type=click.Path())
def verify(folder: str) -> Answer:
    """Recompute BUNDLE from its own files and print what differs; exit with 5 when anything does."""
    import clustersim as cs

    return cs.verify(folder)


@answers(of="")
@click.argument("folder", type=click.Path())
@click.option("--all", "everything", is_flag=True, help="Show in the table what is right, too.")
@click.option("--strict", is_flag=True, help="Exit with 5 when anything is wrong.")
@click.option(
    "--listing-proceeds", "proceeds", default="0 HKD", show_default=True,
    help="Proceeds of a listing that the cash flow leaves out, for the bridge: '5 GHKD'.",
)  # fmt: skip
@click.option("--unit", default="", help="Unit of tables that state none: 'RMB mn', CNY_thousand.")
@click.option(
    "--rate", "rates", multiple=True, help="Reporting currency per unit of another: HKD=0.92. Repeatable."
)
def audit(
    folder: str, everything: bool, strict: bool, proceeds: str, unit: str, rates: tuple[str, ...]
) -> Answer:
    """Audit the printed tables in FOLDER (or an XLSX file, a sheet a table): every figure that can be.

    Tables are known by name (income_statement.csv, 资产负债表.csv), lines by what reports call them in either language,
    long or with the years across, in any one currency. What is not understood is an error that says so.
    """
    import clustersim as cs

    return cs.audit(
        folder,
        everything=everything,
        strict=strict,
        listing_proceeds=proceeds,
        unit=unit,
        rates=_rates(rates),
    )


@answers(of="")
@click.option("--write", is_flag=True, help="Replace the recorded anchors by the fresh values.")
def anchors(write: bool) -> Answer:
    """Compare the recorded anchors of the product lines with a fresh run, or record them anew."""
    import clustersim as cs

    return cs.anchors(write=write)
