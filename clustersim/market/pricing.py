"""How a maker sets a price when its card's worth moves: a share of the gain, or the best price against rivals.

The gain is the logarithm of what the card may cost its buyer over what it might at the anchor. Both rules leave the
plan's price where nothing moves, and rise with the gain.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clustersim.columns import as_array
from clustersim.errors import InputError

__all__ = ["bertrand_price", "shared_price"]

Value = float | npt.NDArray[np.float64]
#: Bisection of the logarithm of the price: enough that neighbouring floats remain.
STEPS = 80


def shared_price(price_cny: Value, other_cost_cny: Value, gain: Value, *, value_share: Value) -> Value:
    """Return (P0 + X) exp(theta gain) - X: the maker keeps the share theta of the gain.

    >>> shared_price(50.0, 100.0, 0.0, value_share=0.5), round(shared_price(50.0, 100.0, 0.1, value_share=1.0), 3)
    (50.0, 65.776)
    """
    moved: Value = price_cny + (as_array(price_cny) + other_cost_cny) * np.expm1(value_share * as_array(gain))
    return moved if np.ndim(moved) else float(moved)


def bertrand_price(
    price_cny: Value, other_cost_cny: Value, gain: Value, *, sensitivity: Value, share: Value
) -> Value:
    """Return the price that earns most against rivals who hold theirs, under the logit in the logarithm of cost.

    P - C = (P + X) / (beta (1 - s)) at the best price. The cost C at which the plan's price is the best one at the
    plan's share stands for all that holds the price in; it stays, and s = s0 w / (1 - s0 + s0 w) moves with the gain,
    w = ((P + X) / (P0 + X) exp(-gain))^(-beta). Solved by bisection for ln(P + X).

    >>> bertrand_price(50.0, 100.0, 0.0, sensitivity=3.0, share=0.3)
    50.0
    >>> 50.0 < bertrand_price(50.0, 100.0, 0.2, sensitivity=3.0, share=0.3) < 68.0
    True

    Raises InputError where demand is too inelastic (beta (1 - s) at most 1) for such a price to exist.
    """
    beta, share = as_array(sensitivity), as_array(share)
    total = as_array(price_cny) + other_cost_cny
    if np.any(beta * (1 - share) <= 1):
        raise InputError(
            f"market.price_sensitivity {float(beta.min()):g} gives an elasticity of at most 1 at this share of the"
            " market: the best price is without limit; raise it above 1 / (1 - share), or set"
            " company.response.pricing=shared"
        )
    # Margin over total cost at the plan, (P + X) / e: what is left is the cost that makes the plan's price the best.
    kept = total * (1 - 1 / (beta * (1 - share)))

    def beyond(log_total: Value) -> Value:
        """What the price earns beyond the best margin; it rises with the price."""
        weight = np.exp(np.clip(-beta * (log_total - np.log(total) - gain), -700, 700))
        out = (1 - share) / (1 - share + share * weight)
        left: Value = np.exp(log_total) * (1 - 1 / np.maximum(beta * out, 1e-300)) - kept
        return left

    # At gain above zero the best price lies between the plan's and the one that keeps the share; below, the other way.
    low = np.log(total) + np.minimum(gain, 0.0)
    high = np.log(total) + np.maximum(gain, 0.0)
    for _ in range(STEPS):
        middle = (low + high) / 2
        above = beyond(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    found: Value = price_cny + total * np.expm1((low + high) / 2 - np.log(total))
    found = np.where(as_array(gain) == 0, price_cny, found)
    return found if np.ndim(found) else float(found)
