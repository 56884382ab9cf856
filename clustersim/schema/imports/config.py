"""A published model configuration (``config.json``) as a mapping that remembers what was read.

What nobody read and what could change the model's shape is a problem: the import names it and refuses. Settings that
never change shape (tokens, norms, rotary embeddings, dropout, losses, the library's own) are listed here by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from clustersim.errors import Problem
from clustersim.schema.models import MOST

__all__ = ["Config"]

#: Names of settings that change no dimension, by whole name.
_HARMLESS = re.compile(
    "|".join(
        [
            # the library's own
            "_.*", "architectures", "auto_map", "model_type", "transformers_version", "torch_dtype", "dtype",
            "use_cache", "use_bfloat16", "torchscript", "return_dict.*", "output_.*", "pruned_heads", "is_decoder",
            "cross_attention_hidden_size", "tie_encoder_decoder",
            "chunk_size_feed_forward", "tokenizer_class", "task_specific_params", "problem_type", "finetuning_task",
            "remove_invalid_values", "tf_legacy_loss", "id2label", "label2id", "prefix", "ignore_index", "name_or_path",
            "attn_implementation", "quantization_config", "text_config", "vision_config", "audio_config", "language",
            "pretraining_tp", "ep_size", "num_labels", "gradient_checkpointing", "unsloth_.*", "cache_implementation",
            # generation
            "temperature", "top_k", "top_p", "typical_p", "do_sample", "early_stopping", "num_beams",
            "num_beam_groups", "num_return_sequences", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size",
            "(min|max)_length", "length_penalty", "repetition_penalty", "diversity_penalty", "bad_words_ids",
            "(begin_)?suppress_tokens", "forced_.*_token_id", "exponential_decay_length_penalty",
            # tokens, heads of other tasks and other senses
            ".*token_(id|index)s?", ".*_id", "num_media_embeds", "org_vocab_size", "dense_list", "pool_type",
            "class_num", "add_classification_head", "skip_cls_token", "xattn_implement",
            ".*_placeholder(_token_id)?", "(image|video|audio|vision|mm|media|projector)_.*",
            "use_unified_vision_chunk", "vision", "use_bidirectional_attention", ".*_soft_tokens_.*", "im_.*_token",
            "understand_projector_stride", "vocab_size_per_layer_input", "use_audio_in_video", "projector_bias",
            # training and numerics
            "initializer_range", ".*init(ializer)?_std", "initializer_factor", ".*dropout.*", ".*_eps(ilon)?",
            "eps", "layer_norm.*", ".*_loss(_.*)?", ".*aux.*", "router_(jitter|z|bias).*", "router_jitter_noise",
            ".*fp32.*", "moe_(router_)?dtype", "expert_dtype", "moe_permute.*", "use_grouped_mm", "mup_.*",
            "hc_.*_iters",
            # positions
            "rope.*", ".*_rope_theta", ".*rotary.*", "use_rope.*", "no_rope_layer_interval", "use_mrope", "position_.*",
            "mrope_.*", "yarn_.*", "max_position_embeddings_.*", "original_max_position_embeddings", "alibi",
            "initial_context_length", "nope_.*", "attn_temperature_tuning", "floor_scale", "attn_scale",
            "llama_4_scaling",
            # norms, biases, scales, sinks: below 0.1 % of the parameters
            ".*norm(s|_type|_.*)?", ".*_bias", "bias", "qkv_bias", ".*swiglu_limits?(_shared)?", ".*softcap(ping)?",
            "query_pre_attn_scalar", ".*_multiplier", ".*_scal(e|ing|ing_factor)", "residual_in_fp32", "rescale_.*",
            "norm_.*", "zero_centered.*", "original_rope",
            "use_parallel_residual", "n_ctx", "add_(bias_linear|qkv_bias)", "apply_.*", "multi_query_attention",
            "logits_scaling", "use_bias", "use_conv_bias", "parallel_attn",
            # routing
            "scoring_func", "topk_method", "routed_scaling_factor", "norm_topk_prob", "moe_router_.*", "router_.*",
            "use_routing_bias", "use_moe_router_bias", "e_score.*", "route_(norm|scale)", "moe_renormalize",
            "moe_shared_expert_overlap", "moe_drop_tokens", "moe_random_routing_dropped_token", "capacity_factor",
            # kernels
            "chunk_size", "time_step_.*", "num_logits_to_keep", "use_mamba_kernels", "use_fused.*", "expand",
            "indexer_rope_.*", "index_share_for_mtp_iteration", "index_skip_topk_offset", "index_topk_(freq|pattern)",
            "use_grouped_topk", "mla_use_nope", "group_limited_greedy", "moe_capacity", "use_rmsnorm", "moe_gate",
            "mtp_use_dedicated_embeddings", "attention_projection_layout", "fuse_.*", "mlp_bias",
        ]
    )
)  # fmt: skip

#: Names of the text part, where other senses stand beside it.
_PARTS = ("text_config", "llm_config", "language_config")
_OFF: tuple[Any, ...] = (None, False, 0, "", [], {}, "none")


class Config:
    """The text part of a configuration, with what was read of it, and what is wrong with it."""

    def __init__(self, file: str, data: Mapping[str, Any]) -> None:
        self.file = file
        # Models that hear and speak nest the thinking part once more.
        self.problems: list[Problem] = []
        thinker = data.get("thinker_config")
        data = thinker if isinstance(thinker, Mapping) else data
        self.outer = data
        part = next((k for k in _PARTS if k in data), "")
        inner = data.get(part)
        for key, value in (("thinker_config", thinker), (part, inner)):
            if value is not None and not isinstance(value, Mapping):
                self.problem(key, f"must be a section of keys and values, not {_short(value)}")
        self.data: dict[str, Any] = {
            k: v for k, v in data.items() if not isinstance(inner, dict) or k not in inner
        }
        if isinstance(inner, dict):
            self.data |= inner
        self.used: set[str] = {"llm_config", "language_config"}
        self.absent: set[str] = set()
        self.notes: list[str] = []
        self.not_modelled: list[str] = []

    @property
    def model_type(self) -> str:
        """The library's name of the architecture, for rules that its code holds and its files do not."""
        return str(self.data.get("model_type", "")).removesuffix("_text")

    @property
    def has_quantization(self) -> bool:
        """Whether the file says how its weights were quantized."""
        return bool(self.outer.get("quantization_config") or self.data.get("quantization_config"))

    def has(self, *names: str) -> bool:
        """Tell whether any of the names is there and switched on."""
        self._look(names)
        return any(self.data.get(name) not in _OFF for name in names)

    def _look(self, names: tuple[str, ...]) -> None:
        """Remember a quantity that the file does not state, by the first of its names."""
        if not any(name in self.data for name in names):
            self.absent.add(names[0])

    def take(self, *names: str, default: Any = None) -> Any:
        """Return the first of the names that is not null, and mark them all as read."""
        self.used.update(names)
        self._look(names)
        return next((self.data[n] for n in names if self.data.get(n) is not None), default)

    def number(
        self, *names: str, default: int | None = None, needed: bool = False, least: int = 0, most: int = MOST
    ) -> int:
        """Return a whole number; a list of equal ones counts as one. A missing needed one, and what is no count, is a
        problem, and ``least`` is returned: nothing is divided by a count that was refused."""
        value = self.take(*names, default=default)
        if value is False:
            # Off, where a count is meant.
            value = default
        if isinstance(value, list) and value and all(v == value[0] for v in value):
            value = value[0]
        if value is None:
            if needed:
                self.problem(names[0], "is needed and missing", f"give one of {', '.join(names)}")
            return least
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            where = next((n for n in names if self.data.get(n) is not None), names[0])
            self.problem(where, f"must be one whole number, not {_short(value)}")
            return least
        where = next((n for n in names if self.data.get(n) is not None), names[0])
        if where in self.data and value < least:
            self.problem(where, f"must be at least {least}, not {_short(value)}")
            return least
        if abs(value) > most:
            self.problem(where, f"{_short(value)} is beyond every model's dimensions (at most {most:,})")
            return least
        return value

    def switch(self, name: str, default: bool | None = None) -> bool | None:
        """Return a yes or no; a text that says one ("false") is a problem, since every text would count as yes."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.problem(name, f"must be true or false, not {_short(value)}")
        return default

    def listed(self, name: str) -> list[Any] | None:
        """Return a list, None where it is missing or empty; anything else is a problem."""
        value = self.take(name)
        if value is None or isinstance(value, list):
            return value or None
        self.problem(name, f"must be a list with one entry for each layer, not {_short(value)}")
        return None

    def per_layer(self, name: str, count: int, words: Collection[Any], spare: int = 0) -> list[Any] | None:
        """Return a list with one of ``words`` for each of ``count`` layers, and for up to ``spare`` beyond them.

        None where it is missing. A list of another length, or with another word, does not say what layers are.
        """
        value = self.listed(name)
        if value is None:
            return None
        wrong = next((entry for entry in value if not any(entry == word for word in words)), None)
        if wrong is not None:
            known = ", ".join(map(str, sorted(words)))
            self.problem(name, f"{_short(wrong)} is no entry that is known", f"one of {known}")
        if not self.covers(name, len(value), count, spare) or wrong is not None:
            return None
        return value[:count]

    def covers(self, name: str, stated: int, count: int, spare: int = 0) -> bool:
        """Tell whether a list states every layer, and none that the model has not: else keep a problem."""
        if count <= stated <= count + spare:
            return True
        self.problem(name, f"states {stated} layers of {count}")
        return False

    def positions(self, *names: str, count: int, first: int = 0) -> set[int] | None:
        """Return the layers that a list, or a text with commas, names from ``first`` on, as positions from 0."""
        value = self.take(*names)
        if value is None:
            return None
        name = next(n for n in names if self.data.get(n) is not None)
        if isinstance(value, str):
            value = [
                int(part) if part.strip().isdecimal() else part for part in value.split(",") if part.strip()
            ]
        if not isinstance(value, list):
            self.problem(name, f"must be a list of layers, not {_short(value)}")
            return None
        last = first + count - 1
        wrong = [v for v in value if isinstance(v, bool) or not isinstance(v, int) or not first <= v <= last]
        if wrong:
            self.problem(name, f"{_short(wrong[0])} is no layer: they are {first} to {last}")
            return None
        return {v - first for v in value}

    def part(self, name: str) -> Config | None:
        """Return a section within this one, which reads and reports as this does; None where it is missing."""
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.problem(name, f"must be a section of keys and values, not {_short(value)}")
            return None
        inner = Config(self.file, value)
        inner.problems, inner.notes, inner.not_modelled = self.problems, self.notes, self.not_modelled
        return inner

    def agree(self, *names: str) -> None:
        """Keep a problem where names of one quantity state several values: which one the model has is not known."""
        stated = {n: self.data[n] for n in names if self.data.get(n) not in _OFF}
        plain = [
            v[0] if isinstance(v, list) and v and v.count(v[0]) == len(v) else v for v in stated.values()
        ]
        if any(value != plain[0] for value in plain):
            shown = " and ".join(f"{key}={_short(value)}" for key, value in stated.items())
            self.problem(next(iter(stated)), f"one quantity is stated twice: {shown}", "keep the right one")

    def problem(self, key: str, what: str, hint: str = "") -> None:
        """Keep a problem of one key, once however many layers meet it."""
        found = Problem(self.file, None, key, what, hint)
        if found not in self.problems:
            self.problems.append(found)

    def leftovers(self, ignored: tuple[str, ...]) -> None:
        """Report what was not read: what may change the model's shape is a problem, other texts are a note."""
        for key, value in self.data.items():
            if key in self.used or value in _OFF or _HARMLESS.fullmatch(key):
                continue
            shown = f"{key}={_short(value)}"
            if key in ignored:
                self.not_modelled.append(f"{shown}: left out on request")
            elif isinstance(value, str) or (isinstance(value, float) and not value.is_integer()):
                self.notes.append(f"not read: {shown}")
            else:
                self.problem(key, f"{_short(value)} is not expressed by a model file", "if it changes no dimension,"
                             f" import with --ignore {key}")  # fmt: skip


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
