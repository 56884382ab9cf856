"""Encoders, vision and generation beside MLPerf Inference, FlagPerf and what is published of domestic cards.

Constants of software are those of A100-SXM rows of MLPerf v2.1 (`perf/vision.py`); every other card is left out. A row
is a card, a network, a number format and a batch; what it leaves open is said in its details. Training rows count
three passes of the network: forward, and two products backward for each of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clustersim.assemble.parts import card_spec
from clustersim.assemble.vision import network_of, seconds_of
from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.perf.card import Card
from clustersim.perf.vision import Network, batch_rate, best_batch
from clustersim.schema.lookup import exact_name, known_names
from clustersim.schema.networks import NetworkProfile
from clustersim.schema.profiles import CardProfile, load_profile
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, class_of, reason_of, require_columns
from clustersim.validation.language import is_language, language_row, language_text
from clustersim.validation.row_files import scenario_text
from clustersim.validation.sites import Unpredictable, card_of, unreadable
from clustersim.validation.sources import shipped_rows
from clustersim.validation.training_record import number

__all__ = ["COLUMNS", "WORK", "as_scenario", "predict"]

COLUMNS = ("id", "value")
#: Name of the workload of a row's scenario.
WORK = "vision"
#: Units of a throughput of inputs.
_UNITS = {
    "samples_per_s", "scheduled_samples_per_s", "completed_samples_per_s", "images/s", "samples/s", "samples/s total",
    "sequences/s", "FPS total",
}  # fmt: skip


class _Unknown(Exception):
    """A row that cannot be predicted, and why."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One row as the engine is asked it."""

    profile: CardProfile
    card: Card
    network: Network
    dtype: str
    batch: int | None
    cards: float
    served: bool
    trained: bool


def predict(rows: Sequence[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row; one that cannot be says why.

    Raises InputError for a file without the needed columns.
    """
    require_columns(rows[0] if rows else [], COLUMNS, "vision rows")
    return [_row(row) for row in rows]


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: its inputs per second and card, times its cards, are the
    row's prediction.

    Raises InputError with the nearest id for an unknown one, and for a row that holds no scenario, in the words in
    which it is set aside.
    """
    table = {row["id"]: row for row in rows}
    row = table.get(wanted)
    if row is None:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, list(table))}")
    try:
        if is_language(row):
            return language_text(row)
        case = _case(row, row.get("gpu") or row.get("card") or "")
        document = _document(row, case)
    except (_Unknown, Unpredictable) as error:
        raise InputError(reason_of(error)) from None
    return scenario_text(document, f"Row {wanted} of {_source(row)} as `validate` predicts it.")


def _document(row: Mapping[str, str], case: _Case) -> dict[str, Any]:
    """The scenario of a row, as the data of a file."""
    work: dict[str, Any] = {"kind": "vision", "network": case.network.name, "dtype": case.dtype}
    # A row says that its answers kept a limit, not which: any that the batch keeps stands for it.
    use: dict[str, Any] = {"training": True} if case.trained else {"latency": "1 h"} if case.served else {}
    return {
        "name": row["id"],
        "description": f"{case.network.name} on {case.cards:g} {case.profile.name}: {_source(row)}",
        "cluster": {"card": case.profile.name, "cards": int(case.cards)},
        "demand": {WORK: {**work, "batch": _per_second(case)[1], **use}},
    }


def _source(row: Mapping[str, str]) -> str:
    return row.get("source") or row.get("source_path", "")


def _row(row: Mapping[str, str]) -> ValidationRow:
    predicted, details, reason, card_class, tuned = None, dict[str, Any](), "", "", False
    card = row.get("gpu") or row.get("card") or ""
    measured = number(row, "value") or math.nan
    if is_language(row) and not math.isnan(measured):
        return language_row(row, measured)
    try:
        case = _case(row, card)
        if math.isnan(measured):
            raise _Unknown(NO_MEASUREMENT)
        predicted, batch = _per_second(case)
        card_class = class_of(case.profile)
        tuned = (case.profile.name, row.get("round", "")) in _tuned() and not case.trained
        details = {
            "network": case.network.name, "dtype": case.dtype, "batch": batch, "cards": case.cards,
            "under_latency_limit": case.served, "training": case.trained,
        }  # fmt: skip
    except (_Unknown, Unpredictable, ClusterSimError) as error:
        reason = str(error).splitlines()[0]
    return _made(row, card, predicted, measured, reason, details, card_class, tuned=tuned)


def _made(
    row: Mapping[str, str], card: str, predicted: float | None, measured: float, reason: str,
    details: Mapping[str, Any], card_class: str, *, tuned: bool,
) -> ValidationRow:  # fmt: skip
    network = str(details.get("network", row.get("benchmark") or row.get("model") or ""))
    way = (
        "training"
        if details.get("training")
        else "limit"
        if details.get("under_latency_limit")
        else "offline"
    )
    return ValidationRow(
        id=row["id"], source=_source(row),
        predicted=predicted, measured=measured, unit="1/s", card=card, reason=reason, group=f"{network}, {way}",
        details=details, card_class=card_class, tuned=tuned, domain=way, family=network,
    )  # fmt: skip


