"""A company asked in Python: its forecast, what moves the target price, and its workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clustersim.api.kinds import refuse_other
from clustersim.errors import InputError, suggest
from clustersim.planner.company import ForecastRun, forecast_run, runs_by_case, standing_for
from clustersim.report.answer import Answer
from clustersim.schema.lookup import known_names
from clustersim.schema.overrides import plain_changes

__all__ = ["Company", "companies", "company"]


@dataclass(frozen=True)
class Company:
    """A company by its file, or by a scenario whose chain moves it, with the inputs that were changed."""

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", plain_changes(self.changes))

    def set(self, changes: Mapping[str, object]) -> Company:
        """Return the company with more inputs changed (``company.asp_scale``, and every key of a scenario)."""
        return Company(self.name, {**self.changes, **plain_changes(changes)})

    def __hash__(self) -> int:
        return hash((self.name, frozenset(self.changes)))

    def __repr__(self) -> str:
        changed = f", {dict(self.changes)!r}" if self.changes else ""
        return f"Company({self.name!r}{changed})"

    def forecast(self) -> ForecastRun:
        """Return the bare forecast and valuation; raises InputError for a scenario without a company."""
        return forecast_run(self.name, self.changes)

    def show(self, *tables: str, proceeds: bool = False) -> Answer:
        """Show the statements, cash flow, products, ratios and checks; only ``tables`` where any is named."""
        from clustersim.report.pages.company import show_answer

        return show_answer(self.forecast(), tables, proceeds=proceeds)

    def recover(self) -> Answer:
        """Recover the revenue that the report does not print, and say how strongly its rows support it."""
        from clustersim.report.pages.company import recover_answer

        return recover_answer(self.forecast())

    def calibrate(self) -> Answer:
        """Solve units and prices by product from the printed revenue; bands, and what is not identified."""
        from clustersim.report.pages.company import calibrate_answer

        return calibrate_answer(self.forecast())

    def value(self, *, when: str | None = None, exit_multiple: float | None = None) -> Answer:
        """Value it under the usual conventions, and backwards from the printed value and the market price."""
        from clustersim.planner.asked import in_bounds
        from clustersim.report.pages.company import value_answer

        if exit_multiple is not None:
            in_bounds(exit_multiple, "--exit-multiple", 0, inside=True)
        return value_answer(self.forecast(), when=when, exit_multiple=exit_multiple)

    def grid(self, kind: str = "wacc-growth") -> Answer:
        """Target price over WACC x growth (``wacc-growth``), or price x volume (``asp-units``)."""
        from clustersim.report.pages.company_moves import grid_answer

        return grid_answer(self.forecast(), kind)

    def cases(self) -> Answer:
        """Put the named cases of the company file beside the base, and the way to each, input by input."""
        from clustersim.report.pages.company_moves import cases_answer

        return cases_answer(runs_by_case(self.name, self.changes))

    def mc(self, *, samples: int = 10_000) -> Answer:
        """Draw the uncertain inputs of the company: P10, P50, P90 of the target price."""
        from clustersim.report.pages.company_moves import draws_answer

        return draws_answer(self.forecast(), samples)

    def moves(self) -> Answer:
        """Move each uncertain input over its range; the value of each at which the target is the market price."""
        from clustersim.report.pages.company_moves import moves_answer

        return moves_answer(self.forecast())

    def consensus(self, file: str | Path, *, rates: Mapping[str, float] | None = None) -> Answer:
        """Put ours beside a consensus file (CSV as a data vendor exports it); ``rates``: CNY per unit of a currency."""
        from clustersim.report.pages.company_moves import consensus_answer

        return consensus_answer(self.forecast(), str(file), rates or {})

    def demand(self) -> Answer:
        """Hold the forecast against its market, year by year."""
        from clustersim.report.pages.company_moves import demand_answer

        return demand_answer(self.forecast())

    def halves(self, *, quarters: bool = False) -> Answer:
        """Show the income statement by halves or quarters."""
        from clustersim.report.pages.company_year import halves_answer

        return halves_answer(self.forecast(), quarters=quarters)

    def actuals(self, file: str | Path | None = None, *, half: str | None = None) -> Answer:
        """Hold reported halves against the forecast; figures of the company file, or of a CSV for one half."""
        from clustersim.report.pages.company_year import actuals_answer

        return actuals_answer(self.forecast(), None if file is None else str(file), half)

    def roll(self) -> Answer:
        """Roll the base a year on."""
        from clustersim.report.pages.company_year import roll_answer

        return roll_answer(self.forecast())

    def sotp(self) -> Answer:
        """Value the lines one by one, each by its own multiple or the peers'."""
        from clustersim.report.pages.company_year import sotp_answer

        return sotp_answer(self.forecast())

    def departures(self) -> Answer:
        """List where our drivers depart from the printed ones, what each is worth alone, and the journal."""
        from clustersim.report.pages.company_year import departures_answer

        return departures_answer(self.forecast())

    def comps(self, file: str | Path, *, only: bool = False) -> Answer:
        """Refresh the peers from a CSV: multiples and target price before and after; ``only`` drops all others."""
        from clustersim.report.pages.company_year import comps_answer

        return comps_answer(self.forecast(), str(file), only=only)

    def through(self) -> Answer:
        """Split what the cards' worth does to the target price: by line, by multiple and cash flow, by year."""
        from clustersim.report.pages.company_year import through_answer

        return through_answer(self.forecast())

    def workbook(self, *, case: str = "base", labels: str = "en", audit: str | Path | None = None) -> Answer:
        """Return the forecast as an answer whose folder gets NAME.xlsx: sixteen sheets of live formulas.

        ``audit`` is a folder of printed tables that are audited into a sheet.
        """
        from clustersim.report.pages.workbook import workbook_answer

        runs = runs_by_case(standing_for(self.name), self.changes)
        tables = None if audit is None else str(audit)
        return workbook_answer(runs, case=case, labels=labels, tables=tables, name=self.name)

    def note(
        self, *, forms: Sequence[str] = ("docx", "pdf"), languages: Sequence[str] = ("en",), kind: str = "initiation",
        draws: int = 64,
    ) -> Answer:  # fmt: skip
        """Return a research note as an answer whose folder gets NAME-LANGUAGE.docx and .pdf.

        ``languages`` are en and zh, ``kind`` is initiation or update; ``draws`` are those of ``run``.
        """
        from clustersim.report.pages.note import asked_of, documents_answer

        wrong = [language for language in languages if language not in {"en", "zh"}]
        if wrong:
            raise InputError(f"no language {wrong[0]!r} of a note; write en or zh")
        runs = runs_by_case(self.name, self.changes)
        run = None
        if runs["base"].chain is not None:
            from clustersim.api.scenario import Scenario

            run = Scenario(self.name, self.changes).run(draws=draws).data
        before = forecast_run(self.name, {}) if kind == "update" else None
        asked = asked_of(runs, run=run, before=before, changes=self.changes, kind=kind)
        return documents_answer(asked, forms, languages)

    def slides(
        self, *, languages: Sequence[str] = ("en",), kind: str = "initiation", draws: int = 64
    ) -> Answer:
        """Return the note as slides with native charts: a folder gets NAME-LANGUAGE.pptx."""
        return self.note(forms=("pptx",), languages=languages, kind=kind, draws=draws)

    def bundle(self) -> Answer:
        """Return everything that the run and the forecast rest on, with both: a folder that ``verify`` recomputes."""
        from clustersim.report.evidence.bundle import bundle_answer

        return bundle_answer(self.name, self.changes)

    def to_excel(self, path: str | Path, *, case: str = "base", labels: str = "en") -> Path:
        """Write the workbook to a path that ends in .xlsx and return it."""
        from clustersim.report.pages.workbook import write_workbook

        return write_workbook(
            Path(path), runs_by_case(standing_for(self.name), self.changes), case=case, labels=labels
        )


def company(name: str | Path) -> Company:
    """Return a company by its file or shipped name, or by a scenario that has one.

    >>> company("biren")
    Company('biren')

    Raises InputError, with the nearest name, where there is none, and for a file of another kind.
    """
    text = str(name)
    refuse_other(text, "company", "scenario")
    known = [*known_names("scenarios/company"), *known_names("scenarios")]
    if not text.endswith((".yaml", ".yml")) and text not in known:
        raise InputError(f"no company or scenario {text!r}; {suggest(text, known)}")
    return Company(text)


def companies(*names: str) -> Answer:
    """Put companies (or scenarios) side by side; without names every company file that is found."""
    from clustersim.report.pages.company_year import companies_answer

    chosen = names or tuple(n for n in known_names("scenarios/company") if n != "anchors")
    return companies_answer(company(name).forecast() for name in chosen)
