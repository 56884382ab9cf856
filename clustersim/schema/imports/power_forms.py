"""Forms of samples of power that are no table: answers of a Prometheus server, `nvidia-smi -q`, `npu-smi info`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from clustersim.errors import Problem
from clustersim.schema.imports.source import Source, lowered

__all__ = ["is_answer", "is_npu", "is_query", "labelled", "of_answer", "of_npu", "of_query"]

Samples = Iterator[tuple[int, dict[str, str]]]
_QUERY = re.compile(r"^=+NVSMI LOG=+\s*$", re.MULTILINE)
_NPU = re.compile(r"\bnpu-smi\b[\s\S]{0,4000}?\|\s*Health\s*\|\s*Power\(W\)", re.IGNORECASE)
_NPU_LINE = re.compile(r"^\|\s*(\d{1,4})\s+(\S+)\s*\|\s*[\w ]+\|\s*(-|[\d.,]+)\s+(?:-|\d+)\s")
#: Section and key of `nvidia-smi -q` -> what it is; of several powers the one first named here.
_QUERIED: Mapping[tuple[str, str], str] = {
    (section, key): what
    for section in ("gpu power readings", "power readings")
    for key, what in (("average power draw", "power"), ("power draw", "power"),
                      ("instantaneous power draw", "power"), ("current power limit", "limit"),
                      ("power limit", "limit"))
} | {("clocks", "sm"): "sm_clock", ("clocks", "memory"): "memory_clock", ("temperature", "gpu current temp"):
     "temperature", ("utilization", "gpu"): "utilisation"}  # fmt: skip


def labelled(labels: Mapping[str, str]) -> dict[str, str]:
    """Return host, device and card by the labels of an exporter's metric."""
    return {
        "device": next((labels[k] for k in ("gpu", "uuid", "gpu_id", "id") if labels.get(k)), ""),
        "name": labels.get("modelname", ""),
        "host": labels.get("hostname") or labels.get("instance") or "",
    }


def is_answer(source: Source) -> bool:
    """Tell whether a JSON is a Prometheus server's answer to a query."""
    if len(source.objects) != 1:
        return False
    one = source.objects[0]
    data = one.get("data")
    return ("resultType" in data and "result" in data) if isinstance(data, Mapping) else "errorType" in one


def of_answer(source: Source, problems: list[Problem], what_of: Any) -> Samples:
    """Yield the samples of an answer: a vector has one of each series, a matrix (query_range) several."""
    one = source.objects[0]
    data = one.get("data")
    if one.get("status") == "error" or not isinstance(data, Mapping) or not isinstance(data["result"], list):
        problems.append(
            Problem(source.name, None, "status", f"the server answers an error: {one.get('error', '')}")
        )
        return
    for number, series in enumerate(data["result"]):
        where = f"{source.name}: data.result.{number}"
        metric = series.get("metric") if isinstance(series, Mapping) else None
        if not isinstance(metric, Mapping) or not metric.get("__name__"):
            problems.append(Problem(where, None, "metric.__name__", "is missing: the query must not sum or average",
                                    "ask for the exporter's own metric (DCGM_FI_DEV_POWER_USAGE)"))  # fmt: skip
            continue
        what = what_of(str(metric["__name__"]))
        if not what:
            continue
        about = labelled({lowered(str(k)): str(v) for k, v in metric.items()})
        values = series.get("values")
        for value in values if isinstance(values, list) else [series.get("value")]:
            if not isinstance(value, list) or len(value) != 2:
                problems.append(Problem(where, None, "value", "is no pair of a time and a value"))
                break
            yield 1, {**about, "time": str(value[0]), what: str(value[1])}


def is_query(source: Source) -> bool:
    """Tell whether a text is what `nvidia-smi -q` prints."""
    return bool(_QUERY.search(source.text[:100_000]))


def of_query(source: Source) -> Samples:
    """Yield one sample a card and log; with `-l` the log stands again and again."""
    section, time, sample, began = "", "", dict[str, str](), 0
    for line, text in source.lines():
        if new := re.match(r"GPU ([0-9A-Fa-f:.]+)\s*$", text):
            if sample:
                yield began, sample
            sample, began = {"device": new[1]} | ({"time": time} if time else {}), line
            continue
        if _QUERY.match(text):
            if sample:
                yield began, sample
            sample, time = {}, ""
            continue
        key, colon, value = (part.strip() for part in text.partition(" : "))
        if not colon:
            section = text.strip().lower()
        elif key == "Timestamp":
            time = _stamp(value)
        elif sample and key == "Product Name":
            sample["name"] = value
        elif sample and (what := _QUERIED.get((section, key.lower()))):
            sample.setdefault(what, value)
    if sample:
        yield began, sample


def _stamp(text: str) -> str:
    try:
        return datetime.strptime(text, "%a %b %d %H:%M:%S %Y").isoformat(" ")
    except ValueError:
        return ""


def is_npu(source: Source) -> bool:
    """Tell whether a text is what `npu-smi info` prints."""
    return bool(_NPU.search(source.text[:100_000]))


def of_npu(source: Source) -> Samples:
    """Yield one sample a card and print-out."""
    for line, text in source.lines():
        if found := _NPU_LINE.match(text):
            name = found[2] if found[2].lower().startswith("ascend") else f"Ascend {found[2]}"
            yield line, {"device": found[1], "name": name, "power": found[3]}
