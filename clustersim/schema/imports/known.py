"""What an architecture's code holds and its files may leave out: which keys must be stated, and what is said of others.

A key that is not stated is a default of the architecture's own class of configuration. Where that default is a number
of its own, no rule here gives it: the key is needed. Where a rule stands in for the key, a note names both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clustersim.reading.tables import shipped_rows
from clustersim.schema.imports.config import Config

__all__ = ["ClassDefault", "class_default", "is_known", "need", "not_stated", "of_code", "one_width", "tied"]

#: Defaults of classes of configuration, one a line with its source.
_TABLE = Path(__file__).resolve().parents[2] / "data" / "imports" / "class_defaults.csv"

#: Beginnings of the library's names of architectures whose rules are known here.
_KNOWN = (
    "bloom", "chatglm", "cohere", "dbrx", "deepseek", "dots1", "ernie4_5", "falcon", "gemma", "glm", "gpt2",
    "gpt_bigcode", "gpt_neox", "gpt_oss", "gptj", "granite", "grok", "internlm2", "jamba", "kimi", "llama", "mamba",
    "mimo", "minimax", "ministral", "mistral", "mixtral", "mpt", "nemotron", "olmo", "opt", "phi", "qwen", "starcoder2",
    "step3",
)  # fmt: skip
#: Key of a width of experts, and what stands for it in architectures that have one width for all.
_EXPERT_WIDTH, _ONE_WIDTH = "moe_intermediate_size", "intermediate_size"
_TIED = "tie_word_embeddings"


@dataclass(frozen=True, slots=True)
class ClassDefault:
    """What an architecture's class of configuration takes for a key that a file leaves out, and where that is read.

    An empty ``value`` is a class that was not found: its key is stated or refused.
    """

    value: str
    source: str


@lru_cache(maxsize=1)
def _classes() -> dict[str, dict[str, ClassDefault]]:
    """Architecture -> key -> its class's own default, from ``class_defaults.csv``."""
    found: dict[str, dict[str, ClassDefault]] = {}
    for line in shipped_rows(_TABLE):
        found.setdefault(line["model_type"], {})[line["key"]] = ClassDefault(line["default"], line["source"])
    return found


def class_default(config: Config, key: str) -> ClassDefault | None:
    """Return the class's own default of a key; of a name that the table lacks, of the longest one that it begins with.

    >>> class_default(Config("x", {"model_type": "qwen3"}), "head_dim").value
    '128'
    >>> class_default(Config("x", {"model_type": "minimax"}), "head_dim") is None
    True
    """
    classes = _classes()
    begun = max((name for name in classes if config.model_type.startswith(name)), key=len, default="")
    return classes.get(begun, {}).get(key)


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


def of_code(config: Config, key: str = "") -> str:
    """Whose rule a default is, in words, and where it is read."""
    if not is_known(config):
        return "assumed, its architecture is not known"
    found = class_default(config, key) if key else None
    return "as in the code of its architecture" + (f" ({found.source})" if found else "")


def one_width(config: Config) -> bool:
    """Tell whether the architecture's only width of feed-forward blocks is that of its experts."""
    found = class_default(config, _EXPERT_WIDTH)
    return found is not None and found.value == _ONE_WIDTH


def tied(config: Config) -> bool:
    """Tell whether the class ties the embedding to the head where the file does not say."""
    found = class_default(config, _TIED)
    return found is not None and found.value == "true"


def need(config: Config, *names: str) -> None:
    """Keep a problem where none of a quantity's names is there and its class has a number of its own for it.

    >>> config = Config("x", {"model_type": "qwen3"})
    >>> need(config, "head_dim", "kv_channels"); [problem.key for problem in config.problems]
    ['head_dim']
    """
    if any(name in config.data for name in names):
        return
    asking = next(((name, found) for name in names if (found := class_default(config, name))), None)
    if asking is None:
        return
    key, found = asking
    own = (
        f"has a number of its own for it, {found.value}"
        if found.value
        else "may have a number of its own for it"
    )
    config.problem(key, f"is needed and missing: {config.model_type} {own} ({found.source})",
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
