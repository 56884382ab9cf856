"""How a layer mixes tokens: full, windowed, latent, sparse, compressed or linear attention, and state spaces.

Every kind answers the same questions: its parameters, what it keeps of a sequence (cache parts that grow with the
tokens or stop at a window, and a state of fixed size), and the operations of one query. A layer without a mixer (a
feed-forward block alone) is a ``NoMixer``. Nothing here knows bytes per weight, cards or engines.

Sources: arXiv:2305.13245 (grouped-query attention), arXiv:2405.04434 section 2.1 (latent attention), the report of
DeepSeek-V3.2 (sparse attention with an indexer), the published modelling code of DeepSeek-V4 (compressed attention),
arXiv:2412.06464 (gated delta networks), arXiv:2405.21060 (Mamba-2).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from clustersim.errors import InputError
from clustersim.perf.mixer_parts import CachePart, Indexer, Keeps, State, positive

__all__ = [
    "LATENTS",
    "Attention",
    "Compressed",
    "Latent",
    "LayerGroup",
    "Linear",
    "Mixer",
    "NoMixer",
    "StateSpace",
]

#: Operations per state value and token of the recurrent form: decay, product with the key, difference and outer
#: product, product with the query (delta rule); decay, outer product, product with the output map (state space).
#: Derived by counting; chunked kernels do more operations in fewer passes.
DELTA_OPS, STATE_SPACE_OPS = 7.0, 5.0
#: Name of the cache part that decode of latent attention scores itself.
LATENTS = "latents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention(Keeps):
    """Grouped-query attention over all tokens or a window of the last ``window``.

    ``gate`` is ``elementwise`` (a second matrix as wide as the queries) or ``per_head``. ``keys_are_values`` projects
    once for both; ``cache_of_another`` layers have neither projections nor a cache of keys and values.
    """

    heads: int
    kv_heads: int
    head_dim: int
    v_head_dim: int = 0
    window: float = inf
    gate: str = ""
    keys_are_values: bool = False
    cache_of_another: bool = False
    indexer: Indexer | None = None

    def __post_init__(self) -> None:
        positive(
            "attention", heads=self.heads, kv_heads=self.kv_heads, head_dim=self.head_dim, window=self.window
        )
        if self.heads % self.kv_heads:
            raise InputError(f"attention: heads={self.heads} is not a multiple of kv_heads={self.kv_heads}")

    @property
    def kind(self) -> str:
        return "sparse" if self.indexer else "full" if self.window == inf else "window"

    @property
    def value_dim(self) -> int:
        return self.v_head_dim or self.head_dim

    def params(self, hidden: int) -> float:
        """Queries, keys, values, output and gate.

        >>> Attention(heads=64, kv_heads=8, head_dim=128).params(8192) / 1e6
        150.994944
        """
        query, output = self.heads * self.head_dim, self.heads * self.value_dim
        kv = self.kv_heads * (self.head_dim + (0 if self.keys_are_values else self.value_dim))
        gate = {"": 0, "elementwise": output, "per_head": self.heads}[self.gate]
        total = hidden * (query + output + gate + (0 if self.cache_of_another else kv))
        return float(total) + (self.indexer.params(hidden, hidden) if self.indexer else 0.0)

    @property
    def parts(self) -> tuple[CachePart, ...]:
        width = 0.0 if self.cache_of_another else float(self.kv_heads * (self.head_dim + self.value_dim))
        macs = float(self.heads * (self.head_dim + self.value_dim))
        name = "keys and values" if self.window == inf else f"keys and values of {self.window:g} tokens"
        k = float(self.indexer.top_k) if self.indexer else inf
        own = CachePart(name=name, values=width, macs=macs, held=self.window, read=k, split=self.kv_heads)
        return (own, self.indexer.part()) if self.indexer and self.indexer.own else (own,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent(Keeps):
    """Latent attention: one compressed vector and one rotary key per token for all heads (arXiv:2405.04434)."""

    heads: int
    q_lora_rank: int
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int
    indexer: Indexer | None = None

    def __post_init__(self) -> None:
        positive(
            "latent attention", heads=self.heads, kv_lora_rank=self.kv_lora_rank, v_head_dim=self.v_head_dim
        )

    @property
    def kind(self) -> str:
        return "sparse latent" if self.indexer else "latent"

    def params(self, hidden: int) -> float:
        """Down and up projections of queries and of keys with values, the output, and the indexer.

        >>> Latent(heads=128, q_lora_rank=1536, kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64,
        ...     v_head_dim=128).params(7168) / 1e6
        187.10528
        """
        h, qk = hidden, self.qk_nope_head_dim + self.qk_rope_head_dim
        rank = self.q_lora_rank
        q = h * rank + rank * self.heads * qk if rank else h * self.heads * qk
        kv = h * (self.kv_lora_rank + self.qk_rope_head_dim)
        kv += self.kv_lora_rank * self.heads * (self.qk_nope_head_dim + self.v_head_dim)
        out = float(q + kv + self.heads * self.v_head_dim * h)
        return out + (self.indexer.params(hidden, rank or hidden) if self.indexer else 0.0)

    @property
    def parts(self) -> tuple[CachePart, ...]:
        """The latent with its rotary key; decode scores the latents themselves (section 2.1.2 of the paper)."""
        own = CachePart(
            name=LATENTS,
            values=float(self.kv_lora_rank + self.qk_rope_head_dim),
            macs=float(self.heads * (self.qk_nope_head_dim + self.qk_rope_head_dim + self.v_head_dim)),
            decode_macs=float(self.heads * (2 * self.kv_lora_rank + self.qk_rope_head_dim)),
            read=float(self.indexer.top_k) if self.indexer else inf,
        )
        return (own, self.indexer.part()) if self.indexer and self.indexer.own else (own,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed(Keeps):
    """Attention to a window of tokens and to entries that each sum up ``ratio`` tokens (0: the window alone).

    One entry of ``head_dim`` is key and value of all heads. With an indexer only its selection of the entries is
    read. Queries come from a latent; the output goes through ``o_groups`` blocks of rank ``o_lora_rank``. Entries
    that overlap with the one before (here: those that an indexer selects from) are made by twice the weights.
    """

    heads: int
    head_dim: int
    q_lora_rank: int
    o_lora_rank: int
    o_groups: int
    window: int
    ratio: int = 0
    indexer: Indexer | None = None

    def __post_init__(self) -> None:
        positive("compressed attention", heads=self.heads, head_dim=self.head_dim, window=self.window)

    @property
    def kind(self) -> str:
        return "compressed" if self.ratio else "window"

    def params(self, hidden: int) -> float:
        """Queries, the shared key and value, the grouped output, the compressor and the indexer with its own."""
        wide = self.heads * self.head_dim
        total = hidden * (self.q_lora_rank + self.head_dim) + self.q_lora_rank * wide
        total += wide * self.o_lora_rank + self.o_groups * self.o_lora_rank * hidden
        if self.ratio:
            twice = 2 if self.indexer else 1
            total += 2 * twice * hidden * self.head_dim
            if self.indexer:
                scorer = self.indexer
                total += self.q_lora_rank * scorer.heads * scorer.head_dim + hidden * scorer.heads
                total += 2 * twice * hidden * scorer.head_dim
        return float(total)

    @property
    def parts(self) -> tuple[CachePart, ...]:
        macs, values = float(2 * self.heads * self.head_dim), float(self.head_dim)
        near = CachePart(
            name=f"entries of {self.window} tokens", values=values, macs=macs, held=float(self.window)
        )
        if not self.ratio:
            return (near,)
        k = float(self.indexer.top_k) if self.indexer else inf
        far = CachePart(
            name=f"entries of {self.ratio} tokens each", values=values, macs=macs, stride=self.ratio, read=k
        )
        return (near, far, self.indexer.part(self.ratio)) if self.indexer else (near, far)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear(Keeps):
    """Linear attention with a state of key width x value width per value head.

    ``gate_rank`` 0 is the gated delta net (one full-width output gate, two scalars a value head); above 0 the decay
    per key channel and the output gate go through two matrices of that rank (Kimi delta attention). ``conv`` 0 has
    no short convolution before it.
    """

    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int
    conv: int = 4
    gate_rank: int = 0
    state_format: str = "fp32"

    def __post_init__(self) -> None:
        positive("linear attention", key_heads=self.key_heads, key_dim=self.key_dim, value_dim=self.value_dim)
        if self.value_heads % self.key_heads:
            raise InputError(
                f"linear attention: value_heads={self.value_heads} is not a multiple of key_heads={self.key_heads}"
            )

    @property
    def kind(self) -> str:
        return "linear"

    @property
    def channels(self) -> int:
        """Width of queries, keys and values together: what the short convolution runs over."""
        return 2 * self.key_heads * self.key_dim + self.value_heads * self.value_dim

    def params(self, hidden: int) -> float:
        """Queries, keys, values, gates, short convolution and output."""
        key, value = self.key_heads * self.key_dim, self.value_heads * self.value_dim
        total = hidden * (self.channels + value) + self.conv * self.channels
        if self.gate_rank:
            total += 2 * self.gate_rank * hidden + self.gate_rank * (key + value) + hidden * self.value_heads
        else:
            total += hidden * (value + 2 * self.value_heads)
        return float(total)

    @property
    def states(self) -> tuple[State, ...]:
        values = float(self.value_heads * self.key_dim * self.value_dim)
        state = State(
            name="state",
            values=values,
            format=self.state_format,
            ops=DELTA_OPS * values,
            split=self.value_heads,
        )
        if not self.conv:
            return (state,)
        last = float((self.conv - 1) * self.channels)
        ops = 2.0 * self.conv * self.channels
        return (state, State(name="convolution", values=last, format="bf16", ops=ops, split=self.key_heads))


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpace(Keeps):
    """A state-space block (Mamba-2): ``heads`` of ``head_dim`` with ``state`` values each, ``groups`` of B and C."""

    heads: int
    head_dim: int
    state: int
    groups: int
    conv: int = 4
    state_format: str = "fp32"

    def __post_init__(self) -> None:
        positive(
            "state space", heads=self.heads, head_dim=self.head_dim, state=self.state, groups=self.groups
        )

    @property
    def kind(self) -> str:
        return "state space"

    @property
    def channels(self) -> int:
        """Width that the short convolution runs over: the inner width and B and C of every group."""
        return self.heads * self.head_dim + 2 * self.groups * self.state

    def params(self, hidden: int) -> float:
        """Input projection (gate, inner width, B, C, time steps), convolution and output."""
        inner = self.heads * self.head_dim
        return float(
            hidden * (inner + self.channels + self.heads) + self.conv * self.channels + inner * hidden
        )

    @property
    def states(self) -> tuple[State, ...]:
        values = float(self.heads * self.head_dim * self.state)
        state = State(
            name="state", values=values, format=self.state_format, ops=STATE_SPACE_OPS * values, split=self.heads
        )  # fmt: skip
        last = State(
            name="convolution", values=float((self.conv - 1) * self.channels), format="bf16",
            ops=2.0 * self.conv * self.channels, split=self.groups,
        )  # fmt: skip
        return (state, last) if self.conv > 1 else (state,)


@dataclass(frozen=True, slots=True)
class NoMixer(Keeps):
    """A layer that is a feed-forward block alone."""

    @property
    def kind(self) -> str:
        return "none"

    def params(self, hidden: int) -> float:
        return 0.0


Mixer = Attention | Latent | Compressed | Linear | StateSpace | NoMixer


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """So many layers of one kind."""

    layers: float
    mixer: Mixer
