"""Serving rows predicted without the rows that constants came from: whole cards, sources or releases left out in turn.

Lines of constants that were found from a group's rows are taken out of their software's file, so that a run there gets
what a user without measurements gets. Constants of classes are means over evidence on several cards (`EVIDENCE`): they
are formed again from what is left. Rows of the group that constants were found from count like all others.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log
from statistics import fmean, median
from typing import Any

from clustersim.assemble.software import constants_kind
from clustersim.errors import InputError, suggest
from clustersim.schema.find_software import UNMEASURED, load_software, stand_ins
from clustersim.schema.lookup import known_names
from clustersim.schema.model_engine import model_spec
from clustersim.schema.profiles import load_model
from clustersim.schema.software import EngineConstants, SoftwareProfile
from clustersim.validation.common import ValidationRow
from clustersim.validation.domains import DOMAINS, read_rows, shipped_file
from clustersim.validation.leave_out import group_line
from clustersim.validation.serving_latency import identity, stated, tuned_rows
from clustersim.validation.serving_scenario import outcome_of
from clustersim.validation.sources import shipped_rows

__all__ = ["BY", "EVIDENCE", "Evidence", "left_out_rows", "serving_domain", "without"]

#: What may be left out together.
BY = ("source", "card", "release")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A constant of a class, found from evidence on several cards: the geometric mean of one figure for each.

    Attributes:
        software: the profile that holds it.
        models: kinds of model of its lines for any card.
        ours: whether these are the lines for cards of established makers (``makers`` stated), else of all others.
        key: the constant.
        found: card -> figures; ``several`` is no card's alone.
        otherwise: what stands in where nothing is left.
    """

    software: str
    models: tuple[str, ...]
    ours: bool
    key: str
    found: Mapping[str, tuple[float, ...]]
    otherwise: float

    def without(self, card: str) -> float:
        """Return the constant from what other cards say.

        >>> one = Evidence("x", ("moe",), True, "layer_us", {"A": (100.0,), "B": (400.0,)}, 50.0)
        >>> one.without("C"), one.without("B")
        (200.0, 100.0)
        """
        left = [value for name, values in self.found.items() if name != card for value in values]
        return round(exp(fmean(map(log, left))), 6) if left else self.otherwise


def _evidence() -> Iterator[Evidence]:
    """Constants of classes and what they are means of (notes of the profiles), one line a card in their table."""
    keys = ("software", "models", "makers", "constant", "otherwise")
    found: dict[tuple[str, ...], dict[str, tuple[float, ...]]] = {}
    for line in shipped_rows("serving_evidence.csv"):
        cards = found.setdefault(tuple(line[key] for key in keys), {})
        cards[line["card"]] = tuple(map(float, line["figures"].split()))
    for (software, models, makers, constant, otherwise), cards in found.items():
        yield Evidence(
            software, tuple(models.split()), makers == "established", constant, cards, float(otherwise)
        )


EVIDENCE = tuple(_evidence())


@lru_cache(maxsize=1)
def _found_from() -> frozenset[tuple[str, str, str]]:
    """Software, card and kind of model of the rows that lines of constants were found from."""
    out = set()
    for table in ("serving_silicon_hopper.csv", "serving_silicon_blackwell.csv"):
        for row, asked, _ in stated(shipped_rows(table)):
            run = asked.run
            if run is None or identity(row) not in tuned_rows():
                continue
            kind = constants_kind(model_spec(load_model(run.model)), run.weights.dtype)
            out.add((run.software, run.card, kind))
    return frozenset(out)


def _kept(line: EngineConstants, profile: SoftwareProfile, card: str, software: str) -> bool:
    if software and profile.name != software:
        return True
    if line.card == "*":
        return True
    if not card:
        return False
    shared = card in line.also and (profile.name, card, line.model) in _found_from()
    return line.card != card and not shared


