"""Units as reports print them, in both languages: currency and scale of money, per cent, multiples."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from clustersim.finance.audit.script import folded

__all__ = ["CURRENCIES", "SIGNED", "assumed", "canonical_unit", "currency_of", "given", "scale_of"]

#: currency -> how it is written
CURRENCIES: dict[str, tuple[str, ...]] = {
    "CNY": ("cny", "chinese yuan", "rmb", "人民币", "cn¥", "元人民币", "yuan", "renminbi"),
    "HKD": ("hkd", "hk$", "港元", "港币", "港幣", "hong kong dollars", "hk dollars"),
    "USD": ("usd", "us$", "美元", "u.s.$", "u.s. dollars", "us dollars", "united states dollars", "美金"),
    "EUR": ("eur", "€", "欧元", "euro", "euros"),
    "GBP": ("gbp", "£", "英镑"),
    "JPY": ("jpy", "日元", "円", "yen", "日圆"),
    "SGD": ("sgd", "s$", "新加坡元", "singapore dollars"),
    "TWD": ("twd", "nt$", "ntd", "新台币", "台币", "new taiwan dollars", "nt dollars"),
    "KRW": ("krw", "韩元", "won", "₩"),
}
#: A sign that names no currency by itself, and the currency that it is read as; what is decided so is said.
BARE = {"$": "USD", "dollars": "USD", "元": "CNY"}
#: The currencies that are written with such a sign, too.
SIGNED = {"USD": ("HKD", "SGD", "TWD"), "CNY": ("HKD", "TWD")}
#: Parts of one, a hundred to a unit: how they are written behind or before their currency.
_CENTS = re.compile(r"\b(?:cents?|pence|pennies)\b|¢|仙|(?<=美)分|分(?!比)")
_CENT_OF = {
    "hk": "HKD",
    "us": "USD",
    "s": "SGD",
    "singapore": "SGD",
    "港": "HKD",
    "美": "USD",
    "rmb": "CNY",
    "euro": "EUR",
}
_FILLER = re.compile(
    r"\b(?:of|in|expressed|amounts?|figures?|all|are|unaudited|audited|except.*|unless.*|other than.*|currency)\b"
    r"|币种|货币|除.*外|金额"
)
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
    "percent": ("percent", "%", "pct", "per cent", "百分比"),
    "bps": ("bps", "bp", "basis points", "基点"), "x": ("x", "times", "倍", "multiple (x)"),
    "days": ("days", "day", "天", "日"), "turns": ("turns", "次"), "shares": ("shares", "股"), "million_shares": (
        "million_shares", "million shares", "m shares", "mn shares", "mm shares", "shares in millions", "百万股"),
    "thousand_shares": ("thousand_shares", "thousand shares", "'000 shares", "000 shares", "shares in thousands",
                        "千股"),
    "10thousand_shares": ("万股",),
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
    plain = unicodedata.normalize("NFKC", folded(text)).strip().lower().replace("_", " ")
    plain = plain.replace("’", "'").replace("‘", "'").strip(" ()[]:：").strip()
    for head in ("单位:", "单位", "unit:", "units:", "in "):
        plain = plain.removeprefix(head).strip(" ：:")
    # "bps of loans": what a rate is of changes no unit.
    plain = re.sub(r"^(%|percent|per cent|bps|basis points)\s+of\s+.+$", r"\1", plain)
    if plain in _WORDS:
        return _WORDS[plain]
    share = re.search(r"(per share|a share|/share|/ share|/股|每股)", plain)
    cents = _CENTS.search(plain)
    if (share and not re.search(r"except|除", plain)) or cents:
        left = plain.replace(share[1], "") if share else plain
        left = (_CENTS.sub("", left) if cents else left).strip(" ,;")
        short = _CENT_OF.get(left) if cents else None
        code = (
            (short, "") if short else ("GBP", "") if cents and cents[0].startswith("pen") else _currency(left)
        )
        part = "_cent" if cents else ""
        if code and not code[1].strip(" 元$¥"):
            return f"{code[0]}{part}_per_share"
        return "?_cent_per_share" if cents and plain in {"cent", "cents", "¢", "仙", "分"} else None
    found = _currency(plain)
    if found is None:
        return next(
            (f"?_{name}" for name, (_, words) in SCALES.items() if name and _scale(plain) in words), None
        )
    code_name, rest = found
    for name, (_, words) in SCALES.items():
        if _scale(rest) in words:
            return f"{code_name}_{name}" if name else code_name
    return None


def _scale(rest: str) -> str:
    """What is left of a unit without its currency and the words that name no scale."""
    return re.sub(r"\s+", " ", _FILLER.sub(" ", rest)).strip(" ,()/.:;-")


def assumed(text: str) -> str:
    """What a bare sign in a printed unit is read as, in a sentence; empty where the currency is named.

    >>> assumed("亿元")
    "'亿元' names no currency: read as CNY"
    >>> assumed("HK$ mn"), assumed("人民币亿元")
    ('', '')
    """
    plain = unicodedata.normalize("NFKC", folded(text)).strip().lower().replace("_", " ")
    if any(word in plain for words in CURRENCIES.values() for word in words):
        return ""
    sign = next((s for s in BARE if s in plain), None)
    return (
        f"{text.strip()!r} names no currency: read as {BARE[sign]}" if sign and canonical_unit(text) else ""
    )


def given(unit: str, default: str) -> str:
    """A unit without a currency, in the currency of the one that is given beside it.

    >>> given("?_100million", "CNY_100million"), given("?_million", "USD"), given("?_cent_per_share", "HKD_thousand")
    ('CNY_100million', 'USD_million', 'HKD_cent_per_share')
    """
    code = currency_of(canonical_unit(default) or default)
    return f"{code}_{unit[2:]}" if unit.startswith("?_") and code else unit


def _currency(plain: str) -> tuple[str, str] | None:
    found = [
        (len(word), code, plain.replace(word, "", 1)) for code, words in CURRENCIES.items() for word in words
        if word in plain
    ]  # fmt: skip
    if found:
        _, code, rest = max(found)
        return code, rest.replace("元", "") if code != "CNY" else rest
    for sign, code in BARE.items():
        if sign in plain:
            return code, plain.replace(sign, "", 1)
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
    if scale == "cent_per_share":
        return f"{code}_per_share", 0.01
    return {"shares": ("million_shares", 1e-6), "thousand_shares": ("million_shares", 1e-3),
            "10thousand_shares": ("million_shares", 1e-2),
            "100million_shares": ("million_shares", 100.0)}.get(unit, (unit, 1.0))  # fmt: skip
