"""Keys by what they mean: the words of a question, or words that people use in their place, in any order and form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from clustersim.schema.catalogue import NAME, YEAR, Key

__all__ = ["IN_KEY", "by_meaning"]

#: Words that ask for the same inputs, in both languages; the first of each stands in keys or in what they say.
_ALIKE: tuple[tuple[str, ...], ...] = (
    ("cards", "number of cards", "how many cards", "cluster size", "卡数", "规模"),
    ("card", "gpu", "npu", "accelerator", "chip", "加速卡", "显卡"),
    ("price", "cost", "asp", "capex", "usd", "cny", "价格", "单价", "成本"),
    ("rent", "lease", "hire", "租金", "租赁"),
    ("tariff", "electricity", "power price", "kwh", "电价", "电费"),
    ("power", "watt", "kw", "tdp", "consumption", "energy", "功耗", "功率"),
    ("pue", "cooling", "climate", "冷却", "散热"),
    ("cooling", "liquid", "liquid cooling", "air cooling", "immersion", "液冷", "风冷"),
    ("tariff_bands", "night", "peak hours", "off-peak", "time of day", "分时", "峰谷", "谷电"),
    ("colocation", "datacentre", "datacenter", "hosting", "floor space", "托管", "机房"),
    ("staff", "salary", "wage", "people", "labour", "technicians", "人工", "工资", "运维"),
    ("wacc", "interest", "cost of capital", "financing", "loan", "discount rate", "利率", "折现率", "资本成本"),
    ("tax", "vat", "duty", "税", "增值税"),
    ("horizon", "lifetime", "depreciation", "write-off", "asset_life", "residual", "年限", "折旧", "残值"),
    ("sold_share", "occupancy", "utilisation", "utilization", "sold", "出租率", "利用率"),
    ("optics", "optic", "optical", "transceiver", "光模块", "光"),
    ("nic", "adapter", "infiniband", "roce", "ethernet", "网卡"),
    ("fabric", "network", "topology", "switch", "oversubscription", "interconnect", "网络", "交换机"),
    ("scale_up", "nvlink", "domain", "超节点", "互联"),
    ("bandwidth", "speed", "rate", "throughput", "bw", "gbps", "tbps", "带宽", "速度"),
    ("latency", "delay", "lag", "ttft", "tpot", "时延", "延迟"),
    ("lead_time", "delivery", "delivery date", "lead time", "delay", "late", "arrives", "交期", "交货", "延期"),
    ("repair", "downtime", "outage", "lost", "down", "maintenance", "idle", "停机", "维修"),
    ("recovery", "restart", "lost", "rework", "detect", "reschedule", "恢复", "重启"),
    ("failure", "fault", "mttf", "mtbf", "breakdown", "crash", "故障"),
    ("checkpoint", "snapshot", "save", "检查点"),
    ("spares", "spare", "standby", "备机", "备件"),
    ("duration", "days", "length of the run", "runtime", "天数", "时长"),
    ("global_batch", "batch", "batch size", "批量"),
    ("seq_len", "context", "sequence length", "context length", "上下文", "序列长度"),
    ("dtype", "precision", "format", "quantisation", "quantization", "fp8", "bf16", "精度", "量化"),
    ("plan", "parallel", "parallelism", "tensor parallel", "pipeline", "并行"),
    ("traffic", "request", "load", "qps", "demand", "请求", "流量"),
    ("slo", "service level", "sla", "target latency", "服务等级"),
    ("prompt", "input", "输入"),
    ("output", "answer", "completion", "输出"),
    ("prefix", "prefix cache", "cache", "hit rate", "缓存", "命中率"),
    ("efficiency", "mfu", "achieved share", "效率"),
    ("peak", "tflops", "flops", "算力"),
    ("memory", "hbm", "vram", "capacity", "显存"),
    ("capacity", "gb", "gib", "tb", "size", "容量"),
    ("receivable_days", "receivables", "debtors", "dso", "customers pay", "collection", "应收", "回款", "账期"),
    ("payable_days", "payables", "creditors", "应付"),
    ("inventory_days", "inventory", "stock", "存货", "库存"),
    ("units", "volume", "shipments", "sales", "销量", "出货"),
    ("gross_margin", "margin", "profitability", "毛利", "毛利率"),
    ("shares_m", "dilution", "share count", "number of shares", "股本", "股数", "稀释"),
    ("research", "r&d", "研发"),
    ("channel_discount", "discount", "rebate", "distributor", "折扣", "渠道"),
    ("supply", "wafers", "packaging", "capacity limit", "foundry", "供给", "晶圆"),
    ("growth", "terminal_growth", "perpetuity", "增长"),
    ("ramp", "ramp-up", "delivery", "爬坡"),
    ("fx", "exchange rate", "currency", "currencies", "汇率"),
    ("carbon", "co2", "emissions", "碳"),
    ("contract", "penalty", "warranty", "guarantee", "合同", "质保"),
)  # fmt: skip
_STOP = frozenset((
    "a", "an", "the", "of", "in", "on", "per", "for", "to", "and", "or", "by", "with", "is", "what", "how", "many",
    "much", "my", "的", "每",
))  # fmt: skip
#: Fields that every file has, which say nothing of it.
_PLAIN = frozenset(("name", "aliases", "notes", "source", "tier", "kind", "description", "title"))
_MOST = 12
#: What a word counts for from which it stands in the key itself, or one alike does.
IN_KEY = 2.4
#: What a word that is not found takes from those that are.
_MISSED = 1.5


def by_meaning(text: str, keys: Iterable[Key], least: float = 1.0, needed: str = "") -> list[Key]:
    """Return the keys that a question is about, the nearest first: most of its words, or words alike, stand in each.

    ``least`` is what a word has to count for: 1 in what a key says, 3 and 4 in the key itself; of words alike the first
    counts 0.9 of it, the others 0.8. Each of the words ``needed`` has to count in every key.

    >>> from clustersim.schema.catalogue import all_keys
    >>> [k.key for k in by_meaning("electricity price", all_keys())][0]
    'tco.tariff'
    >>> by_meaning("zeppelin", all_keys())
    []
    """
    words = _split(text)
    asked, needs = [_forms(word) for word in words], {*_split(needed)}
    typed = frozenset(text.casefold().split())
    ranked = []
    for key in keys if asked else ():
        last, path, says = _stems(key.last), _stems(key.key), _stems(key.says)
        scores = [
            max((weight * _near(form, last, path, says) for form, weight in forms), default=0.0)
            for forms in asked
        ]
        if any(score < least for word, score in zip(words, scores, strict=True) if word in needs):
            continue
        total = sum(score if score >= least else -_MISSED for score in scores)
        again = key.key.endswith(f".{YEAR}") or ".printed." in key.key
        if total > 0 and key.last not in _PLAIN and not again:
            doubled = key.key.count(NAME) + 2 * ("cluster.groups." in key.key)
            ranked.append((-total, doubled, key.last not in typed, len(key.key), key))
    return [key for *_, key in sorted(ranked, key=lambda row: row[:4])[:_MOST]]


def _near(form: tuple[str, ...], last: frozenset[str], path: frozenset[str], says: frozenset[str]) -> float:
    """How near a form of a word is to a key: in its last part, in its path, or in what it says."""
    words = set(form)
    return 4.0 if words <= last else 3.0 if words <= path else 1.0 if words <= says else 0.0


def _split(text: str) -> list[str]:
    """The words of a question; what stands in the table as a phrase, or as Chinese, is one."""
    left, found = text.casefold(), []
    phrases = sorted(
        {w for group in _ALIKE for w in group if " " in w or not w.isascii()}, key=lambda w: (-len(w), w)
    )
    for phrase in phrases:
        if phrase in left:
            found.append(phrase)
            left = left.replace(phrase, " ")
    return found + [w for w in re.findall(r"[\w&-]+", left) if w not in _STOP]


def _forms(word: str) -> list[tuple[tuple[str, ...], float]]:
    """A word as the stems that have to stand together, and what each counts for: as asked, or words alike."""
    own = tuple(sorted(_stems(word)))
    found: dict[tuple[str, ...], float] = {own: 1.0} if own else {}
    for group in _ALIKE:
        if any(word == w or (own and tuple(sorted(_stems(w))) == own) for w in group):
            for place, other in enumerate(group):
                stems = tuple(sorted(_stems(other)))
                if stems:
                    found.setdefault(stems, 0.8 if place else 0.9)
    return list(found.items())


@lru_cache(maxsize=16_384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(w) for w in re.findall(r"[a-z0-9&]+", text.casefold()) if w not in _STOP)


def _stem(word: str) -> str:
    """A word without the endings that say number or tense.

    >>> [_stem(w) for w in ("optics", "delays", "delayed", "failures", "prices", "loss")]
    ['optic', 'delay', 'delay', 'failur', 'pric', 'loss']
    """
    for ending in ("ing", "ies", "es", "ed", "s", "e"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
