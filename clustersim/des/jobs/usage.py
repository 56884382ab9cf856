"""What each tenant holds and has used lately, for fair shares and quotas."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["Usage"]


class Usage:
    """Cards held now by tenant, and card-seconds used, in which what was used a half-life ago counts half."""

    def __init__(self, weights: Mapping[str, float], quotas: Mapping[str, float], half_life_s: float) -> None:
        self._weights, self._quotas = weights, quotas
        self._decay = math.log(2.0) / half_life_s
        self._held: dict[str, float] = {}
        self._used: dict[str, tuple[float, float]] = {}

    def change(self, tenant: str, cards: float, now_s: float) -> None:
        """Note that a tenant holds that many more cards (or fewer) from now on."""
        self._used[tenant] = (self._used_at(tenant, now_s), now_s)
        self._held[tenant] = self._held.get(tenant, 0.0) + cards

    def _used_at(self, tenant: str, now_s: float) -> float:
        """u(t + d) = u(t) e^(-kd) + held (1 - e^(-kd)) / k, with k = ln 2 / half-life."""
        used, since = self._used.get(tenant, (0.0, now_s))
        faded = math.exp(-self._decay * (now_s - since))
        return used * faded + self._held.get(tenant, 0.0) * (1.0 - faded) / self._decay

    def rank(self, tenant: str, now_s: float) -> float:
        """Return what a tenant used over its weight: the smallest is next under fair shares."""
        return self._used_at(tenant, now_s) / self._weights.get(tenant, 1.0)

    def over_quota(self, tenant: str, cards: float) -> bool:
        """Return whether that many more cards would pass the tenant's quota."""
        quota = self._quotas.get(tenant)
        return quota is not None and self._held.get(tenant, 0.0) + cards > quota + 1e-9
