"""What is known of the software and the site of published runs, by their source.

Constants are found from declared rows of a source and then frozen; everything else of that source is held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clustersim.perf.plan import Software

__all__ = ["counts_half_square", "is_memory_tuned_on", "is_tuned_on", "measured_rates", "software_of"]

#: The rows that the constants of the step model were tuned on, by the beginning of their source.
TUNED_ON = ("Reducing Activation Recomputation Table 5", "Megatron-LM SC21 Table 1")
#: Rows that the overhead of a layer of experts was tuned on, by a grid of 1 ms: every fourth mixture that is predicted.
MIXTURES_TUNED_ON = (
    "mbridge-26.06-GB300-DeepSeek-V3-MXFP8-256-4096", "mbridge-26.06-GB200-gpt-oss-120b-MXFP8-64-1280",
    "mbridge-26.04.01-H100-gpt-oss-120b-BF16-64-1280", "mbridge-26.04-H100-Qwen3-30B-A3B-FP8-16-1024",
    "mbridge-25.11-GB300-DeepSeek-V3-FP8-MX-256-4096", "mbridge-25.11-GB200-DeepSeek-V3-BF16-256-4096",
    "mbridge-25.11-B200-Qwen3-30B-A3B-FP8-MX-8-512", "mbridge-25.09-H100-Qwen3-235B-A22B-FP8-256-2048",
    "dgxc-support/25.05-DeepSeek-V3-H100-bf16-512", "dgxc-support/25.05-Llama4-Maverick-400B-GB200-fp8-128",
    "moezoo-qwen3-235b-h100-2", "simumax-b200-deepseekv2_tp1_ep8_pp1_dp8_l4_mbc4_cef",
    "simumax-b200-deepseekv3_l4_tp1_ep8_pp1_dp8_mbc8_cef",
)  # fmt: skip
#: The single-node rows that the host's time a layer was tuned on, by a grid of 0.1 ms: every twentieth.
SINGLE_NODE_EVERY = 20
#: Runs of before fused attention and of before data-parallel traffic was hidden.
_UNFUSED = ("SC21", "2205.05198", "vTrain", "BigScience", "2020", "MT-NLG", "OPT", "PaLM")


@dataclass(frozen=True, slots=True)
class Site:
    """Constants of one piece of software and how the ids of the rows begin that they were found from."""

    source: str
    changes: Mapping[str, float]
    tuned_on: tuple[str, ...]


#: BigScience: DeepSpeed's pipeline engine of 2021-22 (a checkpoint in every layer, buckets to reduce and gather).
#: Seconds beside the kernels of every pass of a layer by a grid of 1 ms, and bytes beside weights, gradients, states
#: and activations by a grid of 1 GiB.
SITES: tuple[Site, ...] = (
    Site(
        "BigScience",
        {"layer_overhead_s": 7e-3, "runtime_bytes": 13.0 * 2**30},
        tuple(f"bloomprep-{number:03d}" for number in (1, 2, 4, 5, 6, 10, 11, 12, 14, 15)),
    ),
)
#: First-generation fused attention reached 0.25-0.40 of an A100's peak (Dao, arXiv:2307.08691, abstract), the second
#: 0.50-0.73 there and 0.35 on H100 (arXiv:2407.08608, abstract); as shares of the best matrix rate, the first on H100
#: slowed down as the second was (derived).
_FIRST_GENERATION = {"a100": 0.38, "h100": 0.22}
#: The second generation on H100: 0.35 of the peak (arXiv:2407.08608, abstract) where products reach 0.8 (published).
_SECOND_ON_HOPPER = 0.44
#: Sites whose authors measured the rates of single operators on the same machine, apart from any training step.
#: SimuMax v1.2: configs/system/b200_bf16_ceperm.json, average share of matrix products and of streaming kernels.
_MEASURED = (("SimuMax v1.2 B200", {"gemm_efficiency": 0.488, "memory_efficiency": 0.666}),)


def software_of(row: Mapping[str, str]) -> Software:
    """Return the software of a row: a tuned one, one of before 2022, or one of ``SITES``."""
    old = any(word in row["source"] for word in _UNFUSED)
    software = Software(dp_overlap=0.0, flash_attention=False) if old else Software()
    if "MegaScale" in row["source"]:
        # Hiding data-parallel traffic and the second generation of fused attention are what that paper adds to this
        # baseline (arXiv:2402.15627, sections 3.2 and 3.3).
        software = replace(software, dp_overlap=0.0, attention_share=_FIRST_GENERATION["a100"])
    for site in SITES:
        if site.source in row["source"]:
            software = replace(software, **site.changes)  # type: ignore[arg-type]
    if "BigScience" in row["source"]:
        # Half-precision gradients are accumulated as they are, bfloat ones beside a single-precision sum.
        software = replace(software, gradient_bytes=6.0 if "bf16" in row["dtype"].lower() else 2.0)
    if "MosaicML" in row["source"]:
        # Operators one by one, and none of the gathers hidden (tuned on every fourth row: 0.9, 0.5, 0).
        share = next((s for card, s in _FIRST_GENERATION.items() if card in row["gpu"].lower()), 0.63)
        software = replace(software, attention_share=share, eager=True, dp_overlap=0.0)
    if "TorchTitan" in row["source"]:
        # Fused attention of the second generation on Hopper; compiled or not, and its tensor exchange, as it says.
        words = row["notes"]
        software = replace(
            software, attention_share=_SECOND_ON_HOPPER, eager="eager" in words,
            tp_overlap=0.9 if "async TP" in words or int(row["pp"] or 1) > 1 else 0.0,
        )  # fmt: skip
    if row["source"].startswith(("NVIDIA dgxc", "NeMo/Megatron-Bridge")):
        # Their recipes reduce and hold gradients in bfloat.
        software = replace(software, gradient_bytes=2.0)
    if "26.06" in row["source"] and row["gpu"].startswith(("GB200", "GB300")) and "MXFP8" in row["dtype"]:
        # These recipes record a whole step as one graph, so that the host neither launches nor waits.
        software = replace(software, host_layer_s=0.0, expert_overhead_s=0.0)
    return software


def counts_half_square(row: Mapping[str, str]) -> bool:
    """Return whether a row's MFU counts the causal half of the attention square only."""
    return "MoE-ModelZoo" in row["source"]


def measured_rates(row: Mapping[str, str]) -> dict[str, float]:
    """Return what the authors of a row measured of the card's operators, as fields of ``perf.card.Card``."""
    return next((dict(rates) for word, rates in _MEASURED if word in row["source"]), {})


def is_tuned_on(row: Mapping[str, str]) -> bool:
    """Return whether constants of the step were found from this row."""
    if row["id"].startswith("vtrain-single-"):
        return int(row["id"].rsplit("-", 1)[1]) % SINGLE_NODE_EVERY == 0
    tuned = row["source"].startswith(TUNED_ON) or row["id"].startswith(MIXTURES_TUNED_ON)
    return tuned or is_memory_tuned_on(row)


def is_memory_tuned_on(row: Mapping[str, str]) -> bool:
    """Return whether constants of the memory were found from this row."""
    return row["id"].startswith(tuple(name for site in SITES for name in site.tuned_on))
