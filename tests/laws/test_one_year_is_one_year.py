"""One year of a company's row that is set moves that year of the row and no other, or is refused with what lacks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

import clustersim as cs
from clustersim.assemble.company import company_spec
from clustersim.schema.company import DriversFile, ProductFile
from clustersim.schema.company_load import load_company_file

COMPANIES = ("biren", "iluvatar", "metax", "moore-threads")


def rows_of(model: type[DriversFile] | type[ProductFile]) -> list[str]:
    return [name for name, field in model.model_fields.items() if "Series" in str(field.annotation)]


def by_year(company: str, sets: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Every row of a company as the engine has it, by year."""
    spec = company_spec(load_company_file(company, sets))
    out: dict[str, dict[str, float]] = {}
    for name in rows_of(DriversFile):
        row = np.asarray(getattr(spec.drivers, name))
        out[f"drivers.{name}"] = dict(zip(spec.years, row.tolist(), strict=True))
    for line in spec.products:
        for key, of in (
            ("units", "units"),
            ("asp", "asp_kcny"),
            ("unit_cost", "unit_cost_kcny"),
            ("ramp", "ramp"),
        ):
            fill = dict.fromkeys(spec.years, 1.0) if key == "ramp" else {}
            out[f"products.{line.name}.{key}"] = fill | {y: float(v) for y, v in getattr(line, of).items()}  # type: ignore[arg-type]
    return out


def cases() -> Iterator[tuple[str, str, str]]:
    for company in COMPANIES:
        file = load_company_file(company)
        printed = file.printed.products if file.printed is not None else {}
        keys = [f"drivers.{row}" for row in rows_of(DriversFile)]
        keys += [f"products.{p}.{row}" for p in {**file.products, **printed} for row in rows_of(ProductFile)]
        yield from ((company, key, year) for key in keys for year in file.years)


ALL = list(cases())


def moved(company: str, key: str, year: str) -> set[tuple[str, str]]:
    """Which years of which rows move; of prices and costs, those of years that sell."""
    base = by_year(company, {})
    number = 0.37 if key.endswith(("share", "margin", "discount", "ramp")) else 37.5
    now = by_year(company, {f"company.{key}.{year}": number})
    assert {*base} == {*now}
    return {(k, y) for k in base for y in {**base[k], **now[k]} if base[k].get(y) != now[k].get(y)}


def holds(company: str, key: str, year: str) -> None:
    try:
        found = moved(company, key, year)
    except cs.InputError as error:
        stated = key.split(".")[-1] in str(error)
        assert stated and ("one year alone" in str(error) or "has no price" in str(error)), error
        return
    assert {k for k, _ in found} <= {key, key.rsplit(".", 1)[0] + ".asp"} and {y for _, y in found} <= {year}


@pytest.mark.parametrize(("company", "key", "year"), random.Random(30).sample(ALL, 30))
def test_a_year_that_is_set_is_that_year_alone(company: str, key: str, year: str) -> None:
    holds(company, key, year)


@pytest.mark.full
def test_every_year_that_is_set_is_that_year_alone() -> None:
    for case in ALL:
        holds(*case)


def test_years_that_are_set_do_not_depend_on_their_order() -> None:
    one, other = {"company.drivers.inventory_days.2028E": 90}, {"company.drivers.inventory_days.2029E": 80}
    row, again = (by_year("iluvatar", sets)["drivers.inventory_days"] for sets in (one | other, other | one))
    assert row == again and (row["2027E"], row["2028E"], row["2029E"], row["2030E"]) == (200, 90, 80, 150)


def test_a_ramp_of_one_year_leaves_the_others_whole() -> None:
    base, one, every = (
        cs.company("nanjing-1024").set(sets).forecast().valuation.target_price
        for sets in ({}, {"company.products.BR200.ramp.2028E": 0.8}, {"company.products.BR200.ramp": 0.8})
    )
    assert every < one < base and base - one < (base - every) / 2
