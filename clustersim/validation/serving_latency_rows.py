"""A row of measured TTFT and TPOT as a run and a load, from either layout of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from clustersim.assemble.parts import card_spec
from clustersim.des.serving.stream import Lengths
from clustersim.errors import ClusterSimError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.find_software import FoundSoftware, find_software, release_of
from clustersim.schema.formats import NumberFormat, number_format
from clustersim.schema.model_engine import model_spec
from clustersim.schema.profiles import load_card, load_model
from clustersim.validation.common import require_columns
from clustersim.validation.serving_rows import (
    SETTINGS,
    Campaign,
    ServingRecord,
    degree,
    lengths_of,
    model_of,
    number,
    precision_of,
    scripts_of,
    settings_of,
    site_speed,
)
from clustersim.validation.serving_scenario import Load
from clustersim.validation.serving_workers import with_workers
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import filled, shipped_rows

__all__ = ["Client", "campaign_of", "impossible", "load_of", "mixed_label", "normalise", "record", "why_not"]

_SHORT = ("model", "system", "backend", "isl", "osl", "concurrency", "tp", "ttft_ms", "tpot_ms")
_WIDE = (
    "model_path", "system", "backend", "isl", "osl", "batch_size", "tp_size", "silicon_ttft_ms", "silicon_tpot_ms",
)  # fmt: skip
#: Requests of every user: enough for a steady mean.
WAVES = 10


@dataclass(frozen=True, slots=True)
class Client:
    """What the benchmark's client sends, and to how many workers of each kind."""

    isl: int
    osl: int
    users: int
    length_ratio: float
    workers: int = 1
    decode_workers: int = 0
    drawn: tuple[Lengths, ...] = ()
    """Lengths of prompts and answers where the row says itself how they were drawn."""


