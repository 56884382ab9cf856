"""The unit of a named number, read off its name: one quantity one name, and the name says its unit."""

from __future__ import annotations

import re

__all__ = ["heading", "spoken_unit", "unit_of"]

#: Endings of names, the longest first; what has none of them is a share or a count.
_ENDINGS = (
    ("_bytes_per_s", "B/s"), ("_tokens_per_s_per_card", "token/s"), ("tokens_per_s_per_card", "token/s"),
    ("tokens_per_s", "token/s"), ("requests_per_s_per_card", "1/s"), ("requests_per_s", "1/s"),
    ("_cny_per_year", "CNY/year"), ("_kcny", "kCNY"), ("_cny", "CNY"), ("_bytes", "B"), ("_power_w", "W"), ("_w", "W"),
    ("_h", "h"), ("_s", "s"), ("_gib", "GiB"),
)  # fmt: skip
_COST = re.compile(r"(?:^|_)(cny|kwh|joule)_per_(.+)$")
_SHARE_PRICE = re.compile(r"^target_price_([a-z]{3})$")
_MILLIONS = re.compile(r"_([a-z]{3})_m$")
_SPELLED = {"cny": "CNY", "kwh": "kWh", "joule": "J"}


def unit_of(name: str) -> str:
    """Return the unit of a term, ``1`` for a share or a count.

    >>> [unit_of(n) for n in ("step_time_s", "cny_per_mtoken", "dcf_hkd_m", "mfu", "pretrain.capex_cny")]
    ['s', 'CNY/mtoken', 'MHKD', '1', 'CNY']
    """
    bare = name.rpartition(".")[2].split(" ")[0]
    if bare.startswith("revenue_") and bare.endswith("_kcny"):
        return "kCNY"
    cost = _COST.search(bare)
    if cost is not None and cost[2] != "year":
        return f"{_SPELLED[cost[1]]}/{cost[2].replace('card_hour', 'card-hour').replace('stream_hour', 'stream-hour')}"
    if price := _SHARE_PRICE.match(bare):
        return price[1].upper()
    if millions := _MILLIONS.search(bare):
        return f"M{millions[1].upper()}"
    return next((unit for ending, unit in _ENDINGS if bare.endswith(ending)), "1")


#: Endings of columns, and what people read for them.
_SPOKEN = {
    "_cny_per_year": "CNY a year", "_bytes_per_s": "B/s", "_gb_per_s": "GB/s", "_per_s": "1/s", "_kcny": "kCNY",
    "_cny": "CNY", "_bytes": "bytes", "_w": "W", "_kw": "kW", "_kwh": "kWh", "_h": "h", "_s": "s", "_ms": "ms",
    "_us": "us", "_pct": "%", "_weeks": "weeks", "_years": "years", "_days": "days", "_gib": "GiB",
}  # fmt: skip
_KEY = re.compile(r"[a-z][a-z0-9]*(?:_[A-Za-z0-9]+)+")


def heading(key: str) -> str:
    """Return what people read above a column: its name with spaces, its unit behind a comma; other text as it is.

    >>> [heading(k) for k in ("unit_price_cny", "cny_per_mtoken", "lead_time_weeks", "tokens_per_s", "TTFT p50 s")]
    ['unit price, CNY', 'CNY per mtoken', 'lead time, weeks', 'tokens/s', 'TTFT p50 s']
    """
    if not _KEY.fullmatch(key):
        return key
    base, unit = spoken_unit(key)
    if unit.startswith("/"):
        return f"{base.replace('_', ' ')}{unit}"
    if unit:
        return f"{heading(base).replace('_', ' ')}, {unit}"
    return " ".join(_SPELLED.get(word, word) for word in key.split("_"))


def spoken_unit(key: str) -> tuple[str, str]:
    """Return a column's name without the ending that says its unit, and that unit as people read it.

    >>> [spoken_unit(k) for k in ("unit_price_cny", "tokens_per_s", "mfu")]
    [('unit_price', 'CNY'), ('tokens', '/s'), ('mfu', '')]
    """
    if not _KEY.fullmatch(key):
        return key, ""
    if key.endswith("tokens_per_s"):
        return key.removesuffix("_per_s"), "/s"
    return next(((key.removesuffix(e), unit) for e, unit in _SPOKEN.items() if key.endswith(e)), (key, ""))
