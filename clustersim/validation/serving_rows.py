"""A measured serving run as plain names and numbers.

Every layout of rows comes through here. A model's name may carry an account or folder before it and one of a few number
formats behind it (``Qwen/Qwen3-32B-FP8``); what is left is a name or alias of a model file, exactly. Settings are
columns that a row may have; without one the software's documented default holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from math import inf, isfinite
from typing import Any

from clustersim.des.serving.arrivals import LENGTHS
from clustersim.des.serving.stream import Lengths
from clustersim.intervals.layouts import serving_plan_kind
from clustersim.perf.card import Card
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.schema.find_software import load_software
from clustersim.schema.formats import NumberFormat, number_format
from clustersim.schema.lookup import no_file
from clustersim.schema.profiles import CardProfile, load_card, load_model
from clustersim.schema.software import SoftwareProfile
from clustersim.validation.common import class_of
from clustersim.validation.sites import MODELS, Unpredictable, model_name, unreadable
from clustersim.validation.sources import filled, shipped_rows

__all__ = [
    "SETTINGS", "Campaign", "ServingRecord", "Settings", "degree", "labels", "lengths_of", "model_of", "number",
    "precision_of", "scripts_of", "settings_of", "site_speed", "waves_of",
]  # fmt: skip

#: Formats that a model's name may end in.
_SUFFIXES = ("FP8", "AWQ", "GPTQ-Int4", "W8A8", "NVFP4", "MXFP4", "bf16", "BF16", "INT8")
#: 16-bit weights: nothing is unpacked.
_WIDE = ("bf16", "fp16")


def number(text: object, default: float = float("nan")) -> float:
    """Read a cell as a finite float; ``default`` where it is empty or no number.

    >>> number(" 3 "), number("", 1.0)
    (3.0, 1.0)
    """
    try:
        value = float(str(text).strip())
    except ValueError:
        return default
    return value if isfinite(value) else default


def degree(row: Mapping[str, object], key: str, *, zero: bool = False) -> int:
    """Read a cell as a whole number of at least 1; 1 where it is empty, or with ``zero`` where it is zero.

    >>> degree({"tp": "8.0"}, "tp"), degree({}, "pp"), degree({"ep": "0"}, "ep", zero=True)
    (8, 1, 1)

    Raises Unpredictable for a cell that is no such number.
    """
    text = str(row.get(key) or "").strip()
    value = number(text, 1.0 if not text else float("nan"))
    if not value >= (0 if zero else 1) or value != int(value):
        raise unreadable(key, text, "a whole number of 1 or more")
    return max(1, int(value))


@dataclass(frozen=True, slots=True)
class Settings:
    """What a row says of how the software ran; None is the software's documented default."""

    kv_cache_dtype: str | None = None
    max_batched_tokens: int | None = None
    max_sequences: int | None = None
    batch_wait_iters: int | None = None
    decode_wait_iters: int | None = None
    draft_tokens: int | None = None
    acceptance: float | None = None
    prefix_hit_share: float | None = None
    client_concurrency: int | None = None
    memory_share: float | None = None
    decode_max_sequences: int | None = None
    graphs: str | None = None


#: Columns of settings, with ``engine_version`` beside them, which chooses the software's profile.
SETTINGS = tuple(f.name for f in fields(Settings))
_SHARES = {"acceptance", "prefix_hit_share", "memory_share"}


def settings_of(row: Mapping[str, str], **otherwise: Any) -> Settings:
    """Return the settings in a row's columns; where a column is absent or empty, ``otherwise``.

    >>> settings_of({"max_sequences": "64", "memory_share": ""}, memory_share=0.8).memory_share
    0.8

    Raises Unpredictable for a cell that is no such number.
    """
    given: dict[str, Any] = {key: value for key, value in otherwise.items() if value is not None}
    for name in SETTINGS:
        text = str(row.get(name) or "").strip()
        if not text or text == "auto":
            continue
        if name == "graphs":
            if text not in {"recorded", "eager"}:
                raise Unpredictable(f"graphs is {text!r}: neither recorded nor eager")
            given[name] = text
            continue
        if name == "kv_cache_dtype":
            given[name] = number_format(text).dtype
            continue
        value = number(text)
        lowest = (
            0 if name in _SHARES or name in {"batch_wait_iters", "decode_wait_iters", "draft_tokens"} else 1
        )
        if not value >= lowest or (name in _SHARES and value > 1):
            raise Unpredictable(f"{name} is {text!r}: not a number in its range")
        given[name] = value if name in _SHARES else int(value)
    return Settings(**given)


