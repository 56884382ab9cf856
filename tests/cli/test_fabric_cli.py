"""`clustersim fabric`: what joins the cards, by two counts and two ways."""

from __future__ import annotations

import pytest

import clustersim as cs


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cluster.fabric.topology": "dragonfly"},
        {"cluster.fabric.topology": "rail_optimized"},
        {"cluster.supernode": {"profile": "optical", "cards": 128}},
        {"cluster.supernode": {"profile": "torus", "cards": 64}},
    ],
)
def test_both_counts_and_both_rates_agree(changes: dict[str, object]) -> None:
    plan = {"demand.pretrain.plan": {"tp": 8, "pp": 8, "dp": 4, "zero": 1}, "cluster.cards": 256}
    found = cs.load("nanjing-1024").set({**plan, **changes}).fabric().data
    assert found["parts"] and all(part["counted"] == part["on_graph"] for part in found["parts"].values())
    assert all(abs(row["error_pct"]) < 10 for row in found["rates"])
    assert {row["groups"] for row in found["groups"]} == {"tp", "dp", "pp"}
    assert bool(found["failed_circuits"]) == (
        changes.get("cluster.supernode", {}).get("profile") == "optical"
    )
