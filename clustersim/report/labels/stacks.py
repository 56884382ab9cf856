"""Words of software stacks and of how well they are known on a card: (English, Chinese)."""

from __future__ import annotations

__all__ = ["MATURITY", "STACKS", "WORDS"]

#: Classes of how well software is known on a card, by the word of the program.
MATURITY: dict[str, tuple[str, str]] = {
    "measured stack": ("measured stack", "本软件在本卡上有实测"),
    "same vendor, other card": ("same vendor, other card", "同厂商其他卡有实测"),
    "new vendor port": ("new vendor, own port", "新厂商自有移植"),
    "new vendor first port": ("new vendor, first port", "新厂商首次移植"),
}

#: Stacks that a source of evidence describes instead of naming, as the evidence writes them.
STACKS: dict[str, tuple[str, str]] = {
    "ported or early framework or capped by memory": (
        "ported or early framework, or capped by memory", "移植版或早期框架,或受显存限制"),
    "eager mode": ("eager mode", "即时执行模式"),
    "first release of a vendor-tuned stack": ("first release of a vendor-tuned stack", "厂商调优软件栈首个版本"),
    "one script on many cards": ("one script on many cards", "同一脚本用于多种卡"),
    "vendor-tuned Megatron or DeepSpeed stack on at most 8 cards": (
        "vendor-tuned Megatron or DeepSpeed stack on at most 8 cards", "厂商调优的 Megatron 或 DeepSpeed(至多 8 卡)"),
}  # fmt: skip

#: Stand-ins for stacks that nobody measured, and the quantities that are predicted.
WORDS: dict[str, tuple[str, str]] = {
    **MATURITY,
    **STACKS,
    "unmeasured-training": ("software that nobody measured there", "尚无实测的软件"),
    "unmeasured-serving": ("software that nobody measured there", "尚无实测的软件"),
    "calibrated on this card": ("calibrated on this card", "已在此卡校准"),
}
