"""Rows that are failures of a job or of its parts as a scenario: `train` of its file gives the time between failures.

The job's failures follow from its cards and their rate alone; what else a long run needs is the buyer's site whose own
is not known, with a model of one layer, and changes nothing of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clustersim.assemble.reliability import Trained, training_run
from clustersim.des.training.components import COMPONENTS
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.load_one import load_one
from clustersim.schema.yamlfile import Document
from clustersim.validation.reliability_row import CARDS_PER_NODE
from clustersim.validation.sources import shipped_rows

__all__ = ["Failing", "failing_document", "mttf_h"]

#: Any job; failures do not depend on it.
_MODEL = {
    "layers": 1, "hidden": 1024, "heads": 8, "kv_heads": 8, "head_dim": 128, "ffn_hidden": 4096, "gated": True,
    "vocab": 32000, "tied_embeddings": True,
}  # fmt: skip
_KEPT = ("reliability", "checkpoint")


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails: so many cards, at a rate of the whole job, or of some kinds of parts alone."""

    cards: int
    card_hours: float | None = None
    kinds: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, cards: float | None, *, card_hours: float | None = None, kinds: Collection[str] = ()
    ) -> Failing:
        """Return what fails on at least one card."""
        return cls(max(1, round(cards or 1.0)), card_hours, frozenset(kinds))

    @property
    def plain(self) -> dict[str, Any]:
        """The same in the values of a JSON."""
        return {"cards": self.cards, "card_hours": self.card_hours, "kinds": sorted(self.kinds)}

    @classmethod
    def from_plain(cls, found: Mapping[str, Any]) -> Failing:
        """Return what ``plain`` gave."""
        return cls(found["cards"], found["card_hours"], frozenset(found["kinds"]))


@lru_cache(maxsize=1)
def _site() -> dict[str, Any]:
    """The site of a buyer whose own is not known."""
    site = next(line["site"] for line in shipped_rows("tco_sites.csv") if not line["load"])
    return dict(load_inputs(site, with_incumbent=False).documents["scenario"].data)


def failing_document(what: Failing, name: str = "row", description: str = "") -> dict[str, Any]:
    """Return the scenario of a job that fails so, as the data of a file."""
    site, n = _site(), what.cards
    failures: dict[str, Any] = {}
    if what.card_hours is not None:
        failures["card_hours_per_failure"] = f"{what.card_hours!r} h"
    if what.kinds:
        failures["failures_per_year"] = {c.name: "0 1/year" for c in COMPONENTS if c.name not in what.kinds}
    plan, server = {"tp": 1, "pp": 1, "dp": n}, site["cluster"]["server"]
    held = math.gcd(n, CARDS_PER_NODE)
    return {
        "name": name,
        "description": description,
        "cluster": {**site["cluster"], "cards": n},
        **({"profile_values": {f"servers.{server}.cards": held}} if held < CARDS_PER_NODE else {}),
        "demand": {
            "training": {
                "kind": "training", "model": "any", "dimensions": dict(_MODEL), "dtype": "bf16", "seq_len": 1024,
                "global_batch": n, "plan": plan,
            }
        },
        **{key: site[key] for key in _KEPT},
        "reliability": {**site["reliability"], "mttf_scale": 1, **failures},
    }  # fmt: skip


@lru_cache(maxsize=1024)
def mttf_h(what: Failing) -> float:
    """Return hours between failures, as the long run of the scenario has them."""
    inputs = load_one(Document("row", failing_document(what), {}))
    return training_run(inputs, Trained()).mttf_s / 3600
