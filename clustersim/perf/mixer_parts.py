"""What mixers are made of: entries and states that a layer keeps of a sequence, and the scorer that selects."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from clustersim.errors import InputError

__all__ = ["CachePart", "Indexer", "Keeps", "State", "positive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePart:
    """One kind of entry that a layer keeps of a sequence.

    ``values`` per entry, one entry per ``stride`` tokens; ``held`` tokens are kept at most (a window), ``read``
    entries are used by one query at most (the k that an indexer selects). ``macs`` are multiply-adds of one query
    with one entry, ``decode_macs`` those in the form that decode uses where it differs. Tensor parallelism splits
    the values over at most ``split`` cards, what cannot be split further is kept by each; the work is split by heads
    unless it is done ``whole`` on every card.
    """

    name: str
    values: float
    macs: float
    decode_macs: float = 0.0
    stride: int = 1
    held: float = inf
    read: float = inf
    split: int = 1
    whole: bool = False

    @property
    def reach(self) -> float:
        """Tokens back that one query can use: the smaller of window and selection."""
        return min(self.held, self.read * self.stride)

    @property
    def at_decode(self) -> float:
        """Multiply-adds of one query with one entry in decode."""
        return self.decode_macs or self.macs


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of fixed size per sequence: ``values`` in a format of their own, and its operations per token."""

    name: str
    values: float
    format: str
    ops: float
    split: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """A small scorer that selects ``top_k`` entries per query; ``own`` is False where a layer uses another's choice."""

    heads: int
    head_dim: int
    top_k: int
    own: bool = True

    def part(self, stride: int = 1) -> CachePart:
        """Return the keys that the scorer keeps of its own; every query is compared with all of them."""
        macs = float(self.heads * self.head_dim)
        return CachePart(name="index keys", values=float(self.head_dim), macs=macs, stride=stride, whole=True)

    def params(self, hidden: int, query: int) -> float:
        """Weights of queries (from the query latent), of one key head, and of the heads' weights.

        >>> Indexer(heads=64, head_dim=128, top_k=2048).params(7168, 1536)
        13959168.0
        """
        if not self.own:
            return 0.0
        return float(query * self.heads * self.head_dim + hidden * (self.head_dim + self.heads))


class Keeps:
    """What a kind keeps where it does not say otherwise: nothing."""

    __slots__ = ()

    @property
    def parts(self) -> tuple[CachePart, ...]:
        """Entries that the layer keeps of its tokens."""
        return ()

    @property
    def states(self) -> tuple[State, ...]:
        """States of fixed size that it keeps of a sequence."""
        return ()


def positive(where: str, **counts: float) -> None:
    """Raise InputError for a count that is not above zero."""
    for name, value in counts.items():
        if value <= 0:
            raise InputError(f"{where}: {name}={value:g} must be above 0")
