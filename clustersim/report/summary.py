"""The result of a run as a page of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["summary"]


def _line(name: str, value: str, part: str, result: Mapping[str, Any]) -> str:
    tier = result["weakest_inputs"][part]["tier"]
    return f"  {name:<36}{value:>24}   [{tier}]"


def summary(result: Mapping[str, Any]) -> str:
    """Return the page: each number with the tier of its weakest input."""
    cluster, training, reliability = result["cluster"], result["training"], result["reliability"]
    tco, market, valuation = result["tco"], result["market"], result["valuation"]

    def row(name: str, value: str, part: str) -> str:
        return _line(name, value, part, result)

    lines = [
        f"{result['scenario']}  (seed {result['seed']}; weakest input: {result['weakest_tier']})",
        "",
        "Training",
        row("step time", f"{training['step_time_s']:.3f} s", "training"),
        row("throughput", f"{training['tokens_per_s']:,.0f} tokens/s", "training"),
        row("MFU / HFU", f"{training['mfu']:.1%} / {training['hfu']:.1%}", "training"),
        row(
            f"weak scaling, {training['scaling_base_cards']} to {cluster['cards']} cards",
            f"{training['scaling_efficiency']:.1%}",
            "training",
        ),
        row("memory per card", f"{training['memory_per_card_bytes'] / 2**30:.1f} GiB", "training"),
        "Reliability",
        row("MTTF of the cluster", f"{reliability['mttf_h']:.1f} h", "reliability"),
        row("failures in the run", f"{reliability['failures']:.1f}", "reliability"),
        row("ETTR", f"{reliability['ettr']:.2%}", "reliability"),
        row(
            "training goodput", f"{reliability['training_goodput_tokens_per_s']:,.0f} tokens/s", "reliability"
        ),
    ]
    if reliability["longest_failure_free_h"] is not None:
        hours, recovery = reliability["longest_failure_free_h"], reliability["recovery_s_p50"]
        lines += [
            row("longest failure-free stretch, P50", f"{hours:.0f} h", "reliability"),
            row("recovery, P50", f"{recovery:.0f} s", "reliability"),
        ]
    lines += [
        "Power and cost",
        row("IT / facility power", f"{cluster['it_power_w'] / 1e3:,.0f} / {cluster['facility_power_w'] / 1e3:,.0f} kW",
            "cluster"),
        row("capex, VAT included", f"{tco['capex_cny'] / 1e6:,.1f} M CNY", "tco"),
        row("opex", f"{tco['opex_cny_per_year'] / 1e6:,.2f} M CNY/year", "tco"),
        row(f"TCO over {tco['horizon_years']:g} years", f"{tco['tco_cny'] / 1e6:,.1f} M CNY", "tco"),
        row("cost per card-hour", f"{tco['cny_per_card_hour']:.2f} CNY", "tco"),
        row("cost per million tokens", f"{tco['cny_per_mtoken']:.2f} CNY", "tco"),
    ]  # fmt: skip
    if market["value_in_use_price_cny"] is not None:
        cost = market["incumbent_cny_per_mtoken"]
        lines += [
            "Market",
            row(f"incumbent ({market['incumbent']}) per Mtoken", f"{cost:.2f} CNY", "market"),
            row("value-in-use price of the card", f"{market['value_in_use_price_cny']:,.0f} CNY", "market"),
        ]
    if result["forecast"] is not None:
        lines.append("Forecast, M CNY")
        revenue = result["forecast"]["revenue_kcny"]
        lines += [
            row(f"revenue {year}", f"{value / 1e3:,.1f}", "forecast") for year, value in revenue.items()
        ]
    if valuation is not None:
        printed, unit = valuation.get("as_printed"), valuation["currency"]
        low = unit.lower()
        lines.append(
            f"Valuation                                  recomputed{'   (as printed)' if printed else ''}"
        )
        for key, name, digits in (
            (f"dcf_{low}_m", f"DCF, M {unit}", 0), (f"ps_{low}_m", f"price-to-sales, M {unit}", 0),
            (f"blended_{low}_m", f"blended, M {unit}", 0),
            (f"target_price_{low}", f"target price, {unit} per share", 2),
        ):  # fmt: skip
            both = f"{valuation[key]:,.{digits}f}" + (f"   ({printed[key]:,.{digits}f})" if printed else "")
            lines.append(row(name, both, "valuation"))
        lines += [f"CHECK FAILS: {c['check']}, {c['year']}: {c['note']}" for c in valuation["failed_checks"]]
        lines += ["", *valuation["notes"]]
        if printed:
            lines.append(valuation["why_they_differ"])
    return "\n".join(lines)
