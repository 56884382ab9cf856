"""The audit: every check, what each finding is worth per share, and the bridge to the corrected target price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clustersim.finance.audit.bridge import Step, bridge, per_share
from clustersim.finance.audit.claims import claim_checks
from clustersim.finance.audit.discounting import discount_checks
from clustersim.finance.audit.figures import VERDICTS, Finding
from clustersim.finance.audit.flows import flow_checks
from clustersim.finance.audit.identifiers import identifier_checks, unit_checks
from clustersim.finance.audit.multiples import multiple_checks
from clustersim.finance.audit.repeats import repeat_checks
from clustersim.finance.audit.statements import statement_checks
from clustersim.finance.audit.tables import Tables, read_tables

__all__ = ["FAULTS", "AuditReport", "audit_tables", "audit_texts"]

#: Verdicts that say that something is wrong.
FAULTS = ("omission", "inconsistent", "misprint", "mismatch")
FAMILIES = (
    statement_checks, flow_checks, discount_checks, multiple_checks, repeat_checks, claim_checks, identifier_checks,
    unit_checks,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All findings, and the way from the printed to the corrected target price."""

    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Findings that say that something is wrong, the gravest first."""
        grave = [f for f in self.findings if f.verdict in FAULTS]
        return tuple(sorted(grave, key=lambda f: -(abs(f.materiality_hkd or 0.0))))

    @property
    def counts(self) -> dict[str, int]:
        """How many findings have each verdict."""
        return {v: sum(f.verdict == v for f in self.findings) for v in VERDICTS}

    def rows(self) -> list[dict[str, object]]:
        """Return every check as a flat row."""
        return [
            {
                "check": f.check,
                "where": f.where,
                "printed": f.printed,
                "recomputed": f.recomputed,
                "difference": f.difference,
                "verdict": f.verdict,
                "materiality_hkd_per_share": f.materiality_hkd,
                "note": f.note,
            }
            for f in self.findings
        ]


def audit_tables(tables: Tables, *, listing_proceeds_hkd_m: float = 0.0) -> AuditReport:
    """Run every check that the tables allow; a table that is absent is said once and nothing is guessed for it."""
    findings = [finding for family in FAMILIES for finding in family(tables)]
    findings += [
        Finding(f"{name}.csv is absent", f"{name}.csv", None, None, "info", "its checks were left out")
        for name in tables.absent
    ]
    worth = per_share(tables)
    findings = [
        replace(f, materiality_hkd=worth(f)) if f.verdict in FAULTS and f.materiality_hkd is None else f
        for f in findings
    ]
    return AuditReport(tuple(findings), bridge(tables, listing_proceeds_hkd_m))


def audit_texts(texts: Mapping[str, str], *, listing_proceeds_hkd_m: float = 0.0) -> AuditReport:
    """Read tables from text and audit them.

    Raises InputError for tables that cannot be read, all problems at once.
    """
    return audit_tables(read_tables(texts), listing_proceeds_hkd_m=listing_proceeds_hkd_m)
