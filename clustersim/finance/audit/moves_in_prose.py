"""How the prose says that a line moved: points, directions and compound rates over the spans that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from clustersim.finance.audit.binding import Bound
from clustersim.finance.audit.figures import Finding, Interval, compare
from clustersim.finance.audit.levels import GROWTH, SPENT, Choices, held, is_ratio, ratio_of, records_of
from clustersim.finance.audit.mentions import years
from clustersim.finance.audit.prose import Sentence
from clustersim.finance.audit.records import Tables
from clustersim.finance.audit.wording import COMPOUND, COUNTS, DOWN, FROM, LASTS, SPAN, UP, ending

__all__ = ["compound", "direction", "last", "points", "span_of"]


def last(words: re.Pattern[str], bound: Bound) -> int:
    """Where a direction is said last before a figure; behind it, where only there."""
    at = max((m.start() for m in words.finditer(bound.before)), default=-1)
    return at if at >= 0 else (0 if words.search(bound.after[:24]) and not UP.search(bound.before) else -1)


def span_of(bound: Bound) -> tuple[int, int] | None:
    """The years between which a change is told: ``from 2024 to 2027``, ``to 45% in 2026 from 40%``."""
    mentioned = years(bound.before)
    said = sorted({y.year for y in mentioned})
    if not said and (between := _OVER.match(bound.behind)) is not None:
        return ending(between[1]), ending(between[2])
    if not said or not FROM.search(bound.before):
        return None
    if len(said) > 1:
        return said[0], said[-1]
    # "from 45 % in 2023 to 47 %" names what it came from, "to 45 % in 2026 from 40 %" what it came to.
    base = _CAME_FROM.search(bound.before[: mentioned[0].start]) is not None
    return (said[0], said[0] + 1) if base else (said[0] - 1, said[0])


#: A span behind a change, and what stands before the year that a change came from.
_OVER = re.compile(rf"(?:[^.;]|\.\d){{0,24}}?\b(?:between|from|over)\s+{SPAN.pattern}", re.I)
_CAME_FROM = re.compile(
    r"(?:\bfrom|[由从自])\s*(?:[-−]?[\d.,]+\s*(?:%|x|倍)?\s*(?:in|for|at)?\s*)?(?:FY|CY)?$", re.I
)


#: A span that a sentence before it names.
_THAT_TIME = re.compile(
    r"\b(?:over|in|during) (?:that|this|the same|the) (?:time|period|span)|期间|累计|该期", re.I
)


def points(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    """Hold a change of a rate in points to that over the year before, or over the span that is said."""
    span = span_of(bound)
    if span is None and _THAT_TIME.search(bound.after[:30] + bound.before):
        return
    since = span[0] if span is not None else None
    bound = bound if span is None else replace(bound, year=span[1], sure=True)

    def make(year: int) -> Choices:
        then = year - 1 if since is None else since
        return [
            a - b for a, b in zip(ratio_of(tables, item, year), ratio_of(tables, item, then), strict=False)
        ]

    down = last(DOWN, bound) > last(UP, bound)
    basis = re.search(r"bps|basis|基点", bound.figure.text, re.I)
    if is_ratio(tables, item) and (down or UP.search(bound.before + bound.after[:24])):
        factor = (1.0 if bound.figure.kind == "count" else 1e-4 if basis else 0.01) * (-1.0 if down else 1.0)
        yield from held(tables, f"text: change of {item}", bound, make, factor)


_BETTER = re.compile(r"\b(?:improv|strengthen|weaken|deteriorat)\w*|改善|好转", re.I)
_TO = re.compile(r"(?:\bto|[至到为]|→)\s*(?:(?:FY\d{1,2}/\d\d|FY\d\d|20\d\d)[AEF]?\s*年?度?的?)?\s*$", re.I)


def direction(tables: Tables, bound: Bound, item: str) -> Iterator[Finding]:
    """``rose to``, ``falls from .. to``: the way that a line went over its span, in its size where it is a loss."""
    if not bound.sure or bound.year is None or not _TO.search(bound.before):
        return
    # Better and worse are no direction: of a ratio of costs the better one is the lower.
    said = _BETTER.sub("", bound.before)
    verbs = [*UP.finditer(said), *DOWN.finditer(said)]
    up, down = UP.search(said), DOWN.search(said)
    if not verbs or bool(up) == bool(down):
        return
    word, year = max(verbs, key=lambda m: m.start())[0], bound.year
    before = [y.year for y in years(bound.before) if y.year < year]
    then = before[0] if before and FROM.search(bound.before) else year - 1
    if FROM.search(bound.after[:30]):
        # "widens to 25 % in 2026 from 22 % in 2024": since the year behind.
        then = next((y.year for y in years(bound.behind) if y.year < year), then)
    rates = _moved(tables, item, bound.name.text, year, then)
    if rates and all((r < 0) if up else (r > 0) for r in rates):
        yield Finding(
            f"text: {item} {word} in {bound.year}", bound.where, word, rates[0], "inconsistent",
            f"the tables go the other way: {bound.quoted}", cells=bound.cells,
        )  # fmt: skip


def _moved(tables: Tables, item: str, words: str, year: int, then: int) -> list[float]:
    """What a line moved by, in its size where it is below zero and named as what is spent or lost."""
    if is_ratio(tables, item):
        pairs = zip(ratio_of(tables, item, year), ratio_of(tables, item, then), strict=False)
        return [a.middle - b.middle for a, b in pairs]
    lost = SPENT.search(item) or re.search(r"loss|charge|亏损", words, re.I)
    return [
        abs(now.scaled[1].middle) - abs(before.scaled[1].middle)
        for now, before in zip(records_of(tables, item, year), records_of(tables, item, then), strict=False)
        if (now.value or 0.0) * (before.value or 0.0) > 0 and ((now.value or 0.0) > 0 or lost)
    ]  # fmt: skip


_SINCE = re.compile(
    r"\s*(?:CAGR\s*)?(?:from|since|on|over)\s+(?P<year>(?:FY|CY|fiscal)?\s?20\d\d)[AEF]?(?!\d)", re.I
)


def _declines(bound: Bound) -> bool:
    """Whether the way that is said last before a figure is down."""
    return max((m.start() for m in DOWN.finditer(bound.before)), default=-1) > max(
        (m.start() for m in UP.finditer(COMPOUND.sub("", bound.before))), default=-1
    )


def compound(tables: Tables, sentence: Sentence, bound: Bound) -> Iterator[Finding]:
    """A compound rate over the span that is said, of so many years as are said."""
    figure, name, cells = bound.figure, bound.name, bound.cells
    spans = list(SPAN.finditer(sentence.text))
    since = _SINCE.match(bound.behind)
    ahead = [y.year for y in years(bound.ahead)]
    if since is not None and ahead and not SPAN.match(bound.behind, since.start("year")):
        # "2 in 2025 and 3 in 2026, a CAGR of 20 % from 2024": to the last year that is named before it.
        first, last = years(since["year"])[0].year, max(ahead)
    elif spans:
        span = min(spans, key=lambda m: min(abs(m.start() - figure.end), abs(figure.start - m.end())))
        first, last = (ending(y) for y in span.groups())
    else:
        return
    lasts = LASTS.search(sentence.text)
    count = (lasts[1] or lasts[2]).lower() if lasts else ""
    if lasts and (COUNTS.get(count) or int(count)) not in {last - first, last - first + 1}:
        yield Finding(f"text: {count} years from {first} to {last}", sentence.where, count, last - first,
                      "inconsistent", sentence.quoted, cells=cells)  # fmt: skip
    item, printed = GROWTH.get(name.item, name.item), figure.interval(cells, 0.01)
    then, now = records_of(tables, item, first)[:1], records_of(tables, item, last)[:1]
    if printed is None or not then or not now or last <= first:
        return
    ratio = now[0].scaled[1] / then[0].scaled[1]
    if ratio.low <= 0:
        return
    power = 1 / (last - first)
    if _declines(bound) and printed.low > 0:
        # A rate of decline is printed without a minus.
        printed = printed.scaled(-1.0)
    yield compare(
        f"text: {now[0].item} {first}-{last} compound growth", sentence.where, printed,
        Interval(ratio.low**power - 1, ratio.high**power - 1, ratio.cells), worse="inconsistent", note=sentence.quoted,
    )  # fmt: skip
