"""A figure of a sentence bound to the line and the year that it is said of, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from clustersim.finance.audit.figures import Interval
from clustersim.finance.audit.mentions import Figure, Name, Year, figures, key_of, names, years
from clustersim.finance.audit.prose import Sentence
from clustersim.finance.audit.wording import (
    BASE,
    BETWEEN,
    CARRIED,
    COMPOUND,
    DIRECT,
    LIGHT,
    OF_SALES,
    OF_SALES_ZH,
    OTHERS,
    PART,
    PARTED,
    REVISED,
    REVISED_AFTER,
    SPAN,
    VAGUE,
    YEAR_BEFORE,
    ending,
)

__all__ = ["Bound", "Told", "bound_figures"]


@dataclass(frozen=True, slots=True)
class Told:
    """What the sentences before tell: the last year, and the lines that the last sentence told figures of."""

    where: str = ""
    year: int | None = None
    """The year of the same line of the text."""
    names: tuple[Name, ...] = ()
    earlier: int | None = None
    """The last year of the lines before."""
    years: tuple[int, ...] = ()
    """The years of the sentence before."""

    def at(self, where: str) -> Told:
        """What is told at a sentence: on another line of the text that one's year in doubt, and no line of it."""
        return self if where == self.where else Told(where, earlier=self.year or self.earlier)

    def then(self, years: Sequence[int], names: Sequence[Name], based: Sequence[int] = ()) -> Told:
        """What is told after a sentence with its years, those of them that it compares with, and its lines."""
        own = [y for y in years if y not in based]
        now = max(own or ([] if self.year is not None else years), default=self.year)
        return Told(self.where, now, tuple(names) or self.names, self.earlier, tuple(dict.fromkeys(years)))


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure with the line and the year that it is said of."""

    figure: Figure
    name: Name
    year: int | None
    """None where a compound rate names its span."""
    sure: bool
    where: str
    quoted: str
    before: str
    after: str
    ahead: str = ""
    """All of the sentence before the figure."""
    behind: str = ""
    """All of it behind the figure."""

    @property
    def cells(self) -> frozenset[str]:
        """The figure's own cell."""
        return frozenset((key_of(self.where, self.figure),))

    def printed(self, factor: float = 1.0) -> Interval | None:
        """All values that round to the figure, times a factor; None for a number that no report prints."""
        return self.figure.interval(self.cells, factor)


def bound_figures(sentence: Sentence, own: tuple[tuple[str, str], ...], told: Told) -> Iterator[Bound]:
    """Yield the figures of a sentence that name a line, with their year; ``told`` is what the ones before tell.

    ``own`` are the labels that the tables print, with their lines.
    """
    text = sentence.text
    found, said = figures(text), years(text)
    named = [n for n in names(text, own) if not any(f.start < n.end and n.start < f.end for f in found)]
    bare, unnamed = _without(text, found), _unnamed(text, named)
    listed, first = _listed(text, found, said, told.years)
    pairs = _paired(text, found, named, told)
    for i, figure in enumerate(found):
        start, end = _segment(text, figure)
        if REVISED.search(text[: figure.start]) or REVISED_AFTER.match(text[figure.end :]):
            continue
        if VAGUE.search(text[: figure.start]) or _ranged(text, found, i) or PART.search(text[start:end]):
            continue
        name = pairs.get(i) or _subject(bare, text, found[first.get(i, i)], named, end)
        meant = None
        if name is None and i not in pairs:
            name = meant = _pronoun(text, figure, named, told)
        if (
            name is None
            or name.qualified
            or (meant is None and OTHERS.search(unnamed[min(start, name.start) : end]))
        ):
            continue
        ahead = name.end <= figure.start and meant is None
        before = text[name.end if ahead else max(start, found[i - 1].end if i else 0) : figure.start]
        after = text[figure.end : min(end, found[i + 1].start if i + 1 < len(found) else end)]
        spoken = text[name.start if ahead else start : figure.end] + after[:30]
        if i and _of_sales_too(text, found, i):
            after = f" of revenue{after}"
        compound = figure.kind == "percent" and COMPOUND.search(spoken) is not None
        year, sure = (
            listed[i]
            if i in listed and (listed[i][0] is not None or i not in pairs)
            else _year(text, figure, said, (start, end), told.year or told.earlier, found)
        )
        if compound or year is not None:
            yield Bound(
                figure, name, None if compound else year, sure and meant is None, sentence.where, sentence.quoted,
                before, after, text[: figure.start], text[figure.end :],
            )  # fmt: skip


