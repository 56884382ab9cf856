"""A transformer's dimensions, its parameters, and the operations of one token."""

from __future__ import annotations

from dataclasses import dataclass

from clustersim.errors import InputError

__all__ = ["Model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Dimensions as the authors publish them; counts are whole numbers.

    ``experts`` is 0 for a dense model; with experts, ``moe_layers`` of the layers are mixtures whose experts have
    ``expert_ffn_hidden``; the others keep ``ffn_hidden``. The ``mla`` fields are 0 without latent attention.
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

    def __post_init__(self) -> None:
        if self.heads % self.kv_heads:
            raise InputError(
                f"model {self.name}: heads={self.heads} is not a multiple of kv_heads={self.kv_heads}"
            )

    @property
    def attention_params(self) -> float:
        """Attention parameters of one layer."""
        h = self.hidden
        if self.kv_lora_rank:
            qk = self.qk_nope_head_dim + self.qk_rope_head_dim
            q = (
                h * self.q_lora_rank + self.q_lora_rank * self.heads * qk
                if self.q_lora_rank
                else h * self.heads * qk
            )
            kv = h * (self.kv_lora_rank + self.qk_rope_head_dim)
            kv += self.kv_lora_rank * self.heads * (self.qk_nope_head_dim + self.v_head_dim)
            return float(q + kv + self.heads * self.v_head_dim * h)
        query = self.heads * self.head_dim
        return float(2 * h * query + 2 * h * self.kv_heads * self.head_dim)

    def ffn_params(self, width: int) -> float:
        """Parameters of one feed-forward block of a width: three matrices if gated, else two."""
        return float((3 if self.gated else 2) * self.hidden * width)

    @property
    def dense_layers(self) -> int:
        """Layers without experts."""
        return self.layers - self.moe_layers

    @property
    def ffn_width(self) -> float:
        """Feed-forward width that a token's values pass through, averaged over layers."""
        routed = (self.experts_per_token + self.shared_experts) * self.expert_ffn_hidden
        return (self.dense_layers * self.ffn_hidden + self.moe_layers * routed) / self.layers

    @property
    def embedding_params(self) -> float:
        """Input embedding and output head (one matrix when tied)."""
        return float((1 if self.tied_embeddings else 2) * self.vocab * self.hidden)

    @property
    def parameters(self) -> float:
        """All parameters.

        >>> gpt3 = Model(name="gpt3-175b", layers=96, hidden=12288, heads=96, kv_heads=96, head_dim=128,
        ...     ffn_hidden=49152, gated=False, vocab=51200, tied_embeddings=True)
        >>> round(gpt3.parameters / 1e9, 1)
        174.6
        """
        moe = (self.experts + self.shared_experts) * self.ffn_params(self.expert_ffn_hidden)
        moe += self.hidden * self.experts
        blocks = self.layers * self.attention_params + self.dense_layers * self.ffn_params(self.ffn_hidden)
        return blocks + self.moe_layers * moe + self.embedding_params

    @property
    def active_parameters(self) -> float:
        """Parameters of the blocks that one token passes through, the output head included."""
        moe = (self.experts_per_token + self.shared_experts) * self.ffn_params(self.expert_ffn_hidden)
        blocks = self.layers * self.attention_params + self.dense_layers * self.ffn_params(self.ffn_hidden)
        return blocks + self.moe_layers * moe + self.vocab * self.hidden

    @property
    def score_width(self) -> float:
        """Width of keys plus width of values over all heads: the operations per query-key pair over two."""
        if self.kv_lora_rank:
            return float(self.heads * (self.qk_nope_head_dim + self.qk_rope_head_dim + self.v_head_dim))
        return float(2 * self.heads * self.head_dim)

    def flops_per_token(self, seq_len: int) -> float:
        """Model FLOPs of one trained token: 6 x active parameters + 6 x layers x sequence x score width.

        The attention term counts the full square, as Narayanan et al. (arXiv:2104.04473, eq. 3) do; forward is a
        third of it.

        >>> gpt3 = Model(name="gpt3-175b", layers=96, hidden=12288, heads=96, kv_heads=96, head_dim=128,
        ...     ffn_hidden=49152, gated=False, vocab=51200, tied_embeddings=True)
        >>> eq3 = 72 * 96 * 12288**2 * (1 + 2048 / (6 * 12288) + 51200 / (12 * 96 * 12288))
        >>> abs(gpt3.flops_per_token(2048) / eq3 - 1) < 1e-3
        True
        """
        return 6.0 * self.active_parameters + 6.0 * self.layers * seq_len * self.score_width
