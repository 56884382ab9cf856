"""What moves the target price: grids, samples, and the way from one case to another, on arrays of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from clustersim.errors import InputError, suggest
from clustersim.finance.company import YEARLY_DRIVERS, Array, Capm, Company, Drivers, Value
from clustersim.finance.forecast import make_forecast
from clustersim.finance.products import column
from clustersim.finance.valuation import value_company
from clustersim.market.link import Link

__all__ = [
    "SCALARS",
    "Sampled",
    "Step",
    "grid",
    "implied_share",
    "monte_carlo",
    "target_price",
    "waterfall",
    "with_values",
]

#: Inputs of a company that are one number, by key.
SCALARS = (
    "asp_scale", "units_scale", "wacc", "terminal_growth", "tax_rate", "dcf_weight", "fx_per_cny", "net_cash",
    "shares_m",
)  # fmt: skip
_RENAMED = {"net_cash": "net_cash_kcny"}
_DRIVER_SCALARS = {
    "variable_opex_share": "variable_opex_share",
    "warranty_share": "warranty_share",
    "progress_ratio": "progress_ratio",
    "asset_life": "asset_life_years",
    "interest_rate": "interest_rate",
    "opening_tax_losses": "opening_tax_losses_kcny",
    "conversion": "conversion_kcny",
}


def with_values(company: Company, values: Mapping[str, Value]) -> Company:
    """Return the company with inputs replaced, by the keys of its file; a value may be an array of points.

    Raises InputError for a key that no valuation can move, with the nearest one.
    """
    for key, value in values.items():
        company = _with(company, _path(key), value, key)
    return company


def _path(key: str) -> list[str]:
    """The parts of a key; the name of a product or of a peer may hold dots."""
    parts = key.split(".")
    first, last = (
        (1, 2) if parts[0] == "products" else (2, 1) if parts[:2] == ["peers", "members"] else (0, 0)
    )
    if not last or len(parts) <= first + 1 + last:
        return parts
    return [*parts[:first], ".".join(parts[first:-last]), *parts[-last:]]


def _with(company: Company, path: list[str], value: Value, key: str) -> Company:
    head, rest = path[0], path[1:]
    if not rest and head == "tax_rate":
        return replace(company, drivers=replace(company.drivers, tax_rate=value))
    if not rest and head in SCALARS:
        return replace(company, **{_RENAMED.get(head, head): value})  # type: ignore[arg-type]
    if head == "drivers" and rest:
        return replace(company, drivers=_driver(company, rest, value, key))
    if head == "capm" and len(rest) == 1 and company.capm is not None and rest[0] in _names(Capm):
        return replace(company, capm=_replaced(company.capm, rest[0], value))
    if head == "peers" and company.peers is not None and rest in (["discount"], ["price_to_sales"]):
        return replace(company, peers=_replaced(company.peers, rest[0], value))
    if head == "peers" and company.peers is not None and len(rest) == 3 and rest[0] == "members":
        members: dict[str, Any] = {name: dict(row) for name, row in company.peers.members.items()}
        members.setdefault(rest[1], {})[rest[2]] = value
        return replace(company, peers=replace(company.peers, members=members))
    if head == "products" and len(rest) == 3 and rest[1] in {"units", "asp", "unit_cost"}:
        return _product(company, rest, value, key)
    known = [*SCALARS, "peers.discount", *(f"drivers.{n}" for n in (*YEARLY_DRIVERS, *_DRIVER_SCALARS))]
    raise InputError(f"analyses do not move company.{key}; {suggest(key, known)}")


def _replaced(of: Any, name: str, value: Any) -> Any:
    return replace(of, **{name: value})


def _names(of: type) -> set[str]:
    return {f.name for f in fields(of)}


def _driver(company: Company, rest: list[str], value: Value, key: str) -> Drivers:
    d = company.drivers
    if len(rest) == 1 and rest[0] in _DRIVER_SCALARS:
        return _replaced_driver(d, _DRIVER_SCALARS[rest[0]], value)
    if rest[0] not in YEARLY_DRIVERS or len(rest) > 2:
        raise InputError(f"no driver company.{key}; {suggest(rest[0], [*YEARLY_DRIVERS, *_DRIVER_SCALARS])}")
    row = column(getattr(d, rest[0]))
    if len(rest) == 1:
        return _replaced_driver(d, rest[0], row * 0.0 + value)
    if rest[1] not in company.years:
        raise InputError(f"company.{key}: {rest[1]} is not a year of the forecast")
    at = column((np.array(company.years) == rest[1]).astype(float))
    moved = row * (1.0 - at) + at * value
    return _replaced_driver(d, rest[0], moved[:, 0] if moved.shape[1] == 1 else moved)


def _replaced_driver(drivers: Drivers, name: str, value: Any) -> Drivers:
    return replace(drivers, **{name: value})


def _product(company: Company, rest: list[str], value: Value, key: str) -> Company:
    name, what, year = rest
    line = next((p for p in company.products if p.name == name), None)
    if line is None or year not in line.units:
        raise InputError(f"company.{key}: no units of {name} in {year}")
    field = {"units": "units", "asp": "asp_kcny", "unit_cost": "unit_cost_kcny"}[what]
    moved = _replaced(line, field, {**getattr(line, field), year: value})
    return replace(company, products=tuple(moved if p.name == name else p for p in company.products))


def target_price(
    company: Company, link: Link | Sequence[Link] = (), values: Mapping[str, Value] | None = None
) -> Any:
    """Return the target price per share in the listing currency with some inputs replaced: a float, or (points,)."""
    moved = with_values(company, values or {})
    return value_company(moved, make_forecast(moved, link)).target_price


def grid(
    company: Company,
    link: Link | Sequence[Link],
    rows: tuple[str, Sequence[float]],
    columns: tuple[str, Sequence[float]],
) -> list[list[float]]:
    """Return target prices over two inputs, a row for each value of the first."""
    if company.refinancing.by == "equity":  # the shares that are issued follow the cash of each point
        return [
            [float(target_price(company, link, {rows[0]: r, columns[0]: c})) for c in columns[1]]
            for r in rows[1]
        ]
    first, second = np.meshgrid(np.array(rows[1]), np.array(columns[1]), indexing="ij")
    prices = target_price(company, link, {rows[0]: first.ravel(), columns[0]: second.ravel()})
    out: list[list[float]] = np.broadcast_to(prices, first.size).reshape(first.shape).tolist()
    return out


@dataclass(frozen=True, slots=True)
class Sampled:
    """Target prices of a Monte Carlo and the inputs that gave them."""

    prices: Array
    inputs: Mapping[str, Array]

    def percentile(self, q: float) -> float:
        """Return a percentile of the target price."""
        return float(np.percentile(self.prices, q))

    def share_above(self, price: float) -> float:
        """Return the share of samples above a price."""
        return float((self.prices > price).mean())

    def share_below(self, price: float) -> float:
        """Return the share of samples below a price."""
        return float((self.prices < price).mean())

    def standard_error(self, q: float) -> float:
        """Return the Monte Carlo error of a percentile, by its order statistics (binomial, one sigma)."""
        n, p = self.prices.size, q / 100
        half = np.sqrt(p * (1 - p) / n) * 100
        low, high = np.percentile(self.prices, [max(q - half, 0), min(q + half, 100)])
        return float(high - low) / 2


def monte_carlo(
    company: Company,
    link: Link | Sequence[Link],
    ranges: Mapping[str, tuple[float, float, float]],
    *,
    samples: int,
    rng: np.random.Generator,
    reach: Mapping[str, tuple[str, ...]] | None = None,
) -> Sampled:
    """Return the target prices of ``samples`` draws, every input triangular over its (low, value, high).

    ``reach`` names, by input, the keys that move with it: the years that keep the value of a row.

    Raises InputError for a range whose value is not inside it.
    """
    columns = {}
    for key, (low, value, high) in ranges.items():
        if not low <= value <= high:
            raise InputError(f"company.{key}: {value:g} is not within its range {low:g} to {high:g}")
        columns[key] = rng.triangular(low, value, high, samples) if high > low else np.full(samples, value)
    moved = {k: column for key, column in columns.items() for k in (reach or {}).get(key, (key,))}
    prices = np.broadcast_to(target_price(company, link, moved), samples)
    return Sampled(prices, columns)


@dataclass(frozen=True, slots=True)
class Step:
    """One input moved from one case to the other, and what it does to the target price."""

    key: str
    before: float
    after: float
    target_price: float
    change: float


def waterfall(company: Company, link: Link | Sequence[Link], values: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the way to another case, one input after the other in the order given; the changes sum to the whole."""
    steps: list[Step] = []
    moved: dict[str, Value] = {}
    last = float(target_price(company, link))
    for key, value in values.items():
        moved[key] = value
        price = float(target_price(company, link, moved))
        steps.append(Step(key, now(company, key), value, price, price - last))
        last = price
    return tuple(steps)


