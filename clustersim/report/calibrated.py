"""Calibrated units, prices and unit costs as the block of a company file."""

from __future__ import annotations

from collections.abc import Mapping

from clustersim.finance.calibrate import Calibrated
from clustersim.finance.company import Company

__all__ = ["products_block"]


def products_block(company: Company, found: Mapping[str, Calibrated]) -> str:
    """Return ``products`` as YAML: whole units, and prices to seven digits that sell the printed revenue with them.

    Units are rounded to cards; what that leaves of the year's revenue goes to all prices alike. Unit costs are prices
    at the printed margin of the year.
    """
    assert company.printed is not None
    margin = dict(zip(company.years, company.printed.drivers.gross_margin.tolist(), strict=True))
    rows: dict[str, dict[str, dict[str, float]]] = {
        p.name: {"units": {}, "asp": {}, "unit_cost": {}} for p in company.products
    }
    for year, one in found.items():
        units = {line.name: max(round(line.units), 1) for line in one.lines}
        sold = sum(units[line.name] * line.asp_kcny for line in one.lines)
        for line in one.lines:
            price = line.asp_kcny * one.total_kcny / sold
            rows[line.name]["units"][year] = units[line.name]
            rows[line.name]["asp"][year] = round(price, 7)
            rows[line.name]["unit_cost"][year] = round(price * (1 - margin[year]), 7)
    tail = "tier: assumption, source: calibrated prior"
    out = ["products:"]
    for name, block in rows.items():
        out.append(f"  {name}:")
        for key, row in block.items():
            shown = ", ".join(f"{year}: {value!r}" for year, value in row.items())
            out.append(f"    {key}: {{{shown}, {tail}}}")
    return "\n".join(out) + "\n"
