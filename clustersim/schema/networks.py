"""Networks that are no language models: encoders, convolutional networks, diffusion models, layer by layer."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from clustersim.schema.base import Model
from clustersim.schema.profile_base import Profile

__all__ = ["BlockSection", "NetworkProfile", "NetworkStage"]

Positive = Annotated[float, Field(gt=0)]


class BlockSection(Model):
    """Layers of one kind: a convolution, a product, or a transformer block."""

    conv: tuple[Positive, Positive, Positive, Positive] | None = None
    """Convolution: outputs along a side, input channels, output channels, kernel."""
    stride: Positive = 1
    """Of a convolution."""
    linear: tuple[Positive, Positive, Positive] | None = None
    """Product: rows of an input, width in, width out."""
    attention: tuple[Positive, Positive, Positive, Annotated[float, Field(ge=0)]] | None = None
    """Transformer block: tokens of an input, hidden width, heads, width of the feed-forward block (0: none)."""
    gated: bool = False
    """Whether that block is gated."""
    context: tuple[Positive, Positive] | None = None
    """Cross-attention: tokens that are looked at, and their width."""
    repeat: Positive = 1
    """How often it stands there."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(kind is not None for kind in (self.conv, self.linear, self.attention)) != 1:
            raise ValueError("give one of conv, linear and attention")
        return self


class NetworkStage(Model):
    """A part of the network, and how often an input passes it."""

    name: str
    """Its name."""
    times: Literal["once", "step", "guided_step"] | Positive = "once"
    """Passes of one input: ``once``, once a denoising ``step``, or a ``guided_step``: with and without its prompt."""
    per_frame: bool = False
    """Whether the blocks are those of one frame of a video."""
    blocks: tuple[BlockSection, ...] = Field(min_length=1)
    """Its layers."""


class NetworkProfile(Profile):
    """A network by its layers."""

    kind: Literal["network"]
    """A network."""
    family: Literal["encoder", "convolution", "diffusion"]
    """Whose software constants hold for it."""
    unit: Literal["sample", "image", "video_second"]
    """What one input is: a text or another sample, an image, a second of video."""
    steps: Annotated[int, Field(ge=1)] = 1
    """Denoising steps."""
    guidance: bool = True
    """Whether every step is done with and without the prompt."""
    stages: tuple[NetworkStage, ...] = Field(min_length=1)
    """Its parts in their order."""
    flops_published: Annotated[float, Field(gt=0)] | None = None
    """Operations of one input as published, for a test."""
