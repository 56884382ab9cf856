"""Designs side by side: their gap by terms, what would flip the winner, and the price at which they cost alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.planner.uncertainty import Swing
from clustersim.report.answer import Answer
from clustersim.report.labels.notes import keyed
from clustersim.report.term_units import unit_of
from clustersim.schema.designs import What, labels_of
from clustersim.web.answers import RUN_DRAWS, kept, remarks_of, result_of
from clustersim.web.asked import Design
from clustersim.web.ends import ends_of
from clustersim.web.panels import Note, bars, panel, refused, spans
from clustersim.web.replayed import numbers_of

__all__ = ["compare_view", "flips_view"]

#: Inputs that are drawn.
MOST_SHOWN = 12
#: What two ways of adding up leave of a line: a share of it.
NOISE = 1e-12
#: Steps towards what flips, and how near it is then: a share of the gap, or of the range.
HALVINGS, CLOSE = 24, 1e-7


def compare_view(designs: Sequence[Design], draws: int = RUN_DRAWS) -> list[dict[str, Any]]:
    """Designs side by side: the first numbers of each, and the gap of the cost of a unit by term.

    The gap is that of ``clustersim compare``: one demand on all, which is the first one's where they state different
    ones, and the changes that each design has alone (``schema.designs``). Ranges are of ``draws``, as the tiles' are.
    """
    labels = labels_of([What(d.scenario, dict(d.changes)) for d in designs])
    rows = [
        {"design": f"{i}: {d.scenario}", "changed_inputs": ", ".join(f"{k}={v}" for k, v in d.changes),
         **{r["term"]: r["value"] for r in result_of(d).headline}}
        for i, d in enumerate(designs, 1)
    ]  # fmt: skip
    columns = list(dict.fromkeys(c for r in rows for c in r))
    told = [{c: r.get(c) for c in columns} for r in rows]
    if len(designs) == 1:
        return [panel("compare.side_by_side", told, notes=["compare.pin"]), *_equal(designs[0])]
    try:
        found = kept(("compare", tuple(designs), draws), lambda: _compared(designs, draws))
    except ClusterSimError as error:
        # Unlike work has no common cost; each design still has numbers of its own.
        return [panel("compare.side_by_side", told, notes=[refused(str(error))]), *_equal(designs[0])]
    data = found.to_dict()
    remarks = [said for one in designs[1:] for said in remarks_of(one)]
    works = result_of(designs[0]).to_dict()["workloads"]
    units = {str(work["name"]): unit_of(f"cny_per_{work['unit']}") for work in works}
    one = len({d.scenario for d in designs}) == 1
    same: Note = "compare.one_scenario" if one else ("compare.same_work", {"name": labels[0]})
    return [
        panel("compare.side_by_side", told, notes=["compare.own_terms", *remarks]),
        *(one for work in data["terms"] for one in _gap(data, work, units.get(work, "CNY"), same)),
        *_equal(designs[0]),
    ]


def _compared(designs: Sequence[Design], draws: int) -> Answer:
    """The comparison of ``clustersim compare``; where the designs state different work, all do that of the first."""
    first, *others = (d.ask() for d in designs)
    try:
        return first.compare(*others, draws=draws)
    except InputError as unlike:
        try:
            return first.compare(*others, draws=draws, demand=first.name)
        except InputError as error:
            raise error from unlike


def _gap(data: Mapping[str, Any], work: str, unit: str, same: Note) -> list[dict[str, Any]]:
    """The cost of a unit of one workload by side and term, and each term's share of the gap to the first side."""
    sides = data["terms"][work]
    terms = list(dict.fromkeys(t for side in sides.values() for t, v in side.items() if v))
    rows: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for side, values in sides.items():
        costs = {t: values.get(t, 0.0) for t in terms}
        rows.append({"side": side, **costs, "sum": sum(values.values()), **_shares(data, work, side)})
        gaps = data["difference_to_first"][work].get(side, {})
        gaps = {t: v if abs(v) > NOISE * abs(values[t]) else 0.0 for t, v in gaps.items()}
        whole = sum(gaps.values())
        if whole:
            shares = {t: 100.0 * gaps[t] / whole for t in terms if gaps.get(t)}
            lines.append({"side": side, "gap": whole, **shares, "gap.sum": sum(shares.values())})
    columns = list(dict.fromkeys(c for r in rows for c in r))
    chart = bars(list(sides), {t: [sides[s].get(t, 0.0) for s in sides] for t in terms}, unit, "stacked")
    settles = data["settles"].get(work, "")
    said = ("compare.settles", {"what": keyed(settles)}) if settles else ""
    shares = {side: row["share_cheapest"] for side, row in data["intervals"].get(work, {}).items()}
    wins = ("compare.wins", {"what": "; ".join(f"{s} {v:.0%}" for s, v in shares.items())}) if shares else ""
    unable = [
        ("compare.unable", {"name": row["side"], "reason": refused(row["reason"])})
        for row in data["sides"] if row["reason"]
    ]  # fmt: skip
    money = dict.fromkeys((*terms, "sum", "p10", "p50", "p90"), unit)
    told = [{c: r.get(c) for c in columns} for r in rows]
    percent = dict.fromkeys((*terms, "gap.sum"), "%")
    return [
        panel("compare.gap", told, chart=chart, notes=[work, same, wins, said, *unable], units=money),
        panel(
            "compare.gap_lines",
            lines,
            notes=[work, "compare.gap_lines_say" if lines else "compare.no_gap"],
            units={**percent, "gap": unit},
        ),
    ]


