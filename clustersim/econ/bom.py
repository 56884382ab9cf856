"""The bill of materials: what is bought, how many, at what price, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["Bill", "BillLine", "bill_of_materials"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One part of the bill; prices in CNY before VAT."""

    group: str
    part: str
    quantity: float
    unit_price_cny: float
    source: str = ""
    tier: str = "given"
    low_cny: float | None = None
    high_cny: float | None = None
    lead_time_weeks: float | None = None
    paid: bool = False
    """Whether it is there already and paid for."""

    @property
    def total_cny(self) -> float:
        """Quantity times unit price."""
        return self.quantity * self.unit_price_cny


@dataclass(frozen=True, slots=True)
class Bill:
    """All lines, the integrator's share of them, and VAT."""

    lines: tuple[BillLine, ...]
    integration_share: float
    vat: float

    @property
    def hardware_cny(self) -> float:
        """The sum of all lines before integration and VAT."""
        return sum(line.total_cny for line in self.lines)

    @property
    def integration_cny(self) -> float:
        """Integration, software and delivery, as a share of the hardware."""
        return self.integration_share * self.hardware_cny

    @property
    def vat_cny(self) -> float:
        """Value-added tax on everything."""
        return self.vat * (self.hardware_cny + self.integration_cny)

    @property
    def total_cny(self) -> float:
        """What the buyer pays."""
        return self.hardware_cny + self.integration_cny + self.vat_cny

    def group_totals(self) -> dict[str, float]:
        """Return the totals of the groups before VAT, integration and VAT as groups of their own."""
        totals: dict[str, float] = {}
        for line in self.lines:
            totals[line.group] = totals.get(line.group, 0.0) + line.total_cny
        totals["integration"] = self.integration_cny
        totals["VAT"] = self.vat_cny
        return totals

    @property
    def lead_time_weeks(self) -> float:
        """Weeks until the last part is delivered.

        Raises InputError naming the parts whose lead time nobody gives.
        """
        silent = sorted({line.part for line in self.lines if line.lead_time_weeks is None})
        if silent:
            raise InputError(f"no lead time is known for {', '.join(silent)}; add lead_time with its source")
        return max(line.lead_time_weeks or 0.0 for line in self.lines)

    @property
    def card_cny(self) -> float:
        """The cards alone, spare ones included, before integration and VAT."""
        return sum(line.total_cny for line in self.lines if line.part in self._card_parts())

    @property
    def card_quantity(self) -> float:
        """Cards bought, spare ones included."""
        return sum(line.quantity for line in self.lines if line.part in self._card_parts())

    def bought(self, part: str) -> tuple[float, float]:
        """Return what all of a part cost before integration and VAT, spare ones included, and how many are bought.

        >>> line = BillLine(group="cards", part="X", quantity=2, unit_price_cny=100.0)
        >>> Bill((line,), 0.1, 0.13).bought("X"), Bill((line,), 0.1, 0.13).bought("Y")
        ((200.0, 2), (0, 0))
        """
        lines = [line for line in self.lines if line.part == part and not line.paid]
        return sum(line.total_cny for line in lines), sum(line.quantity for line in lines)

    def _card_parts(self) -> frozenset[str]:
        return frozenset(line.part for line in self.lines if line.group == "cards")


def bill_of_materials(lines: Sequence[BillLine], *, integration_share: float, vat: float) -> Bill:
    """Return the bill of the lines.

    >>> bill = bill_of_materials([BillLine(group="cards", part="X", quantity=2, unit_price_cny=100.0)],
    ...     integration_share=0.1, vat=0.13)
    >>> round(bill.total_cny, 2)
    248.6
    """
    return Bill(tuple(lines), integration_share, vat)
