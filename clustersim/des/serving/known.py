"""What of the prompts was known in a run: on the cards, and in each tier outside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.des.serving.block_cache import OuterTier
from clustersim.des.serving.run import ServingRun

__all__ = ["KnownShares", "known_shares"]


@dataclass(frozen=True, slots=True)
class KnownShares:
    """Shares of the prompt tokens in blocks that were asked for, each admission counted; zero where nothing is kept.

    ``tiers`` are read from each tier, by name; ``written_tokens`` were written to it, ``busy`` is the share of the run
    in which its link was read.
    """

    device: float
    tiers: Mapping[str, float]
    written_tokens: Mapping[str, int]
    busy: Mapping[str, float]

    @property
    def total(self) -> float:
        """Share that needed no computation."""
        return self.device + sum(self.tiers.values())


def known_shares(run: ServingRun) -> KnownShares:
    """Return what was found where, over all replicas of a run."""
    caches = [replica.prefix for replica in run.replicas if replica.prefix is not None]
    asked = max(sum(cache.asked_tokens for cache in caches), 1)
    tiers: dict[str, list[OuterTier]] = {}
    for tier in {id(tier): tier for cache in caches for tier in cache.tiers}.values():
        tiers.setdefault(tier.rule.name, []).append(tier)
    read = {name: sum(tier.read_tokens for tier in found) for name, found in tiers.items()}
    span = max(run.end_s, 1e-12)
    return KnownShares(
        device=sum(cache.hit_tokens for cache in caches) / asked,
        tiers={name: tokens / asked for name, tokens in read.items()},
        written_tokens={name: sum(tier.written_tokens for tier in found) for name, found in tiers.items()},
        busy={name: read[name] * found[0].rule.token_s / span / len(found) for name, found in tiers.items()},
    )
