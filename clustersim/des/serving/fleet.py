"""A day of a fleet in closed form: nodes for tokens in and out at a node's rates, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["FleetDay", "fleet_day"]

_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class FleetDay:
    """Mean nodes busy with prompts and with answers over a day."""

    prefill_nodes: float
    decode_nodes: float

    @property
    def nodes(self) -> float:
        """Mean nodes of both kinds."""
        return self.prefill_nodes + self.decode_nodes

    def cost(self, *, cards_per_node: int, per_card_hour: float) -> float:
        """Cost of the day in the currency of ``per_card_hour``.

        >>> FleetDay(95.0, 131.75).cost(cards_per_node=8, per_card_hour=2.0)
        87072.0
        """
        return self.nodes * cards_per_node * per_card_hour * 24.0


def fleet_day(
    *, input_tokens: float, output_tokens: float, prefill_tokens_per_s: float, decode_tokens_per_s: float
) -> FleetDay:
    """Return the mean nodes of a day: tokens / 86,400 s / tokens per second of a node.

    DeepSeek's own day (608 and 168 billion tokens at 73.7 k and 14.8 k tokens/s per node of 8 H800, open-infra
    index, 2025) gives 226.9 nodes where 226.75 were counted:

    >>> day = fleet_day(input_tokens=608e9, output_tokens=168e9, prefill_tokens_per_s=73.7e3,
    ...     decode_tokens_per_s=14.8e3)
    >>> round(day.nodes, 1)
    226.9
    """
    if min(prefill_tokens_per_s, decode_tokens_per_s) <= 0:
        raise InputError("fleet day: a node's rates must be above zero")
    return FleetDay(
        input_tokens / _DAY_S / prefill_tokens_per_s, output_tokens / _DAY_S / decode_tokens_per_s
    )
