"""Discounted cash flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["PresentValue", "present_value"]


@dataclass(frozen=True, slots=True)
class PresentValue:
    """The present value of the explicit flows and of the terminal value."""

    flows: float
    terminal: float

    @property
    def enterprise_value(self) -> float:
        """Their sum."""
        return self.flows + self.terminal


def present_value(
    flows: Sequence[float],
    *,
    wacc: float,
    growth: float,
    first_year: float = 1.0,
    terminal_year: float | None = None,
) -> PresentValue:
    """Discount yearly flows and their Gordon terminal value F (1 + g) / (w - g).

    ``first_year`` is the time of the first flow in years from the valuation date: 1 for year-end flows valued a year
    before, 0.5 for mid-year flows. The terminal value is discounted as the last flow is, unless said otherwise.

    >>> pv = present_value([100.0, 100.0], wacc=0.10, growth=0.0)
    >>> round(pv.flows, 2), round(pv.terminal, 2)
    (173.55, 826.45)

    Raises InputError when growth is not below wacc, or there is no flow.
    """
    if not flows:
        raise InputError("a present value needs at least one yearly flow")
    if growth >= wacc:
        raise InputError(
            f"growth {growth:.4g} must be below wacc {wacc:.4g}: the terminal value is infinite otherwise"
        )
    flow_value = sum(float(f * (1 + wacc) ** -(first_year + i)) for i, f in enumerate(flows))
    when = first_year + len(flows) - 1 if terminal_year is None else terminal_year
    terminal = float(flows[-1] * (1 + growth) / (wacc - growth) * (1 + wacc) ** -when)
    return PresentValue(flow_value, terminal)
