"""What a text says of several companies, each against its own printed figure: the subject's statements, the peers'."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding, compare
from clustersim.finance.audit.mentions import Figure, figures, key_of, years
from clustersim.finance.audit.prose import Sentence, clauses, sentences
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.repeats import subject

__all__ = ["company_checks"]

_REVENUE = re.compile(r"营收|收入|revenues?|sales|turnover", re.I)
_OTHER = re.compile(r"利润|净利|亏损|毛利|profit|loss|income|存货|费用|开支|市值", re.I)


def company_checks(tables: Tables) -> Iterator[Finding]:
    """Yield the revenue that a sentence gives each of several companies, clause by clause, each beside its name."""
    own = subject(tables)
    names = {n: r.company for r in tables.of("comps") for n in (r.company, r.company_zh) if len(n) > 1}
    if own is None or len(set(names.values())) < 2:
        return
    pattern = re.compile("|".join(re.escape(n) for n in sorted(names, key=len, reverse=True)))
    for file, text in tables.prose:
        for sentence in sentences(file, text):
            said = {y.year for y in years(sentence.text)}
            if len(said) == 1 and _REVENUE.search(sentence.text) and not _OTHER.search(sentence.text):
                for clause in clauses(sentence):
                    yield from _paired(tables, own, sentence, clause, max(said), pattern, names)


def _paired(
    tables: Tables,
    own: str,
    sentence: Sentence,
    clause: str,
    year: int,
    pattern: re.Pattern[str],
    names: dict[str, str],
) -> Iterator[Finding]:
    """As many names as amounts in a clause, in order; one alone is said of one."""
    told = [names[m[0]] for m in pattern.finditer(clause)]
    amounts = [f for f in figures(clause) if f.kind == "money" and f.scaled]
    if not told or len(told) != len(amounts) or len(set(told)) != len(told):
        return
    for company, amount in zip(told, amounts, strict=True):
        record = _printed(tables, own, company, year)
        if record is not None:
            yield from _held(sentence, company, amount, record)


def _printed(tables: Tables, own: str, company: str, year: int) -> Record | None:
    if company == own:
        return tables.find("income_statement", "revenue", year)
    rows = (r for r in tables.of("comps") if r.company == company and r.item == f"revenue_{year}")
    return next((r for r in rows if r.value is not None), None)


def _held(sentence: Sentence, company: str, amount: Figure, record: Record) -> Iterator[Finding]:
    printed = amount.interval(frozenset((key_of(sentence.where, amount),)), amount.factor)
    if printed is not None:
        yield compare(
            f"text: revenue of {company}", sentence.where, printed, record.scaled[1], worse="inconsistent",
            note=f"{sentence.quoted}; {record.where} prints {record.text} {record.unit}",
        )  # fmt: skip
