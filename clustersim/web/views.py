"""The tabs of the page: panels of one chart and one table of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clustersim.errors import InputError
from clustersim.planner.proposal import cash_by_year
from clustersim.report.labels.notes import keyed
from clustersim.report.labels.plans import plan_told
from clustersim.report.pages.tco import bill_lines
from clustersim.report.term_units import unit_of
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.serving import SloSection
from clustersim.web.answers import kept, result_of
from clustersim.web.asked import Design
from clustersim.web.panels import Note, bars, drawn, panel, rows_of, scatter
from clustersim.web.views_company import company
from clustersim.web.views_trust import trust
from clustersim.web.views_why import why, widest

__all__ = ["LATE", "PARTS", "VIEWS", "frontier_panel", "view"]


def serving(design: Design) -> list[dict[str, Any]]:
    """Rates, latencies and the share within the service level of every serving or video workload."""
    out = []
    for work in result_of(design).to_dict()["workloads"]:
        if work["kind"] == "training":
            continue
        told = {**work["rates"], **work["service"]}
        rows = [{"term": k, "value": v, "unit": unit_of(k)} for k, v in told.items()]
        times = {k: v for k, v in work["service"].items() if k.endswith("_s")}
        chart = bars(list(times), {"value": list(times.values())}, "s") if times else None
        plan = plan_told(str(work.get("plan") or ""))
        notes = [
            ("plan.of", {"group": work["name"], "plan": plan}) if plan else work["name"],
            *work.get("notes", []),
        ]
        out.append(panel(f"serving.{work['kind']}", rows, chart=chart, notes=notes))
    if not out:
        return [panel("serving.none", [])]
    return out


def frontier_panel(design: Design, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Throughput of a card against tokens a second of a user, plan by plan and load by load; the level as a box.

    Points left of the box, and those in it that miss the level otherwise, are drawn as such.
    """
    x, y = "tokens_per_s_per_user", "served_tokens_per_s_per_card"
    rows = [{_SERVED.get(k, k): v for k, v in r.items()} for r in rows]
    at = {name: [(r[x], r[y]) for r in rows if bool(r["meets"]) is meets] for name, meets in _MEETS.items()}
    works = design.ask().load(incumbent=False).scenario.demand
    levels = {name: work.slo for name, work in works.items() if isinstance(work, ServingWorkload)}
    marks = sorted({1.0 / level.tpot.value for level in levels.values() if level.tpot})
    notes = [
        "serving.frontier_say",
        *(note for name, level in levels.items() for note in _level(name, level)),
    ]
    return panel("serving.frontier", rows, chart=scatter(at, x, y, marks=marks), notes=notes)


def _level(name: str, level: SloSection) -> list[Note]:
    """A workload's service level in words: what the box is of, and what a point in it may still miss."""
    bounds = {"tpot": level.tpot, "ttft": level.ttft, "e2e": level.e2e}
    share = f"{level.share.value:.0%}"
    return [
        (f"serving.level_{bound}", {"name": name, "bound": f"{stated.value:g} s", "share": share,
                                    "rate": f"{1.0 / stated.value:.4g}"})
        for bound, stated in bounds.items() if stated
    ]  # fmt: skip


#: The search calls the cost and the rate of tokens by one name for all work; these are tokens served.
_SERVED = {"cny_per_mtoken": "cny_per_served_mtoken", "tokens_per_s_per_card": "served_tokens_per_s_per_card"}
_MEETS = {"meets_slo": True, "misses_slo": False}


def month(design: Design) -> list[dict[str, Any]]:
    """Where a step's time, its FLOPs, its memory and a month's hours go."""
    data, out = result_of(design).to_dict(), []
    training, long_run = data.get("training"), data.get("reliability")
    if training:
        rows = rows_of(training["terms"], "term", "spent_s")
        out.append(drawn("month.step", rows, "s", notes=[plan_told(training["plan"])]))
        memory = {k: v / 2**30 for k, v in training["memory_terms_bytes"].items()}
        out.append(drawn("month.memory", rows_of(memory, "part", "held_gib"), "GiB"))
    if long_run:
        out.append(drawn("month.hours", rows_of(long_run["shares"], "share_of", "share"), "1"))
    if training and long_run:
        out.insert(1, _flops(training, long_run["ettr"]))
    if not out:
        return [panel("month.none", [])]
    return out


