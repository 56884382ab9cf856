"""How fast a product spreads and who sells it: Bass diffusion, logit shares, and a share on its way."""

from __future__ import annotations

import math
from collections.abc import Mapping

from clustersim.errors import InputError

__all__ = ["bass", "logit_shares", "share_path"]


def bass(*, innovation: float, imitation: float, potential: float, years: int) -> tuple[float, ...]:
    """Return yearly adoption n_t = (p + q A / M) (M - A) (Bass, Management Science 15:215, 1969, discrete form).

    >>> n = bass(innovation=0.03, imitation=0.38, potential=1000.0, years=30)
    >>> round(n[0], 1), round(sum(n))
    (30.0, 1000)

    Raises InputError for negative coefficients, p + q above 1 (the discrete form would overshoot), or no potential.
    """
    if innovation < 0 or imitation < 0 or innovation + imitation > 1 or potential <= 0:
        raise InputError("Bass diffusion needs p, q >= 0, p + q <= 1 and a potential above zero")
    adopted, out = 0.0, []
    for _ in range(years):
        new = (innovation + imitation * adopted / potential) * (potential - adopted)
        out.append(new)
        adopted += new
    return tuple(out)


def logit_shares(
    costs: Mapping[str, float], *, sensitivity: float, appeal: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return shares s_j proportional to exp(a_j - beta ln c_j): cheaper tokens and a better ecosystem win.

    >>> {k: round(v, 3) for k, v in logit_shares({"ours": 1.0, "theirs": 2.0}, sensitivity=2.0).items()}
    {'ours': 0.8, 'theirs': 0.2}

    Raises InputError for a cost that is not positive or a negative sensitivity.
    """
    bad = [name for name, cost in costs.items() if cost <= 0]
    if bad or sensitivity < 0 or not costs:
        raise InputError(
            f"logit shares need costs above zero ({', '.join(bad) or 'none given'}) and sensitivity >= 0"
        )
    appeal = appeal or {}
    scores = {name: appeal.get(name, 0.0) - sensitivity * math.log(cost) for name, cost in costs.items()}
    top = max(scores.values())
    weights = {name: math.exp(score - top) for name, score in scores.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def share_path(first_year: int, first: float, last_year: int, last: float, year: int) -> float:
    """Return a share on a straight line between two years, level outside them.

    >>> round(share_path(2024, 0.2, 2029, 0.6, 2026), 2), share_path(2024, 0.2, 2029, 0.6, 2035)
    (0.36, 0.6)

    Raises InputError for years in the wrong order or shares outside 0 to 1.
    """
    if last_year <= first_year or not (0 <= first <= 1 and 0 <= last <= 1):
        raise InputError("a share path needs two years in order and shares within 0 to 1")
    part = min(max((year - first_year) / (last_year - first_year), 0.0), 1.0)
    return first + (last - first) * part
