"""A cluster's fabric as a page: what joins it, closed forms beside its graph, and what failures leave."""

from __future__ import annotations

from typing import Any

from clustersim.assemble.parts import network_spec
from clustersim.assemble.supernode import joined
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.fabric import MOST_CARDS, fabric_check, failed_circuits, groups_sharing
from clustersim.report.answer import Answer, Block
from clustersim.schema.inputs import Inputs
from clustersim.workloads.training import planned_job
from clustersim.workloads.work import StageCache

__all__ = ["fabric_answer"]


def fabric_answer(inputs: Inputs) -> Answer:
    """What joins the cards: parts by two counts, rates by closed form and on the graph, groups that share links."""
    network, inside = network_spec(inputs), joined(inputs)
    checked, counted = fabric_check(inputs)
    rows = [
        {
            "level": c.level, "pattern": c.pattern, "cards": c.cards,
            "closed_GB_per_s": round(c.closed_bytes_per_s / 1e9, 3),
            "graph_GB_per_s": round(c.graph_bytes_per_s / 1e9, 3), "error_pct": round(100 * c.error, 2),
        }
        for c in checked
    ]  # fmt: skip
    said: list[str] = []
    result: dict[str, Any] = {
        "scenario": inputs.name,
        "coherent_domain_cards": int(network.scale_up_size),
        "wiring": network.scale_up_wiring,
        "block_cards": int(network.block_size) or None,
        "supernode_parts": {n: getattr(inside.parts, n) for n in type(inside.parts).__slots__},
        "rates": rows,
        "parts": {name: {"counted": a, "on_graph": b} for name, (a, b) in counted.items()},
        "failed_circuits": failed_circuits(inputs),
        "groups": _groups(inputs, said),
    }
    if inputs.scenario.cluster.cards is not None and inputs.cards > MOST_CARDS:
        said.append(f"the graph is that of the first {MOST_CARDS} cards")
    return Answer(name="fabric", data=result, page=lambda: _page(result), rows=rows, said=said)


def _groups(inputs: Inputs, said: list[str]) -> list[dict[str, Any]]:
    """Groups of the first training workload's plan."""
    trained = list(inputs.of_kind("training").values())
    if not trained:
        return []
    try:
        job, _ = planned_job(inputs, trained[0], StageCache())  # type: ignore[arg-type]
        return groups_sharing(inputs, job.plan)
    except (InfeasibleError, InputError) as error:
        said.append(f"no groups are laid out: {error}")
        return []


def _page(result: dict[str, Any]) -> list[Block]:
    block = f" in blocks of {result['block_cards']}" if result["block_cards"] else ""
    bought = ", ".join(f"{v:,} {k.replace('_', ' ')}" for k, v in result["supernode_parts"].items() if v)
    page: list[Block] = [
        f"{result['scenario']}: coherent domains of {result['coherent_domain_cards']} cards{block},"
        f" {result['wiring']}; {bought or 'a server joins them'}",
        "", result["rates"],
    ]  # fmt: skip
    if result["parts"]:
        parts = [{"part": k, **v} for k, v in result["parts"].items()]
        page += ["", parts]
    for key in ("groups", "failed_circuits"):
        if result[key]:
            page += ["", result[key]]
    return page
