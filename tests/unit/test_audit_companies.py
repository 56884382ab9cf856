"""Companies in four vocabularies: right ones raise no alarm, and at least nine kinds of fault in ten are found."""

import random
from collections import Counter

import pytest
from companies import make
from company_faults import FAULTS as KINDS
from company_styles import STYLES, render
from printed_faults import has_fault

from clustersim.finance.audit.run import audit_texts

NAMES = ["us gaap", "ifrs", "mainland", "hong kong"]
#: The figures of a clean report that enter no check.
LEFT = 6


def detected(style, seed, kind):
    book = make(style, seed)
    KINDS[kind](book, random.Random(seed))
    return has_fault(render(book, style))


@pytest.mark.parametrize("style", STYLES, ids=NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_report_raises_no_alarm_and_leaves_little_unchecked(style, seed):
    report = audit_texts(render(make(style, seed), style))
    assert [f.check for f in report.faults] == []
    assert report.counts["ok"] > 250 and len(report.uncovered) <= LEFT
    assert all(r.understood for r in report.tables.records)


def test_the_kinds_are_many_and_every_style_is_another_report():
    assert len(KINDS) >= 70
    assert len({s.currency for s in STYLES}) == 3 and len({s.scale for s in STYLES}) == 3
    assert len({tuple(render(make(s, 0), s)) for s in STYLES}) == 4


@pytest.mark.parametrize("style", STYLES, ids=NAMES)
def test_nine_kinds_in_ten_are_found(style):
    """A sample by seed: every fifth kind; the whole family is below."""
    names = sorted(KINDS)[random.Random(STYLES.index(style)).randrange(5) :: 5]
    missed = [n for n in names if not detected(style, 5, n)]
    assert len(missed) <= 0.1 * len(names) + 1, missed


@pytest.mark.full
def test_nine_kinds_in_ten_are_found_in_every_company():
    missed = Counter(
        n for style in STYLES for seed in (11, 12) for n in KINDS if not detected(style, seed, n)
    )
    share = 1 - sum(missed.values()) / (8 * len(KINDS))
    assert share >= 0.9, (share, missed)
    assert max(missed.values(), default=0) <= 8
