"""Units and prices by product from a printed total: least squares around priors, the revenue identity exact.

Only the total is printed. With priors U_i, A_i and their spreads in logs s_u, s_a, the calibrated units and prices
minimise sum (u_i / s_u)^2 + (a_i / s_a)^2 under sum U_i A_i exp(u_i + a_i) = R. The identity takes away one
direction out of 2n; every band says how little more is known than before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.finance.company import Company
from clustersim.special import Z90

__all__ = ["Calibrated", "CalibratedLine", "calibrate", "calibrated_products"]

#: Spread of the priors in logs: units within a factor of 1.65, prices within 13 % (assumption).
UNITS_SD, ASP_SD = 0.5, 0.12


@dataclass(frozen=True, slots=True)
class CalibratedLine:
    """One product in one year; a band is the prior's, less what the total says."""

    name: str
    units: float
    asp_kcny: float
    units_sd: float
    asp_sd: float
    units_identified: float
    """Share of the prior variance of the units that the printed total takes away: 0 nothing, 1 all."""

    @property
    def revenue_kcny(self) -> float:
        """Units x price."""
        return self.units * self.asp_kcny

    def band(self, what: str) -> tuple[float, float]:
        """Return P10 and P90 of ``units`` or ``asp``."""
        value, sd = (self.units, self.units_sd) if what == "units" else (self.asp_kcny, self.asp_sd)
        return value * math.exp(-Z90 * sd), value * math.exp(Z90 * sd)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """All products of one year."""

    year: str
    total_kcny: float
    lines: tuple[CalibratedLine, ...]
    multiplier: float

    @property
    def residual_kcny(self) -> float:
        """What the identity is missed by."""
        return sum(line.revenue_kcny for line in self.lines) - self.total_kcny


def calibrate(
    year: str,
    total_kcny: float,
    priors: Mapping[str, tuple[float, float]],
    *,
    units_sd: float = UNITS_SD,
    asp_sd: float = ASP_SD,
) -> Calibrated:
    """Return the units and prices nearest to the priors {product: (units, price)} that sell the total.

    Stationarity gives u_i = L s_u^2 r_i and a_i = L s_a^2 r_i with r_i the revenue of the product after both and L
    the multiplier of the identity, found by bisection.

    >>> found = calibrate("2026E", 210.0, {"A": (10.0, 10.0), "B": (5.0, 20.0)})
    >>> round(found.lines[0].revenue_kcny + found.lines[1].revenue_kcny, 9)
    210.0

    Raises InputError for no product, priors or a total that are not positive, or a total out of the priors' reach.
    """
    if not priors:
        raise InputError(f"calibration of {year}: no product sells anything")
    bad = [name for name, (units, asp) in priors.items() if units <= 0 or asp <= 0]
    if bad or total_kcny <= 0:
        raise InputError(f"calibration of {year}: {', '.join(bad) or 'the total'} must be greater than zero")
    base = {name: units * asp for name, (units, asp) in priors.items()}
    variance = units_sd**2 + asp_sd**2
    shifts, multiplier = _solve(year, base, total_kcny, variance)
    revenue = {name: base[name] * math.exp(shift) for name, shift in shifts.items()}
    lines = []
    norm = sum(r * r for r in revenue.values()) * variance
    for name, (units, asp) in priors.items():
        shift, r = shifts[name], revenue[name]
        known_units = units_sd**2 * r * r / norm
        known_asp = asp_sd**2 * r * r / norm
        lines.append(
            CalibratedLine(
                name,
                units * math.exp(shift * units_sd**2 / variance),
                asp * math.exp(shift * asp_sd**2 / variance),
                units_sd * math.sqrt(1 - known_units),
                asp_sd * math.sqrt(1 - known_asp),
                known_units,
            )
        )
    return Calibrated(year, total_kcny, tuple(lines), multiplier)


def calibrated_products(company: Company) -> dict[str, Calibrated]:
    """Return, by year, units and prices that sell the printed revenue, services apart, exactly.

    The priors are the units and prices of the file; only total revenue is printed. This is a step that writes drivers
    (``forecast calibrate --write``): no forecast rescales anything.

    Raises InputError for a company without a printed revenue, or a year without priors.
    """
    printed = company.printed
    if printed is None:
        raise InputError(f"company {company.name} has no printed revenue to calibrate to")
    out = {}
    for i, year in enumerate(company.years):
        total = float(printed.revenue_kcny[i] * (1 - printed.drivers.services_share[i]))
        priors = {
            p.name: (float(p.units[year]), float(p.asp_kcny[year]))
            for p in company.products
            if year in p.units
        }
        out[year] = calibrate(year, total, priors)
    return out


def _shift(scale: float, limit: float = 1.0) -> float:
    """Solve x = scale exp(x) on the branch through 0 (x <= 1); 1 where no solution is left."""
    if scale * math.e >= limit:
        return limit
    x = 0.0
    for _ in range(100):
        f = x - scale * math.exp(x)
        step = f / (1 - scale * math.exp(x))
        x -= step
        if abs(step) < 1e-15 * max(1.0, abs(x)):
            break
    return x


def _solve(
    year: str, base: Mapping[str, float], total: float, variance: float
) -> tuple[dict[str, float], float]:
    def shifts(multiplier: float) -> dict[str, float]:
        return {name: _shift(multiplier * variance * value) for name, value in base.items()}

    def gap(multiplier: float) -> float:
        return sum(base[n] * math.exp(x) for n, x in shifts(multiplier).items()) - total

    # Beyond this multiplier the largest product has no nearest point any more.
    high = 1 / (math.e * variance * max(base.values()))
    low = -high
    if gap(high) < 0:
        raise InputError(
            f"calibration of {year}: the printed total {total:,.0f} kCNY is more than the priors"
            f" ({sum(base.values()):,.0f}) can be stretched to; raise the prior units or prices"
        )
    while gap(low) > 0:
        low *= 4
        if low < -1e12 * high:
            raise InputError(f"calibration of {year}: the priors cannot be brought down to {total:,.0f} kCNY")
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) < 0 else (low, middle)
        if high - low <= 1e-15 * max(abs(low), abs(high)):
            break
    found = shifts(high)
    # The last rounding of the bisection goes to all products alike, so that the identity is exact.
    left = math.log(total / sum(base[n] * math.exp(x) for n, x in found.items()))
    return {name: x + left for name, x in found.items()}, high
