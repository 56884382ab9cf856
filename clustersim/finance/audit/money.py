"""Units as reports print them, in both languages: currency and scale of money, per cent, multiples."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["CURRENCIES", "canonical_unit", "currency_of", "scale_of"]

#: currency -> how it is written
CURRENCIES: dict[str, tuple[str, ...]] = {
    "CNY": ("cny", "rmb", "人民币", "cn¥", "元人民币", "yuan", "renminbi"),
    "HKD": ("hkd", "hk$", "港元", "港币", "港幣"),
    "USD": ("usd", "us$", "美元", "u.s.$", "u.s. dollars", "us dollars"),
    "EUR": ("eur", "€", "欧元", "euro", "euros"),
    "GBP": ("gbp", "£", "英镑"),
    "JPY": ("jpy", "日元", "円", "yen"),
    "SGD": ("sgd", "s$", "新加坡元"),
    "TWD": ("twd", "nt$", "新台币"),
    "KRW": ("krw", "韩元", "won"),
}
#: scale -> its factor in thousands, and how it is written
SCALES: dict[str, tuple[float, tuple[str, ...]]] = {
    "": (1e-3, ("", "元", "$", "¥")),
    "thousand": (
        1.0,
        ("thousand", "thousands", "k", "'000", "000", "'000s", "000s", "千元", "千", "in thousands"),
    ),
    "10thousand": (10.0, ("10thousand", "ten thousand", "万元", "万")),
    "million": (1e3, ("million", "millions", "m", "mn", "mm", "mln", "百万元", "百万", "in millions")),
    "10million": (1e4, ("10million", "千万元", "千万")),
    "100million": (1e5, ("100million", "hundred million", "亿元", "亿", "億")),
    "billion": (1e6, ("billion", "billions", "b", "bn", "十亿元", "十亿", "in billions")),
    "trillion": (1e9, ("trillion", "tn", "万亿元", "万亿")),
}
_PLAIN = {
    "percent": ("percent", "%", "pct", "per cent", "百分比"), "x": ("x", "times", "倍", "multiple (x)"),
    "days": ("days", "day", "天", "日"), "shares": ("shares", "股"), "million_shares": (
        "million_shares", "million shares", "m shares", "mn shares", "百万股"),
    "thousand_shares": ("thousand_shares", "thousand shares", "千股"),
    "100million_shares": ("亿股",), "units": ("units", "unit", "件", "颗", "片", "cards"),
    "persons": ("persons", "人", "people"),
}  # fmt: skip
_WORDS = {word: unit for unit, words in _PLAIN.items() for word in words}


@lru_cache(maxsize=20_000)
def canonical_unit(text: str) -> str | None:
    """Return the unit that a printed text means; None for one that is not known.

    >>> canonical_unit("人民币千元"), canonical_unit("US$ mn"), canonical_unit("(RMB'000)"), canonical_unit("港元/股")
    ('CNY_thousand', 'USD_million', 'CNY_thousand', 'HKD_per_share')
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower().replace("_", " ")
    plain = plain.replace("’", "'").replace("‘", "'").strip(" ()[]:：").strip()
    for head in ("单位:", "单位", "unit:", "units:", "in "):
        plain = plain.removeprefix(head).strip(" ：:")
    if plain in _WORDS:
        return _WORDS[plain]
    share = re.search(r"(per share|/share|/ share|/股|每股)", plain)
    if share:
        code = _currency(plain.replace(share[1], "").strip())
        return f"{code[0]}_per_share" if code and not code[1].strip(" 元$¥") else None
    found = _currency(plain)
    if found is None:
        return next((f"?_{name}" for name, (_, words) in SCALES.items() if name and plain in words), None)
    code_name, rest = found
    rest = re.sub(r"\b(of|in)\b", "", rest).strip(" ,()/.")
    for name, (_, words) in SCALES.items():
        if rest in words:
            return f"{code_name}_{name}" if name else code_name
    return None


def _currency(plain: str) -> tuple[str, str] | None:
    found = [
        (len(word), code, plain.replace(word, "", 1)) for code, words in CURRENCIES.items() for word in words
        if word in plain
    ]  # fmt: skip
    if found:
        _, code, rest = max(found)
        return code, rest
    return None


def currency_of(unit: str) -> str | None:
    """Return the currency of a canonical unit of money; None for anything else.

    >>> currency_of("USD_million"), currency_of("percent"), currency_of("HKD_per_share")
    ('USD', None, 'HKD')
    """
    code = unit.split("_", 1)[0]
    return code if code in CURRENCIES else None


def scale_of(unit: str) -> tuple[str, float]:
    """Return the kind of quantity that a unit counts, and how much one is: money in thousands of its currency.

    >>> scale_of("CNY_100million"), scale_of("percent"), scale_of("HKD_per_share")
    (('kCNY', 100000.0), ('percent', 1.0), ('HKD_per_share', 1.0))
    """
    code, _, scale = unit.partition("_")
    if code in CURRENCIES and scale in SCALES:
        return f"k{code}", SCALES[scale][0]
    return {"shares": ("million_shares", 1e-6), "thousand_shares": ("million_shares", 1e-3),
            "100million_shares": ("million_shares", 100.0)}.get(unit, (unit, 1.0))  # fmt: skip