def _case(row: Mapping[str, str], card: str) -> _Case:
    """What a row asks, or why it cannot be."""
    unit = row.get("metric") if row.get("metric", "") in _UNITS else row.get("unit", "")
    if unit not in _UNITS:
        raise _Unknown(_other_quantity(row))
    if "MaxQ" in card or _number(row.get("gpu_power_limit_w", "")):
        raise _Unknown("a power limit below the card's own: sustained clocks are not modelled")
    if "open division" in row.get("submitter", ""):
        raise _Unknown("open division: the network was changed")
    for word in ("copied", "withdrawn", "SUSPICIOUS", "label"):
        if word in row.get("note", ""):
            raise _Unknown(f"the row's note says not to fit it: {word}")
    if row.get("metric", "").endswith(("_whole", "_train")):
        raise _Unknown(
            "the whole run: reading and preparing of data on the host included, which is not stated"
        )
    if row.get("metric", "").startswith("p_val"):
        # FlagPerf measures the framework's forward pass (val) beside the engine's (infer).
        raise _Unknown("the forward pass of a framework, operator by operator: only an engine's is modelled")
    described = _network(row.get("benchmark") or row.get("model") or "")
    network, of_text = network_of(described), described.unit == "sample"
    if of_text and not row.get("benchmark"):
        raise _Unknown("the row does not state how many tokens a sequence has")
    profile = card_of(re.sub(r" \((preview)\)$", "", card))
    task = f"{row.get('task', '')} {row.get('kind', '')}"
    trained = "training" in task
    if not trained and row.get("kind") == "training":
        trained = True
    dtype = _dtype(row, profile, eight=of_text and bool(row.get("benchmark")))
    served = not trained and row.get("scenario") in {"Server", "Interactive"}
    text = row.get("gpu_batch_size") or row.get("batch") or ""
    said = row.get("n_gpus") or row.get("n_cards") or "1"
    cards = _number(said) or 0.0
    if cards < 1 or cards != int(cards):
        raise unreadable("n_gpus" if row.get("n_gpus") else "n_cards", said, "a whole number of 1 or more")
    batch = _batch(text, steps=described.steps > 1, whole=trained, cards=cards)
    if "one card" in row.get("basis", ""):
        cards = 1.0
    return _Case(profile, card_spec(profile), network, dtype, batch, cards, served, trained)


def _other_quantity(row: Mapping[str, str]) -> str:
    """Why a row measures nothing that this domain predicts."""
    metric = row.get("metric", "")
    if "token" in metric or "token" in row.get("unit", ""):
        return "language model: its lengths are the data set's, which the row does not state; see `validate serving`"
    if "latency" in metric:
        return "latency of one sample: bound by the host's launches, not by the card"
    return f"no throughput of a network: {metric or row.get('unit', '') or row.get('task', '')}"


@lru_cache(maxsize=1)
def _tuned() -> frozenset[tuple[str, str]]:
    """Card and round of the rows that the constants were found from."""
    return frozenset((row["card"], row["round"]) for row in shipped_rows("vision_tuned.csv"))


def _network(name: str) -> NetworkProfile:
    found = exact_name("hwprofiles/networks", name) if name else None
    if found is None:
        raise _Unknown(
            f"no network {name!r} is described; known: {', '.join(known_names('hwprofiles/networks'))}"
        )
    profile = load_profile("networks", found)
    assert isinstance(profile, NetworkProfile)
    return profile


def _dtype(row: Mapping[str, str], card: CardProfile, *, eight: bool) -> str:
    """The number format of the products: as stated, but ``eight`` bits, where the card has them, for half precision."""
    said = (row.get("precision") or row.get("dtype") or "").casefold()
    if "mixed" in said:
        return _held("bf16", card)
    for name in ("fp8", "int8", "bf16", "fp16", "amp", "tf32", "fp32"):
        if name in said:
            name = "fp16" if name == "amp" else name
            if name == "fp16" and eight and "fp8" in card.peak:
                name = "fp8"
            if "w" in said and "a16" in said:
                name = "fp16"
            return _held(name, card)
    # A row that does not say ran in 16 bits; so did most of a mixture of formats.
    return _held("fp16", card)


def _held(name: str, card: CardProfile) -> str:
    if name == "fp32" and "tf32" in card.peak:
        return "tf32"  # frameworks multiply single precision so where the card can
    if name in card.peak:
        return name
    if name in {"bf16", "fp16"}:
        other = {"bf16": "fp16", "fp16": "bf16"}[name]
        if other in card.peak:
            return other
    raise _Unknown(f"card {card.name} has no {name} peak in its profile")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _batch(text: str, *, steps: bool, whole: bool, cards: float) -> int | None:
    """Inputs of a batch on one card; None where the row does not say."""
    packed = re.search(r"(\d+) rows per launch.*up to (\d+) samples", text)
    if packed:
        return int(packed[1]) * int(packed[2])
    named = re.search(r"unet: (\d+)", text) if steps else re.search(r"(?:^|bs=|: )(\d+)", text.strip())
    if named is None:
        return None
    count = int(named[1])
    return max(1, round(count / cards)) if whole and count >= 4 * cards else count


def _per_second(case: _Case) -> tuple[float, int]:
    """Inputs per second of all cards, and the batch."""
    network, card = case.network, case.card
    timed = seconds_of(case.profile, network, case.dtype, trained=case.trained)
    batch = case.batch or best_batch(network, card, dtype=case.dtype, seconds_of=timed)
    rate = batch_rate(network, batch, timed(batch), served=case.served)
    return rate * case.cards, batch