def month_claims(design: Design) -> list[dict[str, Any]]:
    """What the published claims need, over draws of every input with a range."""
    data = result_of(design).to_dict()
    if not (data.get("training") and data.get("reliability")):
        return []
    claims = kept(("claims", design), lambda: design.ask().claims())
    rows = [{**r, "claim": keyed(r["claim"]), "reading": keyed(r["reading"])} for r in claims.table]
    return [panel("month.claims", rows, notes=[*claims.to_dict()["notes"], *claims.said])]


def _flops(training: Mapping[str, Any], ettr: float) -> dict[str, Any]:
    """Where every FLOP that the cards could have done goes: shares that sum to one.

    Matrix products, attention and logits hold the model's FLOPs; what they take beyond the peak is time below it.
    """
    step, terms = training["step_time_s"], training["terms"]
    products = ("compute_s", "attention_s", "logits_s")
    below = sum(terms[name] for name in products) / step - training["mfu"]
    shares = {
        "flops.useful": ettr * training["mfu"],
        "flops.below_peak": ettr * below,
        **{name: ettr * value / step for name, value in terms.items() if name not in products},
        "flops.lost_hours": 1.0 - ettr,
    }
    return drawn("month.flops", rows_of(shares, "goes_to", "share"), "1", notes=["month.flops_say"])


def bill(design: Design) -> list[dict[str, Any]]:
    """The bill of materials by group, and the cost of a year by term."""
    result = result_of(design)
    tco = result.to_dict()["tco"]
    cash = cash_by_year(result.run.own.tco)
    # The lines are those of the run: to price them again, with ranges that no panel shows, takes minutes where a draw
    # of unlike cards does.
    lines = bill_lines(result.run.own.bill)
    lead = max((r["lead_time_weeks"] or 0 for r in lines), default=0)
    said = [("bill.lead_time", {"weeks": f"{lead:g}"})] if lead else []
    return [
        drawn("bill.capex", rows_of(tco["capex_groups_cny"], "group", "capex_cny"), "CNY", notes=said),
        drawn("bill.year", rows_of(tco["terms_cny_per_year"], "term", "cny_per_year"), "CNY/year"),
        panel("bill.cash", cash, chart=_cash_chart(cash), notes=["bill.cash_say"]),
        panel("bill.lines", lines),
    ]


def _cash_chart(cash: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Cash out by year; what comes back at the end of life stands in its year's total."""
    return bars(
        [f"{row['year']:g}" for row in cash], {"total_cny": [row["total_cny"] for row in cash]}, "CNY"
    )


VIEWS: Mapping[str, Callable[[Design], list[dict[str, Any]]]] = {
    "why": why, "serving": serving, "month": month, "bill": bill, "company": company, "trust": trust,
}  # fmt: skip
#: Panels that run a site again for every draw or every input: seconds to minutes, where the rest of a tab is at hand.
LATE: Mapping[str, Callable[[Design], list[dict[str, Any]]]] = {"why": widest, "month": month_claims}
#: What may be asked of a tab.
PARTS = ("all", "first", "late")


#: The part of a result that a tab shows, whose weakest input is the tier of its numbers; the others show all parts.
_PARTS = {"serving": "workloads", "month": "reliability", "bill": "tco", "company": "valuation"}


def view(name: str, design: Design, part: str = "all") -> list[dict[str, Any]]:
    """Return the panels of a tab: those at hand (``first``), those that take long (``late``), or all.

    Raises InputError for a tab or a part that there is not, and what the run raises.
    """
    if name not in VIEWS:
        raise InputError(f"no view {name[:40]!r}; one of {', '.join(VIEWS)}, compare")
    if part not in PARTS:
        raise InputError(f"part: one of {', '.join(PARTS)}, not {part[:40]!r}")
    weakest = result_of(design).to_dict()
    tiers = {part: found["tier"] for part, found in weakest["weakest_inputs"].items()}
    tier = tiers.get(_PARTS.get(name, ""), weakest["weakest_tier"])
    first = VIEWS[name](design) if part != "late" else []
    late = LATE[name](design) if part != "first" and name in LATE else []
    return [{"tier": tier, **panel} for panel in (*first, *late)]
