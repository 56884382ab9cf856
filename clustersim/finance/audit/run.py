"""The audit: every check, what each finding is worth per share, what no check covers, and the bridge to the corrected
target price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from clustersim.errors import InputError, suggest
from clustersim.finance.audit.assertions import assertion_checks
from clustersim.finance.audit.balances import balance_checks
from clustersim.finance.audit.blame import settled
from clustersim.finance.audit.bridge import Step, bridge
from clustersim.finance.audit.capital import capital_checks
from clustersim.finance.audit.claims import claim_checks
from clustersim.finance.audit.companies_in_prose import company_checks
from clustersim.finance.audit.discounting import discount_checks
from clustersim.finance.audit.figures import VERDICTS, Finding
from clustersim.finance.audit.figures_in_prose import figure_checks, uncovered_figures
from clustersim.finance.audit.flows import flow_checks
from clustersim.finance.audit.identifiers import identifier_checks, unit_checks
from clustersim.finance.audit.labels import known_items
from clustersim.finance.audit.multiples import equities, fx, multiple_checks, quoted
from clustersim.finance.audit.naming import named
from clustersim.finance.audit.parts import part_checks
from clustersim.finance.audit.periodic import period_checks
from clustersim.finance.audit.proportions import proportion_checks
from clustersim.finance.audit.prose import prose_checks
from clustersim.finance.audit.rates_in_prose import rate_checks
from clustersim.finance.audit.ratios import ratio_checks
from clustersim.finance.audit.records import STATEMENTS, Record, Tables
from clustersim.finance.audit.repeats import repeat_checks
from clustersim.finance.audit.rerun import worth_per_share
from clustersim.finance.audit.schedules import schedule_checks
from clustersim.finance.audit.statements import statement_checks
from clustersim.finance.audit.tables import read_tables
from clustersim.finance.audit.valuing import law_findings

__all__ = ["FAULTS", "AuditReport", "audit_tables", "audit_texts"]

#: Verdicts that say that something is wrong.
FAULTS = ("omission", "inconsistent", "misprint", "mismatch")


def priced_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the checks of the valuation: those of named lines, and the laws over lines of any name beside them."""
    named = [*discount_checks(tables), *capital_checks(tables), *multiple_checks(tables)]
    yield from named
    yield from law_findings(tables, named)


