"""Product lines of a company file: ours over the calibrated ones, halves summed to years, and the limits of supply."""

from __future__ import annotations

from clustersim.errors import InputError, suggest
from clustersim.finance.company import ProductLine, Value
from clustersim.market.supply import supply_limit
from clustersim.schema.company import CompanyFile, ProductFile
from clustersim.schema.company_market import SupplyFile
from clustersim.schema.company_rows import Series

__all__ = ["product_lines", "supply_units"]

ByYear = dict[str, float]


def product_lines(file: CompanyFile, *, printed_only: bool = False) -> tuple[ProductLine, ...]:
    """Return the lines: the printed block's (``printed_only``), or ours in their place year by year.

    Raises InputError for a line without a price, or one that cannibalises a line that is not there.
    """
    base = file.printed.products if file.printed is not None else {}
    names = list(base) if printed_only else [*base, *(n for n in file.products if n not in base)]
    out = []
    for name in names:
        blocks = [
            b for b in (base.get(name), None if printed_only else file.products.get(name)) if b is not None
        ]
        out.append(_line(file, name, blocks))
    for line in out:
        unknown = [other for other in line.cannibalises if other not in names]
        if unknown:
            raise InputError(
                f"company {file.name}: products.{line.name}.cannibalises: no line {unknown[0]!r};"
                f" {suggest(unknown[0], names)}"
            )
    return tuple(out)


def _line(file: CompanyFile, name: str, blocks: list[ProductFile]) -> ProductLine:
    units, asp, cost, ramp = (
        _merged([getattr(b, key) for b in blocks], file.years, carry=key == "asp")
        for key in ("units", "asp", "unit_cost", "ramp")
    )
    units, asp, cost = _years_of_halves(file, units, asp, cost)
    if any(y in units and y not in asp for y in file.years):
        first = next(y for y in file.years if y in units and y not in asp)
        raise InputError(
            f"company {file.name}: products.{name} sells units in {first} and has no price; add asp: {{{first}: 100}}"
        )
    last = blocks[-1]
    return ProductLine(
        name=name,
        units={y: v for y, v in units.items() if y in file.years},
        asp_kcny={y: asp[y] for y in file.years if y in units},
        unit_cost_kcny={y: v for y, v in cost.items() if y in units and y in file.years},
        past_units=sum(v for y, v in units.items() if y.endswith("A")),
        ramp={y: ramp[y] for y in file.years if y in ramp},
        end_of_life=next((b.end_of_life for b in reversed(blocks) if b.end_of_life), None),
        cannibalises=last.cannibalises or blocks[0].cannibalises,
    )


def _merged(rows: list[Series], years: tuple[str, ...], *, carry: bool) -> ByYear:
    """Later rows over earlier ones; a price goes on where a year has none."""
    out: ByYear = {}
    for row in rows:
        if row.every_year is not None:
            out |= dict.fromkeys(years, row.every_year)
        out |= row.by_year
    if carry and out:
        given = [y for y in years if y in out]
        last = out[given[0]] if given else next(iter(out.values()))
        for year in years:
            last = out.setdefault(year, last)
    return out


def _years_of_halves(
    file: CompanyFile, units: ByYear, asp: ByYear, cost: ByYear
) -> tuple[ByYear, ByYear, ByYear]:
    """Sum halves to years: units add up, price and unit cost are means by units."""
    first = file.first_half_share.value
    for year in file.years:
        h1, h2 = f"{year[:4]}H1E", f"{year[:4]}H2E"
        if not any(h in row for row in (units, asp, cost) for h in (h1, h2)):
            continue
        whole = units.get(year, 0.0)
        parts = (units.get(h1, first * whole), units.get(h2, (1 - first) * whole))
        for row in (asp, cost):
            if h1 in row or h2 in row:
                year_value = row.get(year, row.get(h1, row.get(h2, 0.0)))
                both = row.get(h1, year_value), row.get(h2, year_value)
                total = sum(parts)
                row[year] = sum(p * v for p, v in zip(parts, both, strict=True)) / total if total else both[1]
        units[year] = sum(parts)
    return units, asp, cost


def supply_units(file: CompanyFile) -> dict[str, dict[str, Value]]:
    """Return the most units of each line by year, over the limits that are given.

    Raises InputError for limits of a line that is not there.
    """
    names = {*file.products, *(file.printed.products if file.printed is not None else {})}
    out: dict[str, dict[str, Value]] = {}
    for name, block in file.supply.items():
        if name not in names:
            raise InputError(
                f"company {file.name}: supply.{name}: no such line; {suggest(name, sorted(names))}"
            )
        out[name] = _limits(block, file.years)
    return out


def _limits(block: SupplyFile, years: tuple[str, ...]) -> dict[str, Value]:
    """A limit holds in the years that it is given for, and in every year where it is one number."""

    def at(row: Series | None, year: str) -> float | None:
        if row is None:
            return None
        return row.by_year.get(year, row.every_year)

    dies = block.good_dies_per_wafer.value if block.good_dies_per_wafer else None
    out: dict[str, Value] = {}
    for i, year in enumerate(years):
        limit = supply_limit(
            wafers=at(block.wafers, year),
            good_dies_per_wafer=dies,
            dies_per_card=block.dies_per_card,
            memory_stacks=at(block.memory_stacks, year),
            stacks_per_card=block.stacks_per_card,
            packaging_units=at(block.packaging, year),
        ).units
        known = [v for v in (limit, at(block.units, year)) if v is not None]
        if known:
            stock = block.opening_inventory.value if i == 0 and block.opening_inventory else 0.0
            out[year] = min(known) + stock
    return out
