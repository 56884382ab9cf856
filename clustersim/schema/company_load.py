"""Loading a company file on its own, without a scenario around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.schema.base import validate
from clustersim.schema.company import CompanyFile
from clustersim.schema.lookup import find_file, known_names
from clustersim.schema.overridden import apply_overrides
from clustersim.schema.overrides import parse_overrides
from clustersim.schema.prices import PriceBook, cny_rate, rate_words
from clustersim.schema.yamlfile import read_yaml

__all__ = ["default_prices", "is_company_file", "load_company_file"]

#: Whose rates a company file goes by that no scenario stands around.
DEFAULT_PRICES = "cn-2026"
#: A company file has at least one of these, and no scenario any.
MARKS = ("shares_m", "opening", "years")


def is_company_file(name: str) -> bool:
    """Return whether a name or path is a company file rather than a scenario."""
    if Path(name).suffix in {".yaml", ".yml"}:
        return Path(name).is_file() and any(mark in read_yaml(name).data for mark in MARKS)
    return name in known_names("scenarios/company") and name not in known_names("scenarios")


def load_company_file(name: str, sets: Iterable[str] | Mapping[str, Any] = ()) -> CompanyFile:
    """Load a company file by path or name, with overrides of ``company.…``.

    Raises InputError with every problem of the file, or for an override of anything else.
    """
    overrides = parse_overrides(sets)
    foreign = [o.key for o in overrides if o.document != "company"]
    if foreign:
        raise InputError(f"--set {foreign[0]}: {name} is a company file; it has only company.… keys")
    document = apply_overrides(read_yaml(find_file("scenarios/company", name)), overrides)
    return validate(CompanyFile, document, rates=_DefaultRates())


class _DefaultRates:
    """The rates of the shipped price book, read where one is asked for."""

    def cny(self, currency: str, key: str) -> float:
        """Return CNY per unit of a currency."""
        return float(cny_rate(default_prices(), currency, key))

    def said(self, currency: str) -> str:
        """Return the rate in words."""
        return rate_words(default_prices(), currency)


def default_prices() -> PriceBook:
    """Return the price book of whoever names none."""
    document = read_yaml(find_file("hwprofiles/prices", DEFAULT_PRICES))
    return validate(PriceBook, document, require_source=True)
