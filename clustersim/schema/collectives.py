"""Collectives that a scenario asks about: what cards of the cluster exchange, and between how many."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Model, quantity
from clustersim.schema.reliability import PositiveCount

__all__ = ["EXPERT_KINDS", "CollectiveSection"]

#: Exchanges of experts, whose rate is known and whose size need not be.
EXPERT_KINDS = ("moe_dispatch", "moe_combine")
#: What DeepEP's tests send each token to.
EXPERTS = Sourced(8.0, "1", "github.com/deepseek-ai/DeepEP README: 8 experts of a token", "published")


class CollectiveSection(Model):
    """One collective between cards of the cluster."""

    kind: Literal[
        "all_reduce",
        "all_gather",
        "reduce_scatter",
        "broadcast",
        "all_to_all",
        "send",
        "moe_dispatch",
        "moe_combine",
    ]
    """What is exchanged; the last two are the exchanges of experts as DeepEP counts them."""
    size: Annotated[Sourced, quantity("B", ge=0, usual=("1 B", "1 TB"))] | None = None
    """Bytes as the NCCL tests count them: the buffer of an all-reduce, the gathered buffer of an all-gather, all that a
    rank sends of an all-to-all. An exchange of experts needs none: it has a rate alone."""
    cards: PositiveCount | None = None
    """How many exchange; by default all of the cluster."""
    cards_per_domain: PositiveCount | None = None
    """How many of them share a coherent domain; by default as many as divide the group evenly."""
    experts_per_token: PositiveCount = EXPERTS
    """Of an exchange of experts: how many each token goes to."""
    algorithm: str = "best"
    """Which algorithm, ``best`` takes the fastest that the network allows."""
    copied: bool = False
    """Whether copy engines move it and not kernels: their packets are larger."""

    @model_validator(mode="after")
    def _sized(self) -> Self:
        if self.size is None and self.kind not in EXPERT_KINDS:
            raise ValueError(f"size: is missing; {self.kind} takes as long as it has bytes")
        return self