_RESPECTIVELY = re.compile(r"\brespectively\b|分别|各为|依次", re.I)
_PRONOUN = re.compile(r"\b(?:it|they|this|these|that figure)\b|其|该(?:数|项|值)", re.I)


def _pronoun(text: str, figure: Figure, named: Sequence[Name], told: Told) -> Name | None:
    """The only line of the sentence before, where a figure is said of ``it`` and its own sentence names none ahead."""
    items = {n.item for n in told.names}
    if (
        len(items) != 1
        or any(n.start < figure.end for n in named)
        or not (_PRONOUN.search(text[: figure.start]) or CARRIED.search(text[: figure.start]))
    ):
        return None
    return told.names[-1]


def _paired(text: str, found: Sequence[Figure], named: Sequence[Name], told: Told) -> dict[int, Name]:
    """Figures of a list each with its own line: of as many names before it, or of those of the sentence before.

    ``operating and net margin were 14.4% and 12.0%, respectively``; ``for 2026, 6,483 and 748 respectively``.
    """
    out: dict[int, Name] = {}
    if not _RESPECTIVELY.search(text):
        return out
    for run in _runs(found, text):
        if len(run) < 2:
            continue
        first = found[run[0]]
        start = found[run[0] - 1].end if run[0] else 0
        ahead = [n for n in named if start <= n.start and n.end <= first.start]
        tail = ahead[-len(run) :]
        listed = len(tail) == len(run) and all(
            BETWEEN.fullmatch(text[a.end : b.start]) for a, b in pairwise(tail)
        )
        if not listed:
            tail = _once(told.names) if not named else []
            listed = len(tail) == len(run)
        if listed and len({n.item for n in tail}) == len(run):
            out |= dict(zip(run, tail, strict=True))
    return out


def _once(named: Sequence[Name]) -> list[Name]:
    return list({n.item: n for n in named}.values())


def _of_sales_too(text: str, found: Sequence[Figure], i: int) -> bool:
    """Whether a rate is of revenue as the one before it that it is compared with is: ``38% of revenue from 41%``."""
    one, two = found[i - 1], found[i]
    alike = one.kind == two.kind == "percent"
    if alike and _REST.search(text[: two.start]):
        # "A for 67 % of sales and B for the remaining 33 %".
        return bool(OF_SALES.match(text[one.end :]) or OF_SALES_ZH.search(text[: one.start]))
    return bool(alike and _FROM.search(text[: two.start]) and OF_SALES.match(text[one.end :]))


_REST = re.compile(
    r"(?:\b(?:remaining|rest(?: of)?|balance of)|[则分]?占(?:比|余下的?)?(?:为|约)?)\s*$", re.I
)


def _segment(text: str, figure: Figure) -> tuple[int, int]:
    """The stretch between commas, brackets and conjunctions in which a figure stands."""
    start = max((m.end() for m in PARTED.finditer(text, 0, figure.start)), default=0)
    end = next((m.start() for m in PARTED.finditer(text, figure.end)), len(text))
    return start, end


def _ranged(text: str, found: Sequence[Figure], i: int) -> bool:
    """Whether a figure is an end of a range: ``20-30 %``, ``15% to 20%`` that nothing went from."""
    for one, two in ((i, i + 1), (i - 1, i)):
        if one < 0 or two >= len(found):
            continue
        gap = text[found[one].end : found[two].start]
        if found[one].kind in {found[two].kind, "count"} and re.fullmatch(
            r"\s*(?:-|–|—|~|至|到|to)\s*", gap, re.I
        ):
            return not re.search(r"(?:from|由|从)\s*\D{0,12}$", text[: found[one].start], re.I)
    return bool(re.search(r"\d\s*%?\s*(?:-|–|—|~)\s*$", text[: found[i].start]))


