"""A model's dimensions, its parameters by group, and the operations of one token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.perf.formats import FORMATS, WeightFormats
from clustersim.perf.mixers import Attention, Latent, LayerGroup, Mixer

__all__ = ["Model", "ParameterGroups"]

#: A number, or an array.
Real = Any

#: Every group of weights in 16 bits: what a model has that says nothing else.
BF16 = WeightFormats()


@dataclass(frozen=True, slots=True)
class ParameterGroups:
    """Parameters by group; ``router`` holds the choice of experts and the projections around latent experts."""

    attention: float
    dense: float
    shared: float
    experts: float
    router: float
    embedding: float
    head: float
    streams: float = 0.0

    @property
    def total(self) -> float:
        """The sum of the groups."""
        blocks = self.attention + self.dense + self.shared + self.experts + self.router
        return blocks + self.embedding + self.head + self.streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Dimensions as the authors publish them; counts are whole numbers.

    ``experts`` is 0 for a dense model; with experts, ``moe_layers`` of the layers are mixtures whose experts have
    ``expert_ffn_hidden``; ``ffn_free_layers`` are mixers alone, the others keep ``ffn_hidden``. Shared experts are
    ``shared_ffn_hidden`` wide (0: as the routed ones); routed experts work on ``expert_hidden`` values that are
    projected down and up once a layer (0: on the hidden state itself). ``mixers`` says how many layers mix tokens how;
    without it every layer has full attention of ``heads`` and ``kv_heads``, or latent attention where the ``mla``
    fields are not 0. A model cut to fewer layers keeps the shares of its kinds. ``prediction_layers`` guess further
    tokens; they are counted apart.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_hidden: int
    gated: bool
    vocab: int
    tied_embeddings: bool = False
    max_seq_len: int = 0
    experts: int = 0
    experts_per_token: int = 0
    shared_experts: int = 0
    expert_ffn_hidden: int = 0
    moe_layers: int = 0
    q_lora_rank: int = 0
    kv_lora_rank: int = 0
    qk_nope_head_dim: int = 0
    qk_rope_head_dim: int = 0
    v_head_dim: int = 0
    mixers: tuple[LayerGroup, ...] = ()
    ffn_free_layers: int = 0
    shared_ffn_hidden: int = 0
    expert_hidden: int = 0
    router_groups: int = 1
    groups_per_token: int = 1
    residual_streams: int = 1
    prediction_layers: int = 0
    prediction_mixer: Mixer | None = None
    formats: WeightFormats = BF16
    not_modelled: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.heads % self.kv_heads:
            raise InputError(
                f"model {self.name}: heads={self.heads} is not a multiple of kv_heads={self.kv_heads}"
            )
        if np.any(np.greater(self.moe_layers, np.multiply(self.layers, 1 + 1e-9))):
            raise InputError(
                f"model {self.name}: moe_layers={self.moe_layers} is more than layers={self.layers}"
            )
        if self.experts_per_token > self.experts:
            raise InputError(
                f"model {self.name}: experts_per_token={self.experts_per_token} is more than experts={self.experts}"
            )
        if self.router_groups > 1 and (
            self.experts % self.router_groups or self.groups_per_token > self.router_groups
        ):
            raise InputError(
                f"model {self.name}: router_groups={self.router_groups} must divide experts={self.experts} and be at"
                f" least groups_per_token={self.groups_per_token}"
            )

    @property
    def groups(self) -> tuple[LayerGroup, ...]:
        """Layers by kind of mixer; they sum to ``layers``."""
        if not self.mixers:
            return (LayerGroup(self.layers, self._only_mixer()),)
        scale = self._scale
        return tuple(LayerGroup(g.layers * scale, g.mixer) for g in self.mixers)

    @property
    def _scale(self) -> Real:
        stated = sum(g.layers for g in self.mixers)
        return self.layers / stated if self.mixers else 1.0

    def _only_mixer(self) -> Mixer:
        if not self.kv_lora_rank:
            return Attention(heads=self.heads, kv_heads=self.kv_heads, head_dim=self.head_dim)
        return Latent(
            heads=self.heads, q_lora_rank=self.q_lora_rank, kv_lora_rank=self.kv_lora_rank,
            qk_nope_head_dim=self.qk_nope_head_dim, qk_rope_head_dim=self.qk_rope_head_dim, v_head_dim=self.v_head_dim,
        )  # fmt: skip

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of mixers that occur, in the order of the file."""
        return tuple(dict.fromkeys(g.mixer.kind for g in self.groups))

    @property
    def attention_params(self) -> float:
        """Attention parameters of one layer, on average over the kinds of layers."""
        groups = self.groups
        if len(groups) == 1:
            return groups[0].mixer.params(self.hidden)
        return float(sum(g.layers * g.mixer.params(self.hidden) for g in groups) / self.layers)

    def ffn_params(self, width: float) -> float:
        """Parameters of one feed-forward block of a width: three matrices if gated, else two."""
        return float((3 if self.gated else 2) * self.hidden * width)

    @property
    def shared_width(self) -> int:
        """Width of all shared experts of a layer together."""
        return self.shared_experts * (self.shared_ffn_hidden or self.expert_ffn_hidden)

    @property
    def expert_params(self) -> float:
        """Parameters of one routed expert."""
        inner = self.expert_hidden or self.hidden
        return float((3 if self.gated else 2) * inner * self.expert_ffn_hidden)

    @property
    def idle_expert_params(self) -> float:
        """Parameters of the routed experts of one layer that a token does not go to."""
        return (self.experts - self.experts_per_token) * self.expert_params

    @property
    def latent_params(self) -> float:
        """Parameters of the projections around the latent experts of one layer; 0 without them."""
        return 2.0 * self.hidden * self.expert_hidden

    @property
    def bare_layers(self) -> Real:
        """Layers without a feed-forward block."""
        return self.ffn_free_layers * self._scale if self.ffn_free_layers else 0

    @property
    def dense_layers(self) -> Real:
        """Layers with one feed-forward block for all tokens."""
        return self.layers - self.moe_layers - self.bare_layers

    @property
    def ffn_width(self) -> float:
        """Feed-forward width that a token's values pass through, averaged over layers."""
        routed = self.experts_per_token * self.expert_ffn_hidden + self.shared_width
        return (self.dense_layers * self.ffn_hidden + self.moe_layers * routed) / self.layers  # type: ignore[no-any-return]

    @property
    def embedding_params(self) -> float:
        """Input embedding and output head (one matrix when tied)."""
        return float((1 if self.tied_embeddings else 2) * self.vocab * self.hidden)

    @property
    def parameter_groups(self) -> ParameterGroups:
        """All parameters by group: matrices, routers and convolutions; norms and biases (below 0.1 %) left out."""
        table = float(self.vocab * self.hidden)
        mixing = self.residual_streams
        return ParameterGroups(
            attention=self.layers * self.attention_params,
            dense=self.dense_layers * self.ffn_params(self.ffn_hidden),
            shared=self.moe_layers * self.ffn_params(self.shared_width),
            experts=self.moe_layers * self.experts * self.expert_params,
            router=self.moe_layers * (self.hidden * self.experts + self.latent_params),
            embedding=table,
            head=0.0 if self.tied_embeddings else table,
            # Two mixings a layer: (2 + n) n numbers from n h values (hyper-connections, arXiv:2409.19606).
            streams=2.0 * self.layers * (2 + mixing) * mixing**2 * self.hidden if mixing > 1 else 0.0,
        )

    @property
    def parameters(self) -> float:
        """All parameters of the model proper, without extra prediction layers.

        >>> gpt3 = Model(name="gpt3-175b", layers=96, hidden=12288, heads=96, kv_heads=96, head_dim=128,
        ...     ffn_hidden=49152, gated=False, vocab=51200, tied_embeddings=True)
        >>> round(gpt3.parameters / 1e9, 1)
        174.6
        """
        return self.parameter_groups.total

    @property
    def prediction_parameters(self) -> float:
        """Parameters of the extra prediction layers: one block each and a projection of two hidden states to one."""
        if not self.prediction_layers:
            return 0.0
        mixer = self.prediction_mixer or self.groups[-1].mixer
        block = mixer.params(self.hidden) + 2.0 * self.hidden**2
        if self.moe_layers:
            block += self.experts * self.expert_params + self.ffn_params(self.shared_width)
            block += self.hidden * self.experts + self.latent_params
        else:
            block += self.ffn_params(self.ffn_hidden)
        return float(self.prediction_layers * block)

    @property
    def active_parameters(self) -> float:
        """Parameters of the blocks that one token passes through, the output head included."""
        moe = (
            self.experts_per_token * self.expert_params
            + self.ffn_params(self.shared_width)
            + self.latent_params
        )
        blocks = self.layers * self.attention_params + self.dense_layers * self.ffn_params(self.ffn_hidden)
        return blocks + self.moe_layers * moe + self.vocab * self.hidden  # type: ignore[no-any-return]

    @property
    def weight_bytes(self) -> float:
        """Bytes of the weights in the formats that they were published in (routers and streams in bf16)."""
        p, f = self.parameter_groups, self.formats
        named = ("attention", "dense", "shared", "experts", "embedding", "head")
        total = sum(getattr(p, name) * FORMATS[getattr(f, name)] for name in named)
        return float(total + (p.router + p.streams) * FORMATS["bf16"])

    @property
    def score_width(self) -> float:
        """Multiply-adds of one query with one cached entry of one layer, on average, windows and selections whole."""
        total = sum(g.layers * part.macs for g in self.groups for part in g.mixer.parts)
        return float(total / self.layers)

    def score_work(self, seq_len: Real) -> Real:
        """Multiply-adds of one token's scores and sums in one average layer, counting the full square.

        A part that reaches R tokens back counts 2 R - R^2 / s of the s tokens (twice the causal mean of
        min(position, R)), so that full attention counts s x score width.

        >>> one = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=1, gated=True,
        ...     vocab=1)
        >>> float(one.score_work(100)) == 100 * one.score_width
        True
        """
        total: Real = 0.0
        for g in self.groups:
            for part in g.mixer.parts:
                reach = np.minimum(part.reach, seq_len)
                total = total + g.layers * part.macs * (2.0 * reach - reach * (reach / seq_len)) / part.stride
        return total / self.layers

    @property
    def state_ops(self) -> float:
        """Operations of one token on the states of fixed size, all layers, forward."""
        return float(sum(g.layers * state.ops for g in self.groups for state in g.mixer.states))

    def flops_per_token(self, seq_len: int) -> float:
        """Model FLOPs of one trained token: 6 x active parameters + 6 x layers x score work + 3 x state operations.

        The attention term counts the full square, as Narayanan et al. (arXiv:2104.04473, eq. 3) do; forward is a
        third of it.

        >>> gpt3 = Model(name="gpt3-175b", layers=96, hidden=12288, heads=96, kv_heads=96, head_dim=128,
        ...     ffn_hidden=49152, gated=False, vocab=51200, tied_embeddings=True)
        >>> eq3 = 72 * 96 * 12288**2 * (1 + 2048 / (6 * 12288) + 51200 / (12 * 96 * 12288))
        >>> abs(gpt3.flops_per_token(2048) / eq3 - 1) < 1e-3
        True
        """
        blocks = 6.0 * self.active_parameters + 6.0 * self.layers * self.score_work(seq_len)
        return float(blocks + 3.0 * self.state_ops)