def normalise(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Bring both layouts to the short one, keeping what else the row says."""
    columns = list(rows[0])
    if "model_path" not in columns:
        require_columns(columns, _SHORT, "serving_latency data")
        return [dict(row) for row in rows]
    require_columns(columns, _WIDE, "serving_latency data")
    out = []
    for row in rows:
        text = str(row.get("silicon_data_source") or "")
        users = re.search(r"silicon_concurrency=(\d+)", text)
        out.append(
            {
                **row,
                "model": row["model_path"],
                "concurrency": users.group(1) if users else row["batch_size"],
                "stated": "yes" if users or not text or "_c" in _users_in_id(row) else "no",
                "tp": row["tp_size"],
                "dp": row.get("attention_dp_size", "1"),
                "ep": row.get("moe_ep_size", "1"),
                "pp": row.get("pp_size", "1"),
                "weights": _wide_weights(row),
                "ttft_ms": row["silicon_ttft_ms"],
                "tpot_ms": row["silicon_tpot_ms"],
                "campaign": row.get("campaign") or _described_campaign(text),
                "engine_version": row.get("engine_version") or _release(row),
            }
        )
    return with_workers(out, [_split_campaign(row) for row in out])


def _split_campaign(row: Mapping[str, str]) -> Campaign | None:
    """What a campaign's configuration is asked by for a disaggregated row; None for any other row."""
    if row.get("mode") != "disagg":
        return None
    try:
        full = filled(row)
        card, (model, _), engine = card_of(full["system"]), model_of(full["model"]), _engine(full)
    except (Unpredictable, ClusterSimError):
        return None
    return Campaign(
        campaign=campaign_of(full), software=engine.profile.family, model=model, card=card.name,
        format=str(row.get("precision") or ""), isl=f"{number(row['isl'], 0):g}", osl=f"{number(row['osl'], 0):g}",
        users=number(row["concurrency"], 0.0),
    )  # fmt: skip


def _release(row: Mapping[str, str]) -> str:
    """The engine's release; empty where the table gives that of the container that started it instead."""
    version = row.get("backend_version") or ""
    containers = (
        line
        for line in shipped_rows("serving_releases.csv")
        if (row["backend"], row.get("mode")) == (line["software"], line["mode"])
    )
    return "" if any(re.search(line["version"], version) for line in containers) else version


def _wide_weights(row: Mapping[str, str]) -> str:
    """Format of the products' weights; a table with the column means 16 bits where it is empty."""
    if "gemm_quant_mode" not in row:
        return ""
    return row["gemm_quant_mode"] or row.get("precision") or "bf16"


def _users_in_id(row: Mapping[str, str]) -> str:
    """Return ``_c<number>`` from a row's id, where the client's concurrency stands in some campaigns."""
    found = re.search(r"_c\d+_", str(row.get("id", "_c0_")))
    return found.group(0) if found else ""


def _described_campaign(text: str) -> str:
    """Return the campaign that a run's description is of; empty where there is none.

    >>> _described_campaign("source_file=1.csv; silicon_concurrency=4; wip=False")
    'inferencex'
    """
    parts = {re.split(r"[=/]", part.strip())[0] for part in text.split(";")}
    marked = (line["campaign"] for line in _marks() if parts & set(line["marks"].split()))
    return next(marked, _unmarked()) if text else ""


@lru_cache(maxsize=1)
def _marks() -> tuple[Mapping[str, str], ...]:
    """By campaign: words of its runs' descriptions and shapes, neither of which another one has."""
    return shipped_rows("serving_marks.csv")


def _unmarked() -> str:
    """The campaign of runs without any mark."""
    return next(line["campaign"] for line in _marks() if not line["marks"])


def campaign_of(row: Mapping[str, str]) -> str:
    """The row's campaign; a shape that only one of them measures goes before what its description lacks."""
    stated = str(row.get("campaign") or "").strip()
    shape = f"{int(number(row['isl'], 0))}x{int(number(row['osl'], 0))}"
    own = next((line["campaign"] for line in _marks() if shape in line["shapes"].split()), "")
    if own and (not stated or (stated == _unmarked() and _scripted(own, row["model"]))):
        return own
    return stated or _unmarked()


@lru_cache(maxsize=256)
def _scripted(campaign: str, model: str) -> bool:
    """Whether a campaign's scripts are of this model."""
    try:
        name = model_of(model)[0]
    except Unpredictable:
        return False
    return any(
        line["model"] == name and line["campaign"] == campaign
        for line in shipped_rows("serving_campaigns.csv")
    )


def _engine(row: Mapping[str, str]) -> FoundSoftware:
    name = (row.get("software") or "").strip()
    release = str(row.get("engine_version") or "").strip()
    return find_software(
        name or row["backend"], role="serving", release=release if release_of(release) else ""
    )


def _weights(row: Mapping[str, str], model: str, suffix: str, usual: str) -> NumberFormat:
    """The format of the row, of its model's name, as the model's experts were published, or as the campaign's scripts.

    What is not kept in 16 bits of a model with 4-bit experts is what its makers published.
    """
    experts = load_model(model).formats.experts
    stated = number_format(row.get("weights") or suffix or (experts if experts != "bf16" else "") or usual)
    narrow = stated.dtype not in {"bf16", "fp16"} and experts in {"mxfp4", "nvfp4"}
    return number_format(experts) if narrow else stated


def record(row: Mapping[str, str]) -> tuple[ServingRecord, Client]:
    """Return the run behind a row of the short layout, and what the client sent.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full = filled(row)
    card, (model, suffix), engine = card_of(full["system"]), model_of(full["model"]), _engine(full)
    split = str(full.get("mode", "agg")).strip() == "disagg"
    layout, decode = (_split_layout(full, kind) for kind in _KINDS) if split else (_layout(full), None)
    isl, osl = int(number(full["isl"], 0)), int(number(full["osl"], 0))
    asked = Campaign(
        campaign=campaign_of(full), software=engine.profile.family, model=model, card=card.name, isl=str(isl),
        osl=str(osl), mode="disagg" if split else "agg", tp=layout.tp, users=number(full["concurrency"], 1.0),
        experts="spread" if layout.ep > 1 else "whole",
    )  # fmt: skip
    weights = _weights(full, model, suffix, scripts_of(asked).get("weights", "bf16"))
    said = scripts_of(replace(asked, format=weights.dtype))
    own = {key: full[key] for key in SETTINGS if (full.get(key) or "").strip()}
    run = ServingRecord(
        card=card.name,
        model=model,
        software=engine.profile.name,
        weights=weights,
        layout=layout,
        decode=decode,
        settings=settings_of({**said, **own}),
        site_speed=site_speed(full),
        said=engine.said,
    )
    users, ratio = int(number(full["concurrency"], 0)), float(said.get("length_ratio", 1.0))
    first, second = (degree(full, f"{kind}_num_workers") for kind in _KINDS) if split else (1, 0)
    drawn = tuple(lengths_of(full, (isl, osl))) if full.get("length_shape") else ()
    return run, Client(isl, osl, users, ratio, first, second, drawn)


def why_not(row: Mapping[str, str]) -> str:
    """Return why a row cannot be predicted, or an empty text."""
    if str(row.get("mode", "agg")).strip() == "disagg":
        return _why_not_split(row)
    shape = (number(row["isl"]), number(row["osl"]))
    if row.get("stated") == "no" or (shape == (4000, 1000) and "campaign" not in row):
        return "the run's concurrency over several workers is not stated (its source gives a batch size only)"
    missing = [k for k in ("isl", "osl", "concurrency", "tp") if not number(row[k]) >= 1]
    if missing:
        return f"the row lacks {', '.join(missing)}"
    tp, dp, ep = number(row["tp"]), number(row.get("dp"), 1.0), number(row.get("ep"), 1.0)
    if ep < 1:
        return "the expert-parallel degree is not stated"
    stated = number(row.get("n_gpus"), 8.0) >= tp * dp
    if tp * dp > 8 and tp != dp and not stated:
        return f"tp {tp:g} x dp {dp:g} on one node of 8 cards contradicts itself"
    return ""


def _why_not_split(row: Mapping[str, str]) -> str:
    """Why a row with workers of two kinds cannot be predicted: without their numbers nobody knows the cards."""
    if row.get("workers_said"):
        return row["workers_said"]
    lacks = [
        f"{kind} {what.replace('_', ' ')}"
        for kind in _KINDS
        for what in ("num_workers", "tp_size")
        if not number(row.get(f"{kind}_{what}")) >= 1
    ]
    if lacks:
        return f"disaggregated row: {', '.join(lacks)} not stated"
    missing = [k for k in ("isl", "osl", "concurrency") if not number(row[k]) >= 1]
    return f"the row lacks {', '.join(missing)}" if missing else ""


#: Kinds of workers of a disaggregated run, in the order that a request sees them.
_KINDS = ("prefill", "decode")


def _split_layout(row: Mapping[str, str], kind: str) -> Layout:
    tp, pp, dp = (degree(row, f"{kind}_{key}") for key in ("tp_size", "pp_size", "attention_dp_size"))
    ep = degree(row, f"{kind}_moe_ep_size", zero=True)
    return Layout(tp=tp, pp=pp, dp=dp, ep=ep if (tp * dp) % ep == 0 else 1)


def _layout(row: Mapping[str, str]) -> Layout:
    """The degrees of one kind of worker.

    Where attention is replicated on every card of a tensor group, tables of InferenceX give the group's size as both
    degrees: its scripts then start one card a rank.
    """
    tp, pp, dp = (degree(row, key) for key in ("tp", "pp", "dp"))
    ep = degree(row, "ep", zero=True)
    if tp == dp:
        tp = 1
    return Layout(tp=tp, pp=pp, dp=dp, ep=ep if (tp * dp) % ep == 0 else 1)


def mixed_label(run: ServingRecord) -> str:
    """Series of one campaign that stand under one configuration although their settings differ."""
    if run.settings.draft_tokens or run.decode is not None:
        return ""
    asked = (run.model, run.engine, "spread" if run.layout.ep > 1 else "")
    lines = shipped_rows("serving_mixed.csv")
    return next((n["reason"] for n in lines if (n["model"], n["engine"], n["experts"]) == asked), "")


def impossible(row: Mapping[str, str], run: ServingRecord, client: Client) -> str:
    """Return why a row's own times cannot be, or an empty text: they ask for more than its cards' peak.

    Users over the time of a request is the rate of requests; each takes two operations for every active parameter and
    token. Nothing reaches nine tenths of a peak in a whole engine.
    """
    ttft_s, tpot_s = (number(row[key], 0.0) * 1e-3 for key in ("ttft_ms", "tpot_ms"))
    answer, prompt = (length * (1.0 + client.length_ratio) / 2.0 for length in (client.osl, client.isl))
    spent = ttft_s + answer * tpot_s
    if run.decode is not None or not (ttft_s > 0 and tpot_s > 0 and client.users):
        return ""
    card = card_spec(load_card(run.card))
    linear = precision_of(run.weights, card, run.model, None).linear
    active = model_spec(load_model(run.model)).active_parameters
    asked = client.users / spent * (prompt + answer) * 2.0 * active
    if (
        linear not in card.peak
        or asked <= MOST_OF_PEAK * card.peak_of(linear) * run.layout.cards * client.workers
    ):
        return ""
    return "its times ask for more operations than its cards have: prompts were cached, or more workers took the load"


#: Share of a peak that no engine reaches.
MOST_OF_PEAK = 0.9


def load_of(client: Client) -> Load:
    """A closed loop whose lengths are the row's, or uniform between ``length_ratio`` and 1 times the nominal ones."""
    ratio = client.length_ratio
    spread = (1.0 - ratio) / (1.0 + ratio)
    prompt, output = client.drawn or (
        Lengths(max(1.0, length * (1.0 + ratio) / 2.0), "uniform" if spread else "constant", spread)
        for length in (client.isl, client.osl)
    )
    return Load(client.users * WAVES, client.users, prompt, output, client.workers, client.decode_workers)