def _without(text: str, found: Sequence[Figure]) -> str:
    """A sentence with its figures blank, every other letter where it was."""
    for figure in found:
        text = text[: figure.start] + " " * (figure.end - figure.start) + text[figure.end :]
    return text


def _unnamed(text: str, named: Sequence[Name]) -> str:
    """A sentence with its names blank: an industry in the name of a segment is no industry at large."""
    for name in named:
        text = text[: name.start] + " " * (name.end - name.start) + text[name.end :]
    return text


def _subject(bare: str, text: str, figure: Figure, named: Sequence[Name], end: int) -> Name | None:
    """The line that a figure is said of: the one behind it after ``in`` or ``of``, the last before it, the next."""
    behind = next((n for n in named if n.start >= figure.end), None)
    of = r"\s*(?:of|in|worth of|through|via|by way of|on)\s+(?:its |the )?|\s*的"
    if (
        behind is not None
        and figure.kind != "percent"
        and not any(n.end <= figure.start and not text[n.end : figure.start].strip() for n in named)
        and re.fullmatch(of, text[figure.end : behind.start], re.I)
    ):
        return behind
    before = [n for n in named if n.end <= figure.start]
    if figure.kind == "percent" and (
        OF_SALES.match(text[figure.end :])
        or OF_SALES_ZH.search(text[: figure.start])
        or (_FROM.search(text[: figure.start]) and OF_SALES.search(text[: figure.start]))
    ):
        bases = [(m.start(), m.end()) for m in OF_SALES.finditer(text)]
        before = [
            n
            for n in before
            if n.item != "revenue" and not any(a <= n.start and n.end <= b for a, b in bases)
        ]
    if before:
        name = before[-1]
        gap = bare[name.end : figure.start]
        gap = OF_SALES_ZH.sub(" ", gap) if figure.kind == "percent" else gap
        if _light(OF_SALES.sub(" ", gap) if figure.kind == "percent" and _FROM.search(gap) else gap):
            return name
        return None
    if (
        behind is not None
        and behind.item == "revenue"
        and figure.kind == "percent"
        and OF_SALES.match(text[figure.end :])
    ):
        return None
    if behind is not None and behind.end <= end and _light(bare[figure.end : behind.start]):
        return behind
    return None


_FROM = re.compile(
    r"(?:\bfrom|\bagainst|\bversus|\bvs\.?|compar\w+ (?:with|to)|\bthan|[由从较比自])\s*$", re.I
)


def _of_base(text: str, figure: Figure, year: Year, found: Sequence[Figure]) -> bool:
    """Whether a year stands beside another figure that is what this one came from: ``to 66 from 58 in 2023``."""
    beside = next((f for f in reversed(found) if f.end <= year.start), None)
    return (
        beside is not None
        and beside is not figure
        and figure.end <= beside.start
        and DIRECT.fullmatch(text[beside.end : year.start]) is not None
        and _FROM.search(text[: beside.start]) is not None
    )


def _light(gap: str) -> bool:
    """Whether a stretch names nothing else."""
    return len(gap) <= 160 and not re.sub(r"[^\w一-鿿]", "", LIGHT.sub("", gap))


def _runs(items: Sequence[Figure | Year], text: str) -> list[list[int]]:
    """Positions of what follows one another with nothing but ``and``, commas and strokes between."""
    out: list[list[int]] = []
    for i, item in enumerate(items):
        last = items[i - 1] if i else None
        alike = not isinstance(item, Figure) or (isinstance(last, Figure) and item.kind == last.kind)
        if last is not None and alike and BETWEEN.fullmatch(text[last.end : item.start]):
            out[-1].append(i)
        else:
            out.append([i])
    return out


