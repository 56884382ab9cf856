"""How a model is spread over cards, and by which software."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["RECOMPUTE", "SCHEDULES", "TUNED_SOFTWARE", "Plan", "Software"]

SCHEDULES = ("gpipe", "1f1b", "interleaved", "zb_h1", "zb_h2", "zb_v", "dualpipe")
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What the training software adds or leaves out; the defaults are those of a well-tuned one of 2024."""

    dp_overlap: float = 0.9
    """Share of the computation under which data-parallel traffic can hide; 0 for software of before 2022."""
    flash_attention: bool = True
    """Fused attention that never writes the score matrix; False for runs of before 2023."""
    attention_share: float = 0.63
    """Share of the best matrix rate that fused attention reaches: 0.63 on A100 by its second generation, by the
    libraries of 2024 on Hopper (Dao, arXiv:2307.08691, figure 5: 0.6-0.75 of peak forward and less backward, where
    plain products reach 0.8-0.9; derived)."""
    expert_forwarding: bool = True
    """A token crosses to a domain once and is handed on inside; False sends a copy for each of its experts."""
    interference: float = 0.15
    """Share of its rate that computation loses while traffic that it hides is under way, for the units of the card that
    the exchange takes: 20 of 132 (DeepSeek-V3, arXiv:2412.19437, section 3.2.2; published)."""
    eager: bool = False
    """Whether every operator reads and writes its own intermediates, as PyTorch does without compilation."""
    tp_overlap: float = 0.0
    """Share of the matrix products under which tensor-parallel traffic can hide; 0 where each product waits for it."""
    overlap_sends: bool = False
    """Whether the sends of an interleaved pipeline run beside the next chunk."""
    gather_bytes: float = 2.0
    """Bytes of a value that tensor-parallel cards gather for a product below 16 bits; 1 where it is cast before."""
    ep_overlap: float = 0.0
    """Share of all kernels of a layer under which the exchange of experts can hide: above 0 where a forward and a
    backward pass of two micro-batches are worked on at once (Megatron-Core, overlap of expert-parallel traffic)."""
    kernel_factor: float = 1.0
    """Seconds of the card's own work over those of a stack that was tuned to it: above 1 where software is new to a
    maker's cards (step efficiency beside an A100 on the same case, FlagPerf). Exchanges are no slower for it."""
    host_layer_s: float = 1.2e-3
    """Seconds that the host takes to launch the kernels of one pass of a layer (forward, recomputed, backward): no
    pass is shorter. 0 for launches that are recorded and replayed. Derived, see docs/training.md."""
    layer_overhead_s: float = 0.0
    """Seconds that it adds to every pass of a layer (forward, recomputed, backward) beside its kernels: launches that
    the host cannot keep up with, synchronisation. Found by halving the micro-batch."""
    expert_overhead_s: float = 1e-3
    """The same for every pass of a layer of experts: routing, sorting and what waits for them. 0 for steps that are
    recorded and replayed as a whole. Derived, see docs/training.md."""
    expert_launch_s: float = 2e-5
    """Seconds that the host takes to launch one kernel of one expert: a pass of a layer of experts is no shorter than
    its launches, those of the layer itself (``host_layer_s``) included. They cannot be recorded in advance, for how
    many tokens an expert gets is known only then. 0 for recorded steps. Derived, see docs/training.md."""
    grouped_experts: bool = False
    """Whether one launch serves all experts of a card; else each has products and casts of its own."""
    gate_values: float = 9.0
    """Values that the activation of a feed-forward block reads or writes for one unit of its width, forward and
    backward: 9 fused (counted), more where its steps are separate kernels."""
    dispatch_bytes: float = 2.0
    """Bytes of a value that is sent to its expert; 1 where they are cast before. What comes back has 2."""
    gradient_bytes: float = 4.0
    """Bytes of gradient held per parameter: 4 accumulates in single precision, 2 in half, 6 keeps both."""
    shard_rate: float = 1.0
    """Share of the network's rate that ZeRO 3's gathers and reductions reach: below 1 where parameters go one by one,
    too small to be spread over all network cards of a server."""
    loss_bytes: float = 20.0
    """Bytes that the loss reads and writes for one logit, forward and backward: in single precision and partly fused
    20; separate operators (cast, softmax, loss, their gradients, the cast back) 42, those of Megatron's
    vocabulary-parallel loss 52 (counted)."""
    scale_loss: float = 0.0
    """Share of a step that every doubling of the cards beyond one coherent domain costs: the slowest of more cards,
    jitter of the host, other traffic. A property of a stack on its site; 0 where nobody measured it."""
    logit_bytes: float = 6.0
    """Bytes held for a logit at once: in single precision and its gradient in half (counted); 14 where each operator of
    the loss keeps its own: in half, in single precision, its logarithm of the softmax, and the gradient."""
    saves_products: bool = False
    """Whether selective recomputation keeps what every second product and attention put out, as PyTorch's policy of
    operators does, and makes all else again; else it makes norms and activation again."""
    stage_buffers: bool = False
    """Whether a stage of a pipeline has a buffer for every activation and gradient that it receives in a step, and the
    last stage keeps the outputs of all micro-batches, as torch.distributed.pipelining does; else as many as are in
    flight."""
    batch_in_stages: bool = False
    """Whether a pipeline cuts a batch into as many micro-batches as it has stages where nothing else is said."""
    runtime_bytes: float = 1.5e9
    """Workspace, communication buffers, fragmentation and the runtime's own memory (assumption: 1-2 GB are commonly
    seen with NCCL buffers and a CUDA context of about 0.5 GB)."""


#: The defaults, for other dataclasses to refer to.
TUNED_SOFTWARE = Software()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Parallel degrees and options of one training job."""

    tp: int = 1
    pp: int = 1
    dp: int = 1
    cp: int = 1
    ep: int = 1
    etp: int = 1
    """Cards that split each expert's products where experts are exchanged (ep > 1); without, tp does."""
    interleave: int = 1
    micro_batch: int = 1
    schedule: str = "1f1b"
    sequence_parallel: bool = True
    recompute: str = "selective"
    zero: int = 1
    offload_optimizer: bool = False
    offload_activations: bool = False
    embedding_slot: bool = False
    """Whether the embedding counts as a layer when layers are given out to stages (Megatron's
    account_for_embedding_in_pipeline_split)."""
    loss_slot: bool = False
    """The same of the output head and its loss (Megatron's account_for_loss_in_pipeline_split); with it every extra
    prediction layer counts as two."""
    shard: int = 0
    """Cards over which weights, gradients and optimizer states are shared out (hybrid sharding); 0 for all copies."""
    unit_layers: int = 1
    """With ZeRO 3: layers that are gathered and reduced together."""
    prefetch: int = 1
    """With ZeRO 3: units that are gathered ahead of the one at hand; 0 gathers when it is needed."""
    reshard: bool = True
    """With ZeRO 3: whether weights are given up after the forward pass and gathered again for the backward pass."""
    software: Software = TUNED_SOFTWARE

    @property
    def cards(self) -> int:
        """Cards that the plan needs; expert parallelism lies inside the others."""
        return self.tp * self.pp * self.dp * self.cp

    @property
    def expert_cards(self) -> int:
        """Cards of a stage over which one copy of its experts is spread; the others hold copies."""
        return self.ep * np.where(np.equal(self.ep, 1), self.tp, self.etp)  # type: ignore[return-value]
