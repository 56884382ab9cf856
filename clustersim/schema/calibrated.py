"""What measurements of a card changed of it: factors on what its profile and its software's constants give."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from clustersim.provenance import Sourced
from clustersim.schema.base import Model, quantity

__all__ = ["FACTORS", "RATES", "CalibratedProfile", "FoundErrors"]

Factor = Annotated[Sourced, quantity("1", gt=0, usual=("0.02", "50"))]


class FoundErrors(Model):
    """How far the calibrated model was from measured rows of one quantity, each left out in turn."""

    log_ratio: tuple[float, ...] = Field(min_length=1)
    """ln(measured / predicted time) of each row, the discrepancy left out."""
    voices: int = Field(1, ge=1)
    """Pairs of software and model that the rows are of."""
    software: tuple[str, ...] = ()
    """Profiles of the software that the rows ran on; of other software they say nothing."""


class CalibratedProfile(Model):
    """Factors on a card's rates and times, found from measured rows (docs/calibration.md); absent ones are 1."""

    matrix: Factor | None = None
    """On the rate of matrix products."""
    memory: Factor | None = None
    """On the rate of reading and writing device memory."""
    attention: Factor | None = None
    """On the rate of fused attention."""
    experts: Factor | None = None
    """On the rate of the grouped products of experts in serving."""
    scale_up: Factor | None = None
    """On the rate of the links inside a domain."""
    scale_out: Factor | None = None
    """On the rate of the links between domains."""
    latency: Factor | None = None
    """On the time of a message inside a domain, and of a small all-reduce."""
    layer: Factor | None = None
    """On the time beside the kernels of each layer in serving."""
    step: Factor | None = None
    """On the host's time for an iteration of serving, and for a sequence in it."""
    request: Factor | None = None
    """On the time of a request outside the engine."""
    host: Factor | None = None
    """On the host's time for a pass of a layer in training."""
    exposed: Factor | None = None
    """On the share of a training step's exchange that cannot hide behind its computation."""
    correlation: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Correlation of the logarithms of two factors, each pair once; absent pairs are independent."""
    errors: dict[str, FoundErrors] = Field(default_factory=dict)
    """By quantity (step_time, ttft, tpot, throughput): the residuals of the rows that were calibrated on."""

    @model_validator(mode="after")
    def _known_pairs(self) -> Self:
        names = set(self.correlation) | {b for of in self.correlation.values() for b in of}
        unknown = sorted(names - set(FACTORS))
        if unknown:
            raise ValueError(f"correlation names {', '.join(unknown)}; the factors are {', '.join(FACTORS)}")
        if any(not -1.0 <= r <= 1.0 for of in self.correlation.values() for r in of.values()):
            raise ValueError("a correlation lies between -1 and 1")
        return self


#: Factors on rates: more is faster; those on times (all others) make it slower.
RATES = ("matrix", "memory", "attention", "experts", "scale_up", "scale_out")
FACTORS = (*RATES, "latency", "layer", "step", "request", "host", "exposed")
