"""Scenario files of before the demand had a section of its own: refused with their own content in the new form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from clustersim.errors import InputError
from clustersim.schema.yamlfile import Document

__all__ = ["new_form", "refuse_old_form"]

#: Keys that only an old file has at its top level.
_OLD = ("training", "model", "serving", "traffic", "slo", "video", "cost", "compare")


def new_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of an old file in the new form; what has no place there any more is left out.

    >>> old = {"name": "x", "cluster": {"card": "H20"}, "model": "m", "training": {"dtype": "bf16", "seq_len": 2}}
    >>> new_form(old)["demand"]
    {'pretrain': {'kind': 'training', 'model': 'm', 'dtype': 'bf16', 'seq_len': 2}}
    """
    out = {key: value for key, value in data.items() if key not in (*_OLD, "kind")}
    kind = str(data.get("kind") or ("training" if "training" in data else ""))
    make = {"training": _training, "serving": _serving, "video": _video}.get(kind)
    name = {"training": "pretrain", "serving": "chat", "video": "streams"}.get(kind, "work")
    demand: dict[str, Any] = {name: make(data)} if make is not None else {}
    reliability = data.get("reliability")
    if isinstance(reliability, Mapping) and reliability.get("jobs"):
        out["reliability"] = {k: v for k, v in reliability.items() if k != "jobs"}
        demand["queue"] = {"kind": "jobs", "share": "give it", "jobs": reliability["jobs"]}
    market = data.get("market")
    if isinstance(market, Mapping):
        out["market"] = {k: v for k, v in market.items() if k != "inference"}
    cluster = out.get("cluster")
    if isinstance(cluster, Mapping) and "oversubscription" in cluster:
        out["cluster"] = {k: v for k, v in cluster.items() if k != "oversubscription"}
    return {**out, "demand": demand}


def _training(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "training", **_some(data, "model"), **_section(data, "training")}


def _serving(data: Mapping[str, Any]) -> dict[str, Any]:
    own = _section(data, "serving")
    failures = own.get("failures")
    if isinstance(failures, Mapping):
        own["failures"] = {k: v for k, v in failures.items() if k not in {"mttf_scale", "repair"}}
    return {"kind": "serving", **_some(data, "model"), **own, **_some(data, "traffic", "slo")}


def _video(data: Mapping[str, Any]) -> dict[str, Any]:
    own = _section(data, "video")
    if "cards" in own:
        own["replicas"] = own.pop("cards")
    return {"kind": "video", **own}


def _section(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return dict(value) if isinstance(value, Mapping) else {}


def _some(data: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: data[key] for key in keys if key in data}


def refuse_old_form(document: Document) -> None:
    """Raise InputError for a file of the old form, with what its keys become."""
    data = document.data
    old = [key for key in (*_OLD, "kind") if key in data]
    if "demand" in data or not old:
        return
    made = new_form(data)
    text = yaml.safe_dump({"demand": made["demand"]}, sort_keys=False, allow_unicode=True, width=100)
    gone = [
        "a card-hour costs what the site's own cluster and tco say: cost is gone" if "cost" in data else "",
        "other cards are scenarios of their own for `clustersim compare`: compare is gone" if "compare" in data else "",
        "a second segment is a workload with a share: market.inference is gone"
        if "inference" in _section(data, "market") else "",
    ]  # fmt: skip
    notes = "".join(f"\n  ({note})" for note in gone if note)
    line = document.line_of((old[0],))
    raise InputError(
        f"{document.file}:{line}: {', '.join(old)}: what is asked of a site stands under `demand:` now. Replace"
        f" {'it' if len(old) == 1 else 'them'} by{notes}\n{text.rstrip()}"
    )
