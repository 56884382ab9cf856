"""Units as people write them, in English and Chinese; a unit that is a symbol stays as it is."""

from __future__ import annotations

__all__ = ["UNIT_WORDS", "input_unit", "unit_words"]

UNIT_WORDS: dict[str, tuple[str, str]] = {
    "kCNY": ("thousand CNY", "千元"), "CNY": ("CNY", "元"), "CNY/year": ("CNY a year", "元/年"),
    "CNY/h": ("CNY per hour", "元/小时"), "CNY/kWh": ("CNY per kWh", "元/千瓦时"), "cards": ("cards", "张"),
    "week": ("weeks", "周"),
    "days": ("days", "天"), "years": ("years", "年"), "year": ("years", "年"), "h": ("hours", "小时"), "x": ("x", "倍"),
    "m": ("million", "百万股"), "kW": ("kW", "千瓦"), "share": ("share", "比例"), "holds": ("1 = holds", "1=成立"),
    "yes": ("1 = yes", "1=是"), "taxed": ("1 = taxed", "1=应税"), "x plan": ("x plan", "计划的倍数"),
    "a card-year": ("units a card-year", "每卡年产出"), "CNY bn": ("CNY bn", "十亿元"),
    "kgCO2/kWh": ("kgCO2/kWh", "千克CO2/千瓦时"),
}  # fmt: skip
#: Units of inputs that are words; the others are symbols, or mean another thing in a workbook.
_OF_INPUTS = {"week", "year", "CNY", "CNY/year", "CNY/kWh", "CNY/h", "kgCO2/kWh"}


def input_unit(unit: str, language: str) -> str:
    """Return the unit of an input of a file in a language; a symbol stays.

    >>> input_unit("CNY/kWh", "zh"), input_unit("CNY/year", "en"), input_unit("m", "zh")
    ('元/千瓦时', 'CNY a year', 'm')
    """
    return unit_words(unit, language) if unit in _OF_INPUTS else unit


def unit_words(unit: str, language: str) -> str:
    """Return a unit in a language; ``m HKD`` is millions of it, ``made:`` and ``paid:`` are of what a workload makes.

    >>> unit_words("paid:mtoken", "en"), unit_words("made:mtoken", "zh")
    ('CNY per million trained tokens', '百万训练词元/卡时')
    >>> unit_words("kCNY", "zh"), unit_words("HKD m", "en"), unit_words("HKD m", "zh"), unit_words("GB/s", "zh")
    ('千元', 'HKD m', '百万HKD', 'GB/s')
    """
    kind, _, made = unit.partition(":")
    if kind in {"made", "paid"} and made:
        return _of_work(kind, made, language)
    if unit.endswith(" per CNY") and language == "zh":
        return f"{unit.removesuffix(' per CNY')}/人民币元"
    if unit.endswith(" m") and language == "zh":
        return f"百万{unit.removesuffix(' m')}"
    if unit not in UNIT_WORDS:
        return unit
    english, chinese = UNIT_WORDS[unit]
    if language == "both":
        return english if english == chinese else f"{english} {chinese}"
    return chinese if language == "zh" else english


def _of_work(kind: str, made: str, language: str) -> str:
    """What a card makes in an hour, or what that costs, in the words of the unit of what is made."""
    from clustersim.report.labels.label import label

    if language == "both":
        return f"{_of_work(kind, made, 'en')} {_of_work(kind, made, 'zh')}"
    name = label(f"unit.{made}", language)
    if language == "zh":
        return f"{name}/卡时" if kind == "made" else f"元/{name}"
    low = f"{name[:1].lower()}{name[1:]}"
    return f"{low} per card-hour" if kind == "made" else f"CNY per {low}"
