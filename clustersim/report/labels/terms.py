"""What outputs and inputs of a study are called in figures: words with units, never a raw key."""

from __future__ import annotations

import re

from clustersim.report.labels.label import known, label
from clustersim.report.language import language
from clustersim.report.term_units import unit_of

__all__ = ["amount", "spoken", "with_unit"]

_INPUTS = {
    "cluster.nic": "NIC", "cluster.card": "Card", "cluster.cards": "Cards", "cluster.server": "Server",
    "reliability.mttf_scale": "Time between failures, factor", "market.incumbent": "Incumbent",
    "training.global_batch": "Global batch", "cluster.nics_per_card": "NICs per card",
}  # fmt: skip
_WORTH = {
    "target_price": "Target price",
    "dcf": "Equity by the DCF",
    "ps": "Equity by the peers",
    "blended": "Equity, blended",
}
_MONEY = re.compile(r"^(target_price|dcf|ps|blended)_[a-z]{3}(_m)?$")
_UNIT_ENDING = re.compile(r"_(cny|kcny|w|s|h|bytes|gib|cny_per_year)$")


def spoken(name: str) -> str:
    """Return what an output or an input is called, without its unit.

    >>> spoken("cny_per_mtoken"), spoken("tco.pue"), spoken("target_price_hkd"), spoken("revenue_2027E_kcny")
    ('Cost of a million trained tokens', 'PUE', 'Target price', 'Revenue 2027E')
    >>> spoken("chat.ttft_p99_s"), spoken("cards.BR166M.memory.bandwidth")
    ('Chat: time to first token, P99', 'BR166M memory bandwidth')
    """
    if name in _INPUTS:
        return _INPUTS[name]
    plain = name.removeprefix("company.")
    if known(name) or known(plain):
        return label(name if known(name) else plain, "en")
    head, dot, last = name.rpartition(".")
    if name.startswith("prices.parts."):
        part = name.removeprefix("prices.parts.")
        return f"{part} 的价格" if language() == "zh" else f"Price of {part}"
    if language() == "zh" and (said_of_card := _of_card(name)):
        return said_of_card
    if name.startswith(("cards.", "nics.", "servers.", "switches.")):
        return " ".join(name.split(".")[1:]).replace("_", " ")
    said = _of_output(last)
    if not dot:
        return said
    return f"{head.replace('.', ' ').replace('_', ' ').capitalize()}: {said[:1].lower()}{said[1:]}"


def _of_card(name: str) -> str | None:
    """An input of a card in Chinese, by the words that proposals have for it; nothing for one without words."""
    from clustersim.report.content.offer_names import OF_CARD  # only Chinese figures need them

    section, _, rest = name.partition(".")
    card, _, end = rest.partition(".")
    return OF_CARD[end][1].format(of=card) if section == "cards" and end in OF_CARD else None


def _of_output(name: str) -> str:
    if known(name):
        return label(name, "en")
    if money := _MONEY.match(name):
        return _WORTH[money[1]]
    if year := re.match(r"^revenue_.*?(\d{4}[AE])", name):
        return f"Revenue {year[1]}"
    return _UNIT_ENDING.sub("", name).replace("_", " ").capitalize()


def with_unit(name: str) -> str:
    """Return what an output is called with its unit, as an axis says it.

    >>> with_unit("value_in_use_price_cny"), with_unit("mfu")
    ('Value in use of a card, CNY', 'MFU')
    """
    unit = unit_of(name).partition("/")[0] if name.startswith(("cny_per_", "kwh_per_")) else unit_of(name)
    return spoken(name) if unit in {"1", ""} else f"{spoken(name)}, {unit}"


def amount(value: float) -> str:
    """Return a number as figures print it: no exponents, thousands apart.

    >>> amount(418532.2), amount(0.40595), amount(-15438.8)
    ('418,532', '0.4059', '-15,439')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
