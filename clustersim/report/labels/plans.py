"""A parallel plan in words: degrees keep their letters in both languages, the rest has its own."""

from __future__ import annotations

import re

from clustersim.report.labels.notes import Told
from clustersim.report.labels.typeset import set_words

__all__ = ["WORDS", "plan_in", "plan_told"]

WORDS: dict[str, tuple[str, str]] = {
    "plan.and": ("{one}, {rest}", "{one}、{rest}"),
    "plan.also": ("{one}; {rest}", "{one}；{rest}"),
    "plan.of": ("{group}: {plan}", "{group}：{plan}"),
    "plan.interleave": ("interleave {count}", "交错 {count}"),
    "plan.micro_batch": ("micro-batch {count}", "微批 {count}"),
    "plan.schedule": ("schedule {name}", "调度 {name}"),
    "plan.recompute_none": ("recompute none", "不重算"),
    "plan.recompute_selective": ("recompute selective", "选择性重算"),
    "plan.recompute_full": ("recompute full", "全部重算"),
    "plan.host_optimizer": ("optimizer on the host", "优化器置于主机"),
    "plan.host_activations": ("activations on the host", "激活置于主机"),
}
_SET = set_words(WORDS)
_PARTS = [
    (key, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>\\S+)", re.escape(english))))
    for key, (english, _) in WORDS.items()
    if key not in {"plan.and", "plan.also", "plan.of"}
]


def plan_told(plan: str) -> Told:
    """Return a plan as a run tells it, by the keys of its words; what has none stays as it is.

    >>> plan_told("tp 8, recompute none")
    ('plan.and', {'one': 'tp 8', 'rest': ('plan.recompute_none', {})})
    """
    for key, cut in (("plan.also", "; "), ("plan.and", ", ")):
        one, found, rest = plan.partition(cut)
        if found:
            return key, {"one": plan_told(one), "rest": plan_told(rest)}
    group, found, rest = plan.partition(": ")
    if found:
        return "plan.of", {"group": group, "plan": plan_told(rest)}
    for key, pattern in _PARTS:
        fits = pattern.fullmatch(plan)
        if fits:
            return key, fits.groupdict()
    return plan


def plan_in(plan: str, language: str) -> str:
    """Return a plan in ``en`` or ``zh``.

    >>> plan_in("old: tp 2, micro-batch 1; new: tp 8, recompute full", "zh")
    'old：tp 2、微批 1；new：tp 8、全部重算'
    """
    return _put(plan_told(plan)) if language == "zh" else plan


def _put(told: Told) -> str:
    if isinstance(told, str):
        return told
    key, parts = told
    return _SET[key][1].format(**{name: _put(part) for name, part in parts.items()})
