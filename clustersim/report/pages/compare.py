"""A comparison as a page: the sides, each workload's costs and terms, who is cheaper and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clustersim.planner.candidates import Limits
from clustersim.planner.comparison import Asked, compare
from clustersim.report.answer import Answer, Block

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["compare_answer"]


def compare_answer(asked: Asked, *, draws: int | None, limits: Limits | None = None) -> Answer:
    """Put one demand on several clusters, each at its sustainable rate, and say what makes the difference."""
    result = compare(asked, draws=draws, limits=limits)
    rows = [{k: v for k, v in row.items() if k != "notes"} for row in result["workloads"]]
    names = dict.fromkeys(k for row in rows for k in row)
    said = result.pop("draws_said")
    return Answer(
        name="compare",
        said=said,
        data=result,
        page=lambda: _page(result),
        rows=[{k: row.get(k) for k in names} for row in rows],
        files=lambda: _figures(result),
    )


def _page(result: Mapping[str, Any]) -> list[Block]:
    sites = [{k: v for k, v in row.items() if k != "reason"} for row in result["sides"]]
    own = result["site"] == "own"
    lines: list[Block] = [
        "each priced at its own site" if own else f"priced at the site of {result['site']}",
        sites,
    ]
    if "equal" in result:
        lines += ["", *_equal(result["equal"])]
    lines += [f"{row['side']}: no cost: {row['reason']}" for row in result["sides"] if row["reason"]]
    for name in result["demand"]:
        lines += ["", *_workload(result, name)]
    return [*lines, "", *_even(result)]


def _equal(equal: Mapping[str, Any]) -> list[Block]:
    """How large each side is within the limits, and what it makes in a day."""
    return ["each side as large as the limits allow", [equal["limits"]], equal["sides"], equal["per_day"]]


def _workload(result: Mapping[str, Any], name: str) -> list[Block]:
    """One workload: its rows, its terms side by side, who is cheaper and how sure that is."""
    lines: list[Block]
    asked = result["demand"][name]
    what = f"{asked['kind']} of {asked['model']}" if asked["model"] else asked["kind"]
    rows = [row for row in result["workloads"] if row["workload"] == name and not row["reason"]]
    lines = [f"{name}: {what}, {asked['share']:.0%} of the sold card-hours"]
    if not rows:
        return lines
    shown = [{k: row.get(k) for k in _columns(rows[0])} for row in rows]
    lines += [shown]
    lines += [f"{row['side']}: {note}" for row in rows for note in row["notes"]]
    return [*lines, "", _terms(result, name, rows[0]), *_sure(result, name)]


#: Rates and levels of a workload that the table leaves to the JSON.
_HIDDEN = (
    "workload", "reason", "notes", "cached_tokens_per_s_per_card", "tokens_per_s", "ttft_p50_s", "tpot_p50_s",
)  # fmt: skip


def _columns(row: Mapping[str, Any]) -> list[str]:
    wide = [key for key in row if key not in _HIDDEN and key not in {"plan", "stated"}]
    return [*wide, *(key for key in ("plan", "stated") if row.get(key) is not None)]


def _terms(result: Mapping[str, Any], name: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    terms, less = result["terms"][name], result["difference_to_first"][name]
    unit = next(key for key in row if key.startswith("cny_per_"))
    used = [t for t in next(iter(terms.values())) if any(mine[t] for mine in terms.values())]
    rows = [
        {unit: t, **{s: mine[t] for s, mine in terms.items()}, **{f"{s} less first": d[t] for s, d in less.items()}}
        for t in used
    ]  # fmt: skip
    sums = {key: sum(r[key] for r in rows) for key in rows[0] if key != unit}
    return [*rows, {unit: "all", **sums}]


def _sure(result: Mapping[str, Any], name: str) -> list[str]:
    first = result["sides"][0]["side"]
    cheapest, *tied = result["cheapest"][name]
    lines = [f"cheapest: {cheapest}" + (f"; {', '.join(tied)} within 0.5 %: a tie" if tied else "")]
    for side, band in result["intervals"].get(name, {}).items():
        text = f"{side}: {band['p10']:,.4g} to {band['p90']:,.4g} CNY a unit (P10, P90)"
        if side != first:
            text += f"; cheaper than {first} in {band['share_cheaper_than_first']:.0%} of the draws"
        lines.append(text)
    return [*lines, *_decided(result, name)]


def _decided(result: Mapping[str, Any], name: str) -> list[str]:
    """Whether a side leads over the draws, or it is a tie and what would settle it."""
    shares = {side: band["share_cheapest"] for side, band in result["intervals"].get(name, {}).items()}
    if len(shares) < 2:
        return []
    wins = ", ".join(f"{side} {share:.0%}" for side, share in shares.items())
    if result["leads"][name]:
        return [f"cheapest in the draws: {wins}: {result['leads'][name]} leads"]
    settles = result["settles"][name]
    return [
        f"cheapest in the draws: {wins}: a tie" + (f"; most would be settled by {settles}" if settles else "")
    ]


def _even(result: Mapping[str, Any]) -> list[str]:
    first = result["sides"][0]["side"]
    return [
        f"{side}: a card price of {price:,.0f} CNY gives the cost of {first} over the whole demand"
        if price >= 0
        else f"{side}: even a card for nothing costs more than {first} over the whole demand"
        for side, price in result["break_even_card_price_cny"].items()
        if price is not None
    ]


def _figures(result: Mapping[str, Any]) -> dict[str, Figure]:
    from clustersim.report.figures import revenue_stack
    from clustersim.report.labels.terms import spoken

    out = {}
    for name, terms in result["terms"].items():
        if not terms:
            continue
        row = next(r for r in result["workloads"] if r["workload"] == name and not r["reason"])
        unit = next(key for key in row if key.startswith("cny_per_")).removeprefix("cny_per_")
        parts = {
            term: [mine[term] for mine in terms.values()]
            for term in next(iter(terms.values()))
            if any(mine[term] for mine in terms.values())
        }
        spans = {side: (band["p10"], band["p90"]) for side, band in result["intervals"].get(name, {}).items()}
        said = spoken(f"cny_per_{unit}")
        figure = revenue_stack(f"{name}: {said[:1].lower()}{said[1:]}", list(terms), parts, "CNY", spans)
        out[f"compare_{name}.png"] = figure
    return out