def _listed(
    text: str, found: Sequence[Figure], said: Sequence[Year], earlier: Sequence[int] = ()
) -> tuple[dict[int, tuple[int | None, bool]], dict[int, int]]:
    """Years of figures in a list, in the order of the last list of as many years before it; and each list's first.

    ``2025 and 2026 ... 1 and 2, respectively``; a list without such years has none.
    """
    lists = [[said[k].year for k in run] for run in _runs(said, text)]
    ends = [said[run[-1]].end for run in _runs(said, text)]
    for m in SPAN.finditer(text):
        one, two = (ending(y) for y in m.groups())
        lists.append(list(range(one, two + 1)))
        ends.append(m.end())
    which: dict[int, tuple[int | None, bool]] = {}
    first: dict[int, int] = {}
    for run in _runs(found, text):
        if len(run) < 2:
            continue
        fit = [y for y, e in zip(lists, ends, strict=True) if len(y) == len(run) and e <= found[run[0]].start]
        sure = True
        tail = text[found[run[-1]].end :]
        if not fit and (told_after := re.match(r"\s*(?:in|for|during|at the end of)\s+(?=\S)", tail, re.I)):
            at = found[run[-1]].end + told_after.end()
            fit = [
                y
                for y, r in zip(lists, _runs(said, text), strict=False)
                if len(y) == len(run) and said[r[0]].start - at <= 2 and said[r[0]].start >= at
            ]
        if not fit:
            # Years that stand apart are those of the list, too, where there are as many.
            apart = list(dict.fromkeys(y.year for y in said if y.end <= found[run[0]].start))
            sure = _RESPECTIVELY.search(text) is not None
            apart = list(earlier) if not said and sure else apart
            fit = [apart] if len(apart) == len(run) else []
        if not fit and len({y.year for y in said}) == 1:
            continue
        for k, i in enumerate(run):
            which[i], first[i] = (fit[-1][k] if fit else None, sure), run[0]
    return which, first


def _year(
    text: str,
    figure: Figure,
    said: Sequence[Year],
    stretch: tuple[int, int],
    context: int | None,
    found: Sequence[Figure] = (),
) -> tuple[int | None, bool]:
    """The year of a figure, and whether it is sure: beside it, of its stretch, or the only one of its sentence."""
    after = next((y for y in said if y.start >= figure.end), None)
    if after is not None and DIRECT.fullmatch(text[figure.end : after.start]):
        comparative = re.match(r"[AE]?年?度?\s*[:：]", text[after.end :])
        if comparative is None:
            return after.year, True
    before = [y for y in said if y.end <= figure.start]
    between = re.match(rf"\s*(?:between|from|over)\s+{SPAN.pattern}", text[figure.end :], re.I)
    if between is not None and re.search(r"\bto\s*(?:[A-Z]{0,3}[$€£¥]?\s*)?$", text[: figure.start]):
        return ending(between[2]), True
    if said and re.search(r"\bfrom\s*(?:[A-Z]{0,3}[$€£¥])?\s*$", text[: figure.start]):
        return (before[-1] if before else said[0]).year - 1, False
    if before and re.fullmatch(
        r"[AE]?\s*财?年?度?(?:末|底)?(?:同期)?的?\s*[:：为]?\s*(?:人民币|港币)?\s*",
        text[before[-1].end : figure.start],
    ):
        return before[-1].year, True
    if YEAR_BEFORE.match(text[figure.end :]) or re.search(
        r"(?:上年|去年)(?:同期)?(?:的|为)?\s*$", text[: figure.start]
    ):
        main = before[-1].year if before else context
        return (main - 1 if main is not None else None), False
    bracketed = [
        y
        for y in said
        if re.search(r"[(（]\s*$", text[: y.start]) and re.match(r"[AE]?年?度?\s*[:：]", text[y.end :])
    ]
    if bracketed and len(bracketed) == len(said):
        return bracketed[0].year + 1, False
    own = [y for y in said if not BASE.search(text[: y.start]) and y not in bracketed]
    own = [y for y in own if not _of_base(text, figure, y, found)]
    within = [y for y in own if stretch[0] <= y.start < stretch[1]]
    for rows in (within, own):
        earlier = [y for y in rows if y.end <= figure.start]
        if earlier:
            return earlier[-1].year, rows is within or len({y.year for y in own}) == 1
        if rows:
            return rows[0].year, rows is within or len({y.year for y in own}) == 1
    if said and not own:
        return said[0].year + 1, True
    return context, False