def now(company: Company, key: str) -> float:
    """Return the value that an input has, by its key."""
    path = _path(key)
    if path == ["tax_rate"]:
        path = ["drivers", "tax_rate"]
    if path[0] == "drivers" and path[1] in _DRIVER_SCALARS:
        path[1] = _DRIVER_SCALARS[path[1]]
    if path[0] == "products":
        line = next(p for p in company.products if p.name == path[1])
        rows = {"units": line.units, "asp": line.asp_kcny, "unit_cost": line.unit_cost_kcny}[path[2]]
        return float(rows.get(path[3], 0.0))
    at: Any = company
    for part in path:
        part = _RENAMED.get(part, part)
        if isinstance(at, np.ndarray):
            at = at[company.years.index(part)]
        elif isinstance(at, Mapping):
            at = at[part]
        else:
            at = getattr(at, part)
    return float(at) if at is not None else float("nan")


def implied_share(revenue_kcny: float, *, market_usd_bn: float, cny_per_usd: float, domestic: float) -> float:
    """Return the share of the domestic makers' market that a revenue means.

    >>> round(implied_share(24_213_622.0, market_usd_bn=172.3, cny_per_usd=7.0, domestic=0.6), 4)
    0.0335
    """
    return revenue_kcny * 1e3 / (market_usd_bn * 1e9 * cny_per_usd * domestic)
