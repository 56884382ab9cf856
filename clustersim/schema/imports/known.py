"""What an architecture's code holds and its files may leave out: which keys must be stated, and what is said of others.

A key that is not stated is a default of the architecture's own class of configuration. Where that default is a number
of its own, no rule here gives it: the key is needed. Where a rule stands in for the key, a note names both.
"""

from __future__ import annotations

import re

from clustersim.schema.imports.config import Config

__all__ = ["is_known", "need", "not_stated", "of_code", "one_width"]

#: Beginnings of the library's names of architectures whose rules are known here.
_KNOWN = (
    "bloom", "chatglm", "cohere", "dbrx", "deepseek", "dots1", "ernie4_5", "falcon", "gemma", "glm", "gpt2",
    "gpt_bigcode", "gpt_neox", "gpt_oss", "gptj", "granite", "grok", "internlm2", "jamba", "kimi", "llama", "mamba",
    "mimo", "minimax", "ministral", "mistral", "mixtral", "mpt", "nemotron", "olmo", "opt", "phi", "qwen", "starcoder2",
    "step3",
)  # fmt: skip
#: Architectures whose one width is that of their experts.
_ONE_WIDTH = ("mixtral", "phimoe", "minimax", "gpt_oss", "llama4", "granitemoe", "olmoe", "jamba", "grok")
#: Families by the keys whose absence means a number of their own class, and not what a rule gives.
_NEEDED = {
    "head_dim": ("qwen3", "gpt_oss", "gemma", "minimax", "nemotron_h", "step3"),
    "num_key_value_heads": ("mistral", "ministral", "mixtral", "qwen", "gpt_oss", "gemma", "minimax", "nemotron",
                            "phimoe", "starcoder2", "jamba", "llama4", "ernie4_5", "chatglm", "glm", "step3"),
    "shared_expert_intermediate_size": ("qwen2_moe", "qwen3_5_moe", "qwen3_next"),
    "moe_shared_expert_intermediate_size": ("nemotron_h",),
    "shared_intermediate_size": ("granitemoehybrid",),
    "share_expert_dim": ("step3",),
    "intermediate_size_mlp": ("llama4",),
}  # fmt: skip


def is_known(config: Config) -> bool:
    """Tell whether the architecture is one whose rules are known.

    >>> is_known(Config("x", {"model_type": "qwen3_moe"})), is_known(Config("x", {"model_type": "invented"}))
    (True, False)
    >>> is_known(Config("x", {"architectures": ["DeepseekV4ForCausalLM"]}))
    True
    """
    stated = config.outer.get("architectures")
    first = str(stated[0]).lower() if isinstance(stated, list) and stated else ""
    plain = tuple(name.replace("_", "") for name in _KNOWN)
    return config.model_type.startswith(_KNOWN) or first.startswith(plain)


def of_code(config: Config) -> str:
    """Whose rule a default is, in words."""
    return (
        "as in the code of its architecture" if is_known(config) else "assumed, its architecture is not known"
    )


def one_width(config: Config) -> bool:
    """Tell whether the architecture's only width of feed-forward blocks is that of its experts."""
    return config.model_type.startswith(_ONE_WIDTH)


def need(config: Config, *names: str) -> None:
    """Keep a problem where none of a quantity's names is there and no rule gives it for this architecture.

    >>> config = Config("x", {"model_type": "qwen3"})
    >>> need(config, "head_dim", "kv_channels"); [problem.key for problem in config.problems]
    ['head_dim']
    """
    asking = next((name for name in names if config.model_type.startswith(_NEEDED.get(name, ()))), None)
    if asking and not any(name in config.data for name in names):
        config.problem(asking, f"is needed and missing: {config.model_type} has a number of its own for it",
                       f"give one of {', '.join(names)}")  # fmt: skip


def not_stated(config: Config) -> None:
    """Say which architecture is not known, and which keys were read as not there."""
    if not is_known(config):
        named = (
            f"model_type {config.model_type!r:.60}" if config.model_type else "no model_type is stated: it"
        )
        config.notes.append(f"{named} is no architecture that is known here: what its code does beyond the stated keys"
                            " is assumed to be usual")  # fmt: skip
    elif "model_type" not in config.data:
        config.notes.append("no model_type is stated: rules that only its code holds are not applied")
    told = " ".join(config.notes)
    silent = sorted(key for key in config.absent if not re.search(rf"\b{key}\b", told))
    if silent:
        config.notes.append(f"not stated, and read as not there: {', '.join(silent)}")
