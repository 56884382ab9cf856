"""Bytes per value of the number formats, and which format each group of a model's weights was published in."""

from __future__ import annotations

from dataclasses import dataclass, fields

from clustersim.errors import InputError, suggest

__all__ = ["FORMATS", "WeightFormats", "check_format"]

#: Bytes per value. 4-bit weights carry scales: the OCP microscaling format one byte per 32 values (4.25 bits), NVFP4
#: one byte per 16 (4.5 bits), AWQ and GPTQ two bytes per 128 or per 32 (4.125-4.5 bits); ``fp4`` and ``int4`` without
#: a block size count 4.5 bits.
FORMATS = {
    "fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5625, "int4": 0.5625,
    "mxfp4": 0.53125, "nvfp4": 0.5625,
}  # fmt: skip


def check_format(where: str, value: str) -> None:
    """Raise InputError where a format is not known, with the nearest that is.

    >>> check_format("weights", "bf16")
    """
    if value not in FORMATS:
        raise InputError(f"{where}={value!r} is no known format; {suggest(value, sorted(FORMATS))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFormats:
    """The format of each group of weights: mixers, dense and shared feed-forward, routed experts, embedding, head."""

    attention: str = "bf16"
    dense: str = "bf16"
    shared: str = "bf16"
    experts: str = "bf16"
    embedding: str = "bf16"
    head: str = "bf16"

    def __post_init__(self) -> None:
        for field in fields(self):
            check_format(f"formats.{field.name}", getattr(self, field.name))
