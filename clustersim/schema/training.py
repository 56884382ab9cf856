"""What a training workload may say: its plan and its software."""

from typing import Annotated, Literal

from pydantic import Field

from clustersim.provenance import Sourced
from clustersim.schema.base import Fraction, Held, Model, Overhead, quantity

__all__ = ["PlanSection", "SoftwareSection"]


class PlanSection(Model):
    """How the model is spread over the cards."""

    tp: int = Field(ge=1)
    """Tensor-parallel degree: cards that split each layer."""
    pp: int = Field(ge=1)
    """Pipeline stages."""
    dp: int = Field(ge=1)
    """Data-parallel replicas."""
    cp: int = Field(1, ge=1)
    """Context-parallel degree: cards that split each sequence."""
    ep: int = Field(1, ge=1)
    """Expert-parallel degree: cards over which a layer's experts are spread."""
    etp: int = Field(1, ge=1)
    """Cards that split each exchanged expert."""
    interleave: int = Field(1, ge=1)
    """Chunks of layers that each stage holds (virtual stages)."""
    micro_batch: int = Field(1, ge=1)
    """Sequences that pass through the pipeline together."""
    schedule: Literal["gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2", "zb_v", "dualpipe"] = "1f1b"
    """Order of forward and backward passes."""
    sequence_parallel: bool = True
    """Whether the tensor group splits norms and activations along the sequence."""
    recompute: Literal["none", "selective", "full"] = "selective"
    """What the backward pass computes again instead of keeping it."""
    zero: int = Field(1, ge=0, le=3)
    """What replicas share out: nothing (0), optimizer states (1), gradients (2), weights (3)."""
    offload_optimizer: bool = False
    """Optimizer states lie in host memory."""
    offload_activations: bool = False
    """Activations lie in host memory until the backward pass."""
    embedding_slot: bool = False
    """Whether the embedding counts as a layer when layers are given out to stages."""
    loss_slot: bool = False
    """The same of the output head; with it every extra prediction layer counts as two."""
    shard: int = Field(0, ge=0)
    """With ZeRO 3: cards that share out weights, gradients and states (hybrid sharding); 0 for all copies."""
    unit_layers: int = Field(1, ge=1)
    """With ZeRO 3: layers that are gathered and reduced together."""
    prefetch: int = Field(1, ge=0)
    """With ZeRO 3: units that are gathered ahead of the one at hand."""
    reshard: bool = True
    """With ZeRO 3: whether weights are given up after the forward pass and gathered again for the backward pass."""


class SoftwareSection(Model):
    """What the training software adds or leaves out; each key that is absent keeps the value of a well-tuned one."""

    name: str | None = None
    """Training stack, with or without a release (hwprofiles/software); keys beside it replace its constants."""
    dp_overlap: Fraction | None = None
    """Share of the computation under which data-parallel traffic can hide."""
    flash_attention: bool | None = None
    """Fused attention that never writes the score matrix."""
    attention_share: Fraction | None = None
    """Share of the best matrix rate that fused attention reaches."""
    expert_forwarding: bool | None = None
    """A token crosses to a domain once and is handed on inside."""
    interference: Fraction | None = None
    """Share of its rate that computation loses while it hides traffic."""
    eager: bool | None = None
    """Whether every operator reads and writes its own intermediates, as uncompiled PyTorch does."""
    dispatch_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes of a value that is sent to its expert."""
    tp_overlap: Fraction | None = None
    """Share of the matrix products under which tensor-parallel traffic can hide."""
    overlap_sends: bool | None = None
    """Whether the sends of an interleaved pipeline run beside the next chunk."""
    gather_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes of a value that tensor-parallel cards gather for a product below 16 bits."""
    ep_overlap: Fraction | None = None
    """Share of a layer's kernels under which the exchange of experts can hide."""
    kernel_factor: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Time of the card's own work over that of a stack tuned to it; absent: 1 where the stack was measured on cards of
    the maker, else what the class of stacks that nobody measured there has."""
    host_layer: Overhead | None = None
    """What the host takes to launch one pass of a layer."""
    expert_overhead: Overhead | None = None
    """The same as ``layer_overhead`` for a layer of experts, on top."""
    expert_launch: Overhead | None = None
    """What the host takes to launch one kernel of one expert."""
    grouped_experts: bool | None = None
    """Whether one launch serves all experts of a card."""
    gate_values: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Values that the activation reads or writes for one unit of its width, forward and backward."""
    layer_overhead: Overhead | None = None
    """Added to every pass of a layer beside its kernels."""
    scale_loss: Fraction | None = None
    """Share of a step that every doubling of the cards beyond one coherent domain costs."""
    shard_rate: Fraction | None = None
    """Share of the network's rate that the exchange of ZeRO 3 reaches."""
    loss_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes that the loss reads and writes for one logit, forward and backward."""
    logit_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes held for a logit at once."""
    saves_products: bool | None = None
    """Whether selective recomputation keeps every second product and makes all else again (PyTorch)."""
    stage_buffers: bool | None = None
    """Whether a stage of a pipeline has a buffer for every message of a step, and the last keeps its outputs."""
    batch_in_stages: bool | None = None
    """Whether a pipeline cuts a batch into as many micro-batches as it has stages where nothing else is said."""
    gradient_bytes: Annotated[Sourced, quantity("1", gt=0)] | None = None
    """Bytes of gradient held per parameter."""
    runtime_memory: Held | None = None
    """Buffers, fragmentation and the runtime's own, per card."""
