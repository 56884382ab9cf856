"""Section of a proposal on how often such a site fails, and what published claims would need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clustersim.report.content.model import Block, Paragraph, Table, Teller
from clustersim.report.content.offer_sections import word

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer

__all__ = ["reliability"]


def reliability(tell: Teller, offer: Offer) -> Iterator[Block]:
    """How often such a site fails, and what published claims would need; of serving, which they do not speak of, how
    many failures and spares there are."""
    if "claims" not in offer.answers:
        yield from _service(tell, offer)
        return
    claims: dict[str, Any] = offer.answers["claims"]
    i = next(i for i, w in enumerate(offer.works) if w["name"] == claims["workload"])
    yield Paragraph(
        tell.say("rel_said", cards=tell.number("claims:cards", ",.0f"), mtbf=tell.number("claims:mtbf_h", ",.1f"),
                 card_hours=tell.number("claims:card_hours_per_failure", ",.0f"),
                 ettr=tell.number(f"run:workloads.{i}.service.ettr", ".1%")))  # fmt: skip
    rows = tuple(
        (word(tell, f"claim.{row['claim']}", row["claim"]), _reading(tell, row["reading"]),
         tell.number(f"claims:readings.{k}.mtbf_needed_h", ",.1f"),
         tell.number(f"claims:readings.{k}.probability", ".2%"), tell.say("yes" if row["met"] else "no"),
         tell.number(f"claims:readings.{k}.share_met", ".0%") if "share_met" in row else "–")
        for k, row in enumerate(claims["readings"])
    )  # fmt: skip
    columns = tuple(tell.say(k) for k in ("claim", "reading", "needed", "chance", "met", "met_draws"))
    shown = (
        len(columns) if claims["draws"] else len(columns) - 1
    )  # without the last where no range was asked for
    yield Table(tell.say("rel_claims"), columns[:shown], tuple(row[:shown] for row in rows))
    yield Paragraph(tell.say("rel_claims_said"), "remark")
    yield from _promises(tell, claims)
    ladder = [
        (row["fleet"], tell.number(f"claims:ladder.{k}.card_hours_per_failure", ",.0f"),
         tell.number(f"claims:ladder.{k}.mtbf_h", ",.1f"))
        for k, row in enumerate(claims["ladder"])
    ]  # fmt: skip
    ours = (tell.say("this_offer"), tell.number("claims:card_hours_per_failure", ",.0f"),
            tell.number("claims:mtbf_h", ",.1f"))  # fmt: skip
    columns = tuple(tell.say(k) for k in ("fleet", "card_hours", "rel_at_ours"))
    yield Table(tell.say("rel_ladder"), columns, (*ladder, ours))


def _service(tell: Teller, offer: Offer) -> Iterator[Block]:
    """Failures of a site that trains nothing, what one takes, and the spares."""
    if tell.has("offer:service.mtbf_h"):
        days = offer.inputs.reliability.duration.value / 86_400
        yield Paragraph(
            tell.say("rel_site", cards=tell.number("run:cluster.cards", ",.0f"), days=f"{days:,.3g}",
                     mtbf=tell.number("offer:service.mtbf_h", ",.1f"),
                     card_hours=tell.number("offer:service.card_hours_per_failure", ",.0f"),
                     failures=tell.number("offer:service.failures", ",.1f")))  # fmt: skip
        for i, work in enumerate(offer.works):
            key = f"run:workloads.{i}.cards_per_deployment"
            if tell.has(key):
                share = tell.share(key, ["run:cluster.cards"], ".1%")
                yield Paragraph(
                    tell.say("rel_replica", work=work["name"], cards=tell.number(key, ",.0f"), share=share),
                    "bullet",
                )
        yield Paragraph(
            tell.say("rel_service_spares", out=tell.number("offer:service.servers_out_for_repair", ",.2f"),
                     hot=tell.number("offer:service.hot", ",.0f"),
                     share=tell.number("offer:service.p_spare_is_there", ".2%")), "bullet")  # fmt: skip
    yield Paragraph(tell.say("rel_serving"))


def _reading(tell: Teller, text: str) -> str:
    """A reading of a claim in the language; its probability stays as the claims say it."""
    kind, _, rest = text.partition(" (")
    p = re.search(r"P = ([\d.]+)", text)
    said = {"mean gap": "mean", "median gap": "median", "guarantee": "guarantee",
            "automatic recovery counted": "automatic"}.get(kind)  # fmt: skip
    return tell.say(f"reading.{said}", p=f"P = {p[1]}" if p else rest.rstrip(")")) if said else text


def _promises(tell: Teller, claims: dict[str, Any]) -> Iterator[Block]:
    found = claims["restore"]["total_s"]
    host, storage = (
        tell.number(f"claims:restore.total_s.{k}", ",.0f") if k in found else "–" for k in ("host", "storage")
    )
    if tell.has("claims:restore.p_within"):
        share = tell.number("claims:restore.p_within", ".1%")
        yield Paragraph(tell.say("rel_restore", host=host, storage=storage, share=share), "bullet")
    else:
        yield Paragraph(tell.say("rel_restore_unsimulated", host=host, storage=storage), "bullet")
    yield Paragraph(
        tell.say("rel_spares", hot=tell.number("claims:spares.hot", ",.0f"),
                 share=tell.number("claims:spares.p_spare_is_there", ".2%")), "bullet")  # fmt: skip
    kind = claims["linear_scaling"]["kind"]
    if kind not in {"weak", "strong"}:
        yield Paragraph(
            tell.say("rel_together", claim=tell.number("claims:linear_scaling.claim", ".0%"),
                     cards=tell.number("claims:linear_scaling.cards", ",.0f"),
                     found=tell.number("claims:linear_scaling.scaling_efficiency", ".1%")), "bullet")  # fmt: skip
        return
    ends = "claims:intervals.scaling_efficiency"
    spread = [tell.number(f"{ends}.{p}", ".1%") for p in ("p10", "p90")] if tell.has(f"{ends}.p10") else []
    yield Paragraph(
        tell.say("rel_scaling" if spread else "rel_scaling_point", rule=tell.say(f"rel_{kind}"),
                 claim=tell.number("claims:linear_scaling.claim", ".0%"),
                 low=tell.number("claims:linear_scaling.base_cards", ",.0f"),
                 high=tell.number("claims:linear_scaling.cards", ",.0f"),
                 found=tell.number("claims:linear_scaling.scaling_efficiency", ".1%"),
                 **dict(zip(("p10", "p90"), spread, strict=False))), "bullet")  # fmt: skip
