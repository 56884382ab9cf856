"""A card as the performance model sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["NARROW", "Card"]

#: Data types narrower than 16 bits: only the layers' weights are multiplied in them, after a cast.
NARROW = ("fp8", "fp4", "int8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Plain floats of one card.

    Attributes:
        name: the card's name, for messages.
        peak: dense FLOP/s by data type.
        memory_bytes: device memory.
        memory_bandwidth: bytes/s of device memory.
        gemm_efficiency: share of the peak that large, well-shaped matrix products reach.
        gemm_efficiency_fp8: the same of 8-bit and narrower products; 0 where nobody measured it, and then the above.
        gemm_sustained: share of that rate over whole training steps, where the power limit binds; 1 where nobody said.
        memory_efficiency: share of the memory bandwidth that streaming kernels reach.
        compute_units: units that tiles of a matrix product are shared out over (an NVIDIA card's multiprocessors); 0
            where unknown, and then shapes reach their average.
        cache_bytes: last cache before the device memory; 0 where unknown.
        maker: who makes the card; constants of software may hold for the cards of some makers.
        host_link_bandwidth: bytes/s per direction to host memory; 0 where unknown (then offload is an error).
    """

    name: str
    peak: Mapping[str, float]
    memory_bytes: float
    memory_bandwidth: float
    gemm_efficiency: float
    memory_efficiency: float
    host_link_bandwidth: float = 0.0
    compute_units: float = 0.0
    gemm_efficiency_fp8: float = 0.0
    gemm_sustained: float = 1.0
    maker: str = ""
    cache_bytes: float = 0.0

    def peak_of(self, dtype: str) -> float:
        """Return the dense peak of a data type.

        >>> card = Card(name="X", peak={"bf16": 1e14}, memory_bytes=32e9, memory_bandwidth=1e12,
        ...     gemm_efficiency=0.7, memory_efficiency=0.85)
        >>> card.peak_of("bf16")
        100000000000000.0

        Raises InputError for a data type that the card lacks, with those it has.
        """
        if dtype not in self.peak:
            has = ", ".join(sorted(self.peak)) or "none"
            raise InputError(
                f"card {self.name} has no {dtype} peak in its profile (it has: {has}); choose another data type"
                f" or add cards.{self.name}.peak.{dtype} with its source"
            )
        return self.peak[dtype]

    def matrix_rate(self, dtype: str) -> float:
        """Return the FLOP/s of large, well-shaped matrix products over a step: peak x share reached x share sustained.

        >>> card = Card(name="X", peak={"bf16": 1e14, "fp8": 2e14}, memory_bytes=32e9, memory_bandwidth=1e12,
        ...     gemm_efficiency=0.8, memory_efficiency=0.85, gemm_efficiency_fp8=0.7)
        >>> round(card.matrix_rate("bf16") / 1e12), round(card.matrix_rate("fp8") / 1e12)
        (80, 140)

        Raises InputError for a data type that the card lacks.
        """
        narrow = dtype in NARROW and self.gemm_efficiency_fp8 > 0
        share = self.gemm_efficiency_fp8 if narrow else self.gemm_efficiency
        return self.peak_of(dtype) * share * self.gemm_sustained
