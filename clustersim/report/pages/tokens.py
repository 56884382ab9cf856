"""Tokens as cards, and a product's units as sites, deals, stacks and wafers."""

from __future__ import annotations

from collections.abc import Mapping

from clustersim.planner.tokens import DEAL_CNY, cards_for_tokens, units_to_sites
from clustersim.report.answer import Answer, Block

__all__ = ["tokens_answer", "units_answer"]


def tokens_answer(name: str, sets: Mapping[str, object], *, years: int) -> Answer:
    """Cards, megawatts and capex that a month's tokens need, by class of model and year."""
    profile, rows = cards_for_tokens(name, years=years, sets=sets)
    totals = [
        {
            "year": year,
            **{
                key: sum(row[key] for row in rows if row["year"] == year)
                for key in (
                    "tokens_per_month",
                    "cards",
                    "cards_low",
                    "cards_high",
                    "facility_mw",
                    "new_cards",
                    "capex_mcny",
                )
            },
        }
        for year in range(years)
    ]
    shown = [{k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    head = f"{profile.name}: tokens of {profile.month}, at {profile.use.value:.0%} of what the fleet is built for"
    page: list[Block] = [head, "", shown, "", totals]
    said = ["low and high are those of the tokens alone; costs per token count the idle part of the fleet"]
    return Answer(
        name="plan_tokens", data={"tokens": name, "classes": rows, "totals": totals}, page=lambda: page, rows=rows,
        said=said,
    )  # fmt: skip


def units_answer(scenario: str, sets: Mapping[str, object]) -> Answer:
    """What the printed units of a product mean in sites, deals, megawatts, memory stacks and wafers."""
    found = units_to_sites(scenario, sets)

    def page() -> list[Block]:
        rows = [
            {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()} for row in found["years"]
        ]
        blocks: list[Block] = [f"{found['product']} ({found['card']}), as forecast", "", rows]
        if found["silicon"]:
            blocks += ["", f"what a {found['card']} costs its maker", "", found["silicon"]]
        return blocks

    said = [f"a deal is {DEAL_CNY / 1e6:g} MCNY, the published mean of 2024; a site has 1,024 cards"]
    if not found["silicon"]:
        said.append(f"no silicon of {found['card']} is described (hwprofiles/silicon): no wafers, no margin")
    return Answer(name="plan_units", data=found, page=page, rows=found["years"], said=said)
