"""Units as people write them, in English and Chinese; a unit that is a symbol stays as it is."""

from __future__ import annotations

__all__ = ["UNIT_WORDS", "unit_words"]

UNIT_WORDS: dict[str, tuple[str, str]] = {
    "kCNY": ("thousand CNY", "千元"), "CNY": ("CNY", "元"), "CNY/year": ("CNY a year", "元/年"),
    "CNY/h": ("CNY per hour", "元/小时"), "CNY/kWh": ("CNY per kWh", "元/千瓦时"), "cards": ("cards", "张"),
    "days": ("days", "天"), "years": ("years", "年"), "year": ("years", "年"), "h": ("hours", "小时"), "x": ("x", "倍"),
    "m": ("million", "百万股"), "kW": ("kW", "千瓦"), "share": ("share", "比例"), "holds": ("1 = holds", "1=成立"),
    "yes": ("1 = yes", "1=是"), "taxed": ("1 = taxed", "1=应税"), "x plan": ("x plan", "计划的倍数"),
    "a card-hour": ("units per card-hour", "每卡时产出"), "a unit": ("CNY per unit", "元/单位"),
    "a card-year": ("units a card-year", "每卡年产出"), "CNY bn": ("CNY bn", "十亿元"),
}  # fmt: skip


def unit_words(unit: str, language: str) -> str:
    """Return a unit in a language; ``m HKD`` is millions of it.

    >>> unit_words("kCNY", "zh"), unit_words("HKD m", "en"), unit_words("HKD m", "zh"), unit_words("GB/s", "zh")
    ('千元', 'HKD m', '百万HKD', 'GB/s')
    """
    if unit.endswith(" m") and language == "zh":
        return f"百万{unit.removesuffix(' m')}"
    if unit not in UNIT_WORDS:
        return unit
    english, chinese = UNIT_WORDS[unit]
    if language == "both":
        return english if english == chinese else f"{english} {chinese}"
    return chinese if language == "zh" else english