FAMILIES = (
    statement_checks, flow_checks, balance_checks, priced_checks, ratio_checks,
    part_checks, period_checks, repeat_checks, claim_checks, proportion_checks, schedule_checks,
    identifier_checks, unit_checks,
    prose_checks, company_checks, figure_checks, rate_checks, assertion_checks,
)  # fmt: skip
#: Families that hold tables to tables, which are run again to find the one figure behind several findings.
OF_TABLES = FAMILIES[: FAMILIES.index(identifier_checks)]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All findings, the way from the printed to the corrected target price, and what was read."""

    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    tables: Tables

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Findings that say that something is wrong, the gravest first."""
        grave = [f for f in self.findings if f.verdict in FAULTS]
        return tuple(sorted(grave, key=lambda f: -(abs(f.materiality or 0.0))))

    @property
    def counts(self) -> dict[str, int]:
        """How many findings have each verdict."""
        return {v: sum(f.verdict == v for f in self.findings) for v in VERDICTS}

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Printed figures that enter no check, each with its place and item; those of the texts with their words."""
        seen = _looked_at(self.findings)
        rows = (
            f"{r.where}: {r.printed or r.item} {r.period}".rstrip() for r in self.tables.records
            if r.where not in seen and r.text
        )  # fmt: skip
        return (*rows, *uncovered_figures(self.tables, seen))

    @property
    def read(self) -> dict[str, object]:
        """What was read (figures by table), what was not and why, what no check covers, and what was decided."""
        unknown, seen = [r for r in self.tables.records if not r.understood], _looked_at(self.findings)
        return {
            "figures_by_table": dict(Counter(r.table for r in self.tables.records)),
            "currency": self.tables.currency,
            "conventions": list(self.tables.conventions),
            "not_read": list(self.tables.unread),
            "read_only_as_lines_of_a_sum": sorted(
                {f"{r.file}: {r.printed}" for r in unknown if r.where in seen}
            ),
            "tables_absent": list(self.tables.absent),
            "not_covered": list(self.uncovered),
        }

    def rows(self) -> list[dict[str, object]]:
        """Return every check as a flat row."""
        code = quoted(self.tables)
        return [
            {
                "check": f.check,
                "where": f.where,
                "printed": f.printed,
                "recomputed": f.recomputed,
                "difference": f.difference,
                "verdict": f.verdict,
                "materiality_per_share": f.materiality,
                "currency": code if f.materiality is not None else "",
                "note": f.note,
            }
            for f in self.findings
        ]


def audit_tables(tables: Tables, *, listing_proceeds: tuple[float, str] = (0.0, "")) -> AuditReport:
    """Run every check that the tables allow; a table that is absent is said once and nothing is guessed for it.

    ``listing_proceeds`` is millions and their currency.

    Raises InputError where a label is not understood and enters no sum, a currency lacks its rate, or nothing of the
    statements could be checked.
    """
    _need_rate(tables)
    findings = [finding for family in FAMILIES for finding in family(tables)]
    _need_checks(tables, findings)
    findings = named(tables, settled(tables, findings, OF_TABLES))
    findings += [
        Finding(f"{name}.csv is absent", f"{name}.csv", None, None, "info", "its checks were left out")
        for name in tables.absent
    ]
    worth = worth_per_share(tables)
    findings = [
        replace(f, materiality=worth(f)) if f.verdict in FAULTS and f.materiality is None else f
        for f in findings
    ]
    return AuditReport(tuple(findings), bridge(tables, _proceeds(tables, *listing_proceeds)), tables)


def _looked_at(findings: list[Finding] | tuple[Finding, ...]) -> set[str]:
    return {cell for f in findings for cell in (*f.cells, f.where)}


def _proceeds(tables: Tables, million: float, code: str) -> float:
    """Listing proceeds in millions of the quoted currency; an error where they are given in another."""
    own = quoted(tables)
    if million and code and code != own:
        raise InputError(
            f"--listing-proceeds: is in {code} and the target price in {own}: give it in {own}, for example '5 G{own}'"
        )
    return million


def _need_rate(tables: Tables) -> None:
    """A target price in a currency that nothing leads to is an error, and says what would."""
    code = quoted(tables)
    legs = [i for i in ("value_dcf", "value_ps", "target_price") if tables.one("valuation", i)]
    if legs and equities(tables)[0] is not None and fx(tables) is None:
        raise InputError(
            f"valuation: {', '.join(legs)} are in {code} and the statements in {tables.currency}, and no rate leads"
            f" from one to the other: print equity_value in both, an fx_rate, or give --rate {code}=..."
            f" ({tables.currency} per {code})"
        )


def _need_checks(tables: Tables, findings: list[Finding]) -> None:
    seen = _looked_at(findings)
    lost: dict[tuple[str, str], Record] = {}
    for r in tables.records:
        # A cash-flow table holds rows that are no part of a sum: they are listed, and the table stays readable.
        if not r.understood and r.where not in seen and r.table != "dcf":
            lost.setdefault((r.file, r.printed), r)
    if lost:
        lines = [
            f"{r.where}: the label {label!r} is not understood and enters no sum;"
            f" {suggest(r.item, known_items(r.table))}"
            for (_, label), r in lost.items()
        ]
        raise InputError("\n".join(lines))
    rows = [r for r in tables.records if r.table in STATEMENTS]
    if rows and not any(f.cells and f.verdict != "info" for f in findings):
        shown = ", ".join(dict.fromkeys(r.printed or r.item for r in rows))
        raise InputError(
            f"{rows[0].file}: nothing could be checked: no two of the figures that were read depend on each other"
            f" (read: {shown[:200]}); add subtotals, another statement or another year"
        )


def audit_texts(
    texts: Mapping[str, str],
    *,
    listing_proceeds: tuple[float, str] = (0.0, ""),
    unit: str = "",
    rates: Mapping[str, float] | None = None,
    prose: Mapping[str, str] | None = None,
) -> AuditReport:
    """Read tables from text and audit them; ``prose`` is what is written beside them, by file name.

    Raises InputError for tables that cannot be read, all problems at once.
    """
    tables = read_tables(texts, unit=unit, rates=rates, prose=prose)
    return audit_tables(tables, listing_proceeds=listing_proceeds)