def without(card: str, software: str) -> tuple[dict[str, SoftwareProfile], list[str]]:
    """Return the software profiles that change without a card's rows, a software's, or both; and what changed.

    An empty ``software`` leaves out all of a card's, an empty ``card`` all of a software's.
    """
    out: dict[str, SoftwareProfile] = {}
    said: list[str] = []
    for name in known_names("hwprofiles/software"):
        profile = load_software(name)
        if profile.serving is None:
            continue
        lines = [c for c in profile.serving.constants if _kept(c, profile, card, software)]
        dropped = len(profile.serving.constants) - len(lines)
        if dropped:
            said.append(f"{name}: {dropped} line(s) of constants out")
        for one in EVIDENCE:
            if one.software != name or card not in one.found or (software and software != name):
                continue
            lines, moved = _again(lines, one, one.without(card))
            said += moved
        if lines != list(profile.serving.constants):
            serving = profile.serving.model_copy(update={"constants": tuple(lines)})
            out[name] = profile.model_copy(update={"serving": serving})
    return out, said


def _again(
    lines: Sequence[EngineConstants], one: Evidence, value: float
) -> tuple[list[EngineConstants], list[str]]:
    """The lines with a class's constant formed again, and what moved; rounding of the file is no move."""
    out, moved = [], []
    for line in lines:
        here = line.card == "*" and line.model in one.models and bool(line.makers) == one.ours
        old = getattr(line, one.key)
        if here and abs(value / old - 1.0) > 0.03 if old else here and value:
            moved.append(f"{one.software} {line.model} {one.key} {old:g} -> {value:g}")
            line = line.model_copy(update={one.key: value})
        out.append(line)
    return out, moved


@contextmanager
def _left_out(card: str, software: str) -> Iterator[list[str]]:
    profiles, said = without(card, software)
    outcome_of.cache_clear()
    try:
        with stand_ins(profiles):
            yield said
    finally:
        outcome_of.cache_clear()


def serving_domain(domain: str) -> bool:
    """Tell whether a domain's rows are of serving engines by their constants.

    >>> serving_domain("domestic_serving"), serving_domain("serving_agentic"), serving_domain("training")
    (True, False, False)
    """
    return domain in DOMAINS and "serving" in domain and domain != "serving_agentic"


def _group_of(row: ValidationRow, by: str) -> tuple[str, str, str]:
    """Name of a row's group, and the card and software that are left out with it."""
    if by == "card":
        return row.card, row.card, ""
    if by == "release":
        return row.software, "", row.software
    return f"{row.software} {row.card}", row.card, row.software


def left_out_rows(
    domain: str, by: str, rows: Iterable[Mapping[str, str]] | None = None, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the errors of every group of a domain's rows, its own constants left out, and groups weighted alike.

    ``only`` names groups that are looked at. Raises InputError for a word that is none of ``BY``.
    """
    if by not in BY:
        raise InputError(f"--leave-out {by}: {suggest(by, list(BY))}")
    given = list(rows) if rows is not None else list(read_rows(shipped_file(domain)).rows)
    predict = importlib.import_module(DOMAINS[domain][0]).predict
    first: list[ValidationRow] = predict(given)
    names: dict[tuple[str, str, str], None] = {}
    for row in first:
        if (row.predicted and row.software not in UNMEASURED.values()) or (row.predicted and by == "card"):
            names.setdefault(_group_of(row, by))
    groups = []
    for name, card, software in sorted(names):
        if only and name not in only:
            continue
        with _left_out(card, software) as said:
            found = predict(given)
        mine = [r for r in found if r.predicted and not r.aside and _group_of(r, by)[0] == name]
        groups += _lines(name, mine, said)
    return {
        "left_out": by, "groups": groups, "kept": ["shares of attention", "the memory that engines keep"],
        "rows": sum(g["rows"] for g in groups),
        "median_of_median_ape_pct": median(g["median_ape_pct"] for g in groups) if groups else None,
        "bias_pct": fmean(g["bias_pct"] for g in groups) if groups else None,
        "median_bias_pct": median(g["bias_pct"] for g in groups) if groups else None,
    }  # fmt: skip


def _lines(name: str, rows: Sequence[ValidationRow], said: Sequence[str]) -> list[dict[str, Any]]:
    """One line a quantity."""
    by: dict[str, list[float]] = {}
    for row in rows:
        assert row.predicted is not None
        quantity = row.unit if row.unit == "tok/s" else row.id.rpartition(" ")[2]
        by.setdefault(quantity, []).append(100.0 * (row.predicted / row.measured - 1.0))
    return [group_line(f"{name} {quantity}", off, len(said), said) for quantity, off in sorted(by.items())]