@lru_cache(maxsize=512)
def model_of(text: str) -> tuple[str, str]:
    """Return the model file behind a name, and the number format that the name ends in.

    >>> model_of("Qwen/Qwen3-32B-FP8"), model_of("DeepSeek-R1-Distill-Llama-70B")
    (('qwen3-32b', 'FP8'), ('llama3.1-70b', ''))

    Raises Unpredictable with the nearest name where no file goes by it.
    """
    bare = text.strip().removesuffix("/").rpartition("/")[2]
    for suffix in ("", *_SUFFIXES):
        if suffix and not bare.casefold().endswith(f"-{suffix.casefold()}"):
            continue
        cut = len(suffix) + 1 if suffix else 0
        for name in (text.strip(), bare):
            found = model_name(name[: len(name) - cut])
            if found:
                return found, suffix
    raise Unpredictable(str(no_file(MODELS, bare)))


def precision_of(form: NumberFormat, card: Card, model: str, cache: str | None) -> Precision:
    """Return the formats of weights stated in one word; what a card does not compute in is unpacked to 16 bits.

    Published 4-bit experts (``formats`` of the model file) leave attention in 16 bits, and so do formats of weights
    alone but AWQ and GPTQ.
    """
    held = form.dtype
    if held in _WIDE:
        return Precision(held if held in card.peak else "bf16", "bf16", "bf16", cache or "bf16")
    runs = held if held in card.peak and held != "int4" else "bf16"
    attention = ""
    if held in {"fp4", "int4"}:
        own = load_model(model).formats.experts in {"fp4", "mxfp4", "nvfp4", "int4"}
        attention = "bf16" if own or form.recipe == "w4a16" else held
    return Precision(held, runs, "bf16", cache or "bf16", attention_weights=attention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What the table of campaigns is asked by: who ran what, in which format, on which lengths and load."""

    campaign: str
    software: str
    model: str
    card: str
    format: str = ""
    isl: str = ""
    osl: str = ""
    mode: str = "agg"
    experts: str = ""
    """How the cards of a worker hold experts: ``spread`` over groups, or each one cut over all (``whole``)."""
    tp: float = 1.0
    users: float = 1.0


@lru_cache(maxsize=4096)
def scripts_of(asked: Campaign) -> dict[str, str]:
    """Return what the scripts of a campaign set for such a run; the more a line of the table asks, the later it stands.

    >>> run = Campaign(campaign="fixed", software="vllm", model="qwen3-32b", card="H100", format="fp8")
    >>> scripts_of(run)["max_batched_tokens"]
    '2048'
    """
    found: dict[str, str] = {}
    for line in shipped_rows("serving_campaigns.csv"):
        if any(line[key] not in {"", getattr(asked, key)} for key in _ASKED):
            continue
        below, least = number(line["tp_below"], inf), number(line["users_from"], 0.0)
        if asked.tp < below and asked.users >= least:
            found |= {
                k: v for k, v in line.items() if v and k not in {*_ASKED, "tp_below", "users_from", "source"}
            }
    return found


#: Columns that a line of the table may ask a word of.
_ASKED = ("campaign", "software", "model", "card", "format", "isl", "osl", "mode", "experts")


def lengths_of(row: Mapping[str, str], means: Sequence[float]) -> list[Lengths]:
    """Return lengths of these means, drawn as the row's ``length_shape`` and ``length_spread`` say, else fixed.

    A client that draws its lengths keeps users apart: no two of them ask for a prompt in the same iteration, wave upon
    wave. The shapes and what a spread is of each are those of a scenario's traffic.

    >>> lengths_of({"length_shape": "uniform", "length_spread": "0.5"}, [100.0])[0].nodes(2).tolist()
    [75.0, 125.0]
    >>> lengths_of({}, [100.0, 0.2])
    [Lengths(mean=100.0, shape='constant', spread=0.0), Lengths(mean=1.0, shape='constant', spread=0.0)]

    Raises Unpredictable for cells that are no such words or numbers.
    """
    shape, text = ((row.get(key) or "").strip() for key in ("length_shape", "length_spread"))
    if shape not in {"", *LENGTHS}:
        raise Unpredictable(f"length_shape is {shape!r}: not one of {', '.join(LENGTHS)}")
    if bool(text) != (shape in {"uniform", "lognormal"}):
        raise Unpredictable("length_shape uniform or lognormal and length_spread belong together")
    spread = number(text, -1.0) if text else 0.0
    if spread < 0.0 or (shape == "uniform" and spread > 1.0):
        raise Unpredictable(f"length_spread is {text!r}: not a share of the mean")
    return [Lengths(max(1.0, mean), shape or "constant", spread) for mean in means]


def waves_of(row: Mapping[str, str], usual: int) -> int:
    """Return how many requests each user sends one after another: the row's or its publication's, else ``usual``.

    >>> waves_of({"source": "flagos-ai/FlagTree @0c41cfc6"}, 10), waves_of({"waves": "3"}, 10), waves_of({}, 10)
    (1, 3, 10)

    Raises Unpredictable for a cell that is no such number.
    """
    text = (filled(row).get("waves") or "").strip()
    value = number(text) if text else float(usual)
    if not value >= 1 or value % 1:
        raise Unpredictable(f"waves is {text!r}: not a whole number of requests of every user")
    return int(value)


def site_speed(row: Mapping[str, str]) -> float | None:
    """Return the speed of a row's machine that is slower than its like; None for a machine that nobody measured so.

    The machine stands in the row's column ``site``, or is the laboratory's and its ``hardware`` in the table of sites.
    """
    for line in shipped_rows("serving_sites.csv"):
        named = (row.get("site") or "").strip() == line["site"]
        described = bool(line["hardware"]) and (row.get("hardware") or "").strip() == line["hardware"]
        if named or (described and (row.get("source") or "").startswith(line["laboratory"])):
            return number(line["speed"])
    return None


@dataclass(frozen=True, slots=True)
class ServingRecord:
    """A run: the exact names of what ran, how it was laid out, and its settings."""

    card: str
    model: str
    software: str
    weights: NumberFormat
    layout: Layout
    settings: Settings = Settings()
    decode: Layout | None = None
    """Layout of the workers that decode, where others take the prompts."""
    site_speed: float | None = None
    """Share of its usual speed that the engine reached on the row's own machine, where that was measured."""
    said: str = ""
    """What has to be said about how the software was found."""

    @property
    def profile(self) -> SoftwareProfile:
        """The software whose constants hold."""
        return _software(self.software)

    @property
    def engine(self) -> str:
        """The software's family."""
        return self.profile.family


@lru_cache(maxsize=64)
def _software(name: str) -> SoftwareProfile:
    return load_software(name)


@lru_cache(maxsize=64)
def _card(name: str) -> CardProfile:
    return load_card(name)


def labels(run: ServingRecord, prompt: float, output: float) -> dict[str, str]:
    """Return what the errors are grouped by: software, card class, kind of plan, and lengths."""
    plan = serving_plan_kind(run.layout, split=run.decode is not None)
    long = " and ".join(
        f"{'long' if value >= 2048 else 'short'} {what}"
        for what, value in (("prompts", prompt), ("answers", output))
    )
    return {
        "software": run.software, "card_class": class_of(_card(run.card)), "plan_kind": plan, "domain": long,
    }  # fmt: skip