def _shares(data: Mapping[str, Any], work: str, side: str) -> dict[str, float]:
    found = data.get("intervals", {}).get(work, {}).get(side, {})
    return {k: found[k] for k in ("p10", "p50", "p90", "share_cheapest") if k in found}


def flips_view(design: Design) -> list[dict[str, Any]]:
    """Which inputs flip the winner between a design and its incumbent: seconds of work, so that it is a job."""
    terms = {str(r["term"]): float(r["value"]) for r in result_of(design).terms.to_dict("records")}
    rival = next((t for t in terms if t.rpartition(".")[2].startswith("incumbent_cny_per_")), None)
    own = rival.replace("incumbent_cny_per_", "cny_per_") if rival else ""
    if rival is None or own not in terms:
        return [panel("compare.flips", [], notes=["compare.no_incumbent"])]
    return [_flips(design, own, rival, terms)]


def _equal(design: Design) -> list[dict[str, Any]]:
    """The price of a card, the share of hours sold and the tariff at which a unit costs what the incumbent's does."""
    rows: list[dict[str, Any]] = []
    units: dict[str, str] = {}
    for unknown in ("price", "sold_share", "tariff"):
        try:
            found = kept(("equal", design, unknown), lambda u=unknown: design.ask().break_even(u).table)  # type: ignore[misc]
        except ClusterSimError:
            continue
        rows += [
            {"unknown": f"equal.{r['unknown']}", "now": r["now"], "value_there": r["value"], "unit": r["unit"],
             "cost_now": r["cost_now"], "cost_there": r["cost_there"]} for r in found
        ]  # fmt: skip
        units = dict.fromkeys(("cost_now", "cost_there"), str(found[0]["mark_unit"]))
    return [panel("compare.equal", rows, notes=["compare.equal_say"], units=units)] if rows else []


def _flips(design: Design, own: str, rival: str, terms: Mapping[str, float]) -> dict[str, Any]:
    """Inputs whose stated range holds a value at which the winner changes, and that value."""
    ahead = terms[own] < terms[rival]
    inputs = {
        str(r["term"]): {str(k): v for k, v in r.items()} for r in result_of(design).inputs.to_dict("records")
    }
    flips: dict[str, dict[str, Any]] = {}
    gaps = [g for g in _gaps(design, own, rival) if abs(g.high - g.low) > 0.0]
    for gap in gaps:
        row = inputs[gap.key]
        for end, there in ((row["low"], gap.low), (row["high"], gap.high)):
            if (there < 0.0) != ahead:
                at = _crossing(design, gap.key, row, end, lambda n: n[own] - n[rival])
                flips[gap.key] = {"flips_at": at, "end": end}
    told = ("compare.ahead" if ahead else "compare.behind", {
        "own": f"{terms[own]:.4g}", "other": f"{terms[rival]:.4g}", "unit": unit_of(own) or "",
    })  # fmt: skip
    widest = sorted(gaps, key=lambda g: (g.key not in flips, -abs(g.high - g.low)))[
        : max(MOST_SHOWN, len(flips))
    ]
    rows = [
        {"key": g.key, "gap_at_low": g.low, "gap_at_high": g.high, "now": inputs[g.key]["value"],
         "unit": inputs[g.key]["unit"], "flips_at": None, "end": None, **flips.get(g.key, {})} for g in widest
    ]  # fmt: skip
    chart = spans(
        [g.key for g in widest], [g.low for g in widest], [g.high for g in widest], unit_of(own) or "",
        terms[own] - terms[rival],
    )  # fmt: skip
    notes = [told, "compare.flips_say" if flips else "compare.no_flip", "compare.flips_chart"]
    units = dict.fromkeys(("gap_at_low", "gap_at_high"), unit_of(own) or "")
    return panel("compare.flips", rows, chart={**chart, "zero": True}, notes=notes, units=units)


def _gaps(design: Design, own: str, rival: str) -> list[Swing]:
    """The design's cost of a unit less its incumbent's at both ends of every uncertain input, each alone."""
    ends = ends_of(design)
    return [Swing(a.key, a.low - b.low, a.high - b.high) for a, b in zip(ends[own], ends[rival], strict=True)]


def _crossing(
    design: Design, key: str, row: Mapping[str, Any], end: float, gap: Callable[[Mapping[str, float]], float]
) -> float | None:
    """The value between now and an end of the range at which the gap changes its sign; None where a run fails.

    By the chord, its kept end halved in weight (Illinois), every third time by the middle: a gap may jump.
    """
    unit = "" if row["unit"] in {"1", "", None} else f" {row['unit']}"

    def at(value: float) -> float:
        return gap(numbers_of(design.with_changes({key: f"{value!r}{unit}" if unit else value})))

    try:
        near, far = float(row["value"]), float(end)
        one, other = at(near), at(far)
        span, size, moved = abs(far - near), abs(one) + abs(other), ""
        for step in range(HALVINGS):
            middle = 0.5 * (near + far) if step % 3 == 2 else (near * other - far * one) / (other - one)
            found = at(middle)
            if abs(found) <= CLOSE * size or abs(far - near) <= CLOSE * span:
                return middle
            if (found > 0.0) == (one > 0.0):
                near, one, other = middle, found, other * (0.5 if moved == "near" else 1.0)
                moved = "near"
            else:
                far, other, one = middle, found, one * (0.5 if moved == "far" else 1.0)
                moved = "far"
    except (ClusterSimError, ZeroDivisionError):
        return None
    return 0.5 * (near + far)
