"""Law: the usual range of a field is about that field: what is shipped, or known of it, lies well inside, and its ends
are no more than a few decades away."""

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from ranged_fields import Field, ranged

from clustersim.provenance import Sourced
from clustersim.schema.company_load import load_company_file
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import KINDS, load_profile
from clustersim.units import to_float

#: How far an end may lie from what is shipped or known: a range of more says nothing.
FAR = 1e6

#: A value of fields that no shipped file states, as the public record or a data sheet has it.
KNOWN = {
    "AutoscaleSection.period": "30 s",
    "AutoscaleSection.start_up": "3 min",
    "BatchingSection.timeout": "60 s",
    "CacheTierSection.bandwidth": "20 GB/s",
    "CacheTierSection.capacity": "1 TB",
    "CacheTierSection.latency": "100 us",
    "CacheTierSection.token": "5 us",
    "CheckpointLevel.bandwidth": "10 GB/s",
    "ClipsSection.channel_fps": "60 1/s",
    "ClosedLoopSection.think": "10 s",
    "CollectiveSection.size": "1 MB",
    "DegradationSection.found_after": "1 d",
    "DegradationSection.per_year": "0.1 1/year",
    "DomainSection.failures_per_year": "0.1 1/year",
    "DomainSection.repair_time": "4 h",
    "DriversFile.conversion": "28 GCNY",
    "ElasticSection.stall": "30 s",
    "ExtrasSection.burst_gap": "10 min",
    "ExtrasSection.cold_time": "4 h",
    "ExtrasSection.infant_decay": "30 d",
    "ExtrasSection.warm_time": "10 min",
    "FailureSection.card_mttf": "50000 h",
    "FlapSection.rate": "1e-5 1/s",
    "FlapSection.time": "15 s",
    "ClassSection.median": "1 h",
    "ClassSection.p90": "1 d",
    "JobSection.limit": "7 d",
    "JobSection.patience": "1 d",
    "MaintenanceSection.interval": "30 d",
    "MaintenanceSection.time": "4 h",
    "MemoryRules.graphs": "2 GB",
    "ObservedSection.duration": "90 d",
    "RecoverySection.reschedule_multi": "10 min",
    "RecoverySection.reschedule_process": "30 s",
    "ReliabilitySection.card_hours_per_failure": "45000 h",
    "ReliabilitySection.failures_per_year": "0.05 1/year",
    "ReliabilitySection.repair_times": "1 d",
    "SessionSection.pause": "30 s",
    "SharedSection.repair_time": "4 h",
    "SloSection.e2e": "30 s",
    "StackConstants.expert_launch": "20 us",
    "StackConstants.expert_overhead": "100 us",
    "StackConstants.host_layer": "300 us",
    "StackConstants.layer_overhead": "1 ms",
    "StackConstants.runtime_memory": "2 GB",
    "TariffBand.hours": "8 h",
    "TariffBand.tariff": "0.6 CNY/kWh",
    "TcoSection.building": "20 CNY/W",
    "TcoSection.building_horizon": "20 year",
    "TcoSection.colocation": "600 CNY/kW/month",
    "TcoSection.network_transit": "2 MCNY/year",
    "TcoSection.software": "2 MCNY/year",
    "VideoStream.output_tokens_per_s": "20 1/s",
    "CapmFile.debt_to_equity": "30 %",
    "RefinancingFile.minimum_cash": "0.1 GCNY",
    **{f"CalibratedProfile.{name}": "1" for name in (
        "attention", "experts", "exposed", "host", "latency", "layer", "matrix", "memory", "request", "scale_out",
        "scale_up", "step",
    )},
}  # fmt: skip
#: The same fields of other classes.
SAME = ("StackCase", "TrainingConstants", "SoftwareSection")


def numbers(thing: Any, at: Field = ("", "")) -> Iterator[tuple[Field, float]]:
    """Every number that a loaded file states, with the class and the field in which it stands."""
    if isinstance(thing, Sourced):
        if isinstance(thing.value, float):
            yield at, thing.value
    elif isinstance(thing, BaseModel):
        for name, value in thing:
            yield from numbers(value, (type(thing).__qualname__, name))
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from numbers(value, at)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from numbers(value, at)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from numbers(getattr(thing, field.name, None), at)


@lru_cache(maxsize=1)
def shipped() -> dict[Field, list[float]]:
    """What the shipped scenarios, profiles and companies state, and the defaults of the schema, zeros left out."""
    things: list[Any] = [load_inputs(name) for name in known_names("scenarios")]
    things += [load_profile(kind, name) for kind, (at, _) in KINDS.items() for name in known_names(at)]
    things += [load_company_file(name) for name in set(known_names("scenarios/company")) - {"anchors"}]
    out: dict[Field, list[float]] = {}
    for thing in things:
        for at, value in numbers(thing):
            if value:
                out.setdefault(at, []).append(abs(value))
    return out


def typical(at: Field, unit: str) -> list[float]:
    model, name = at
    found = shipped().get(at, [])
    text = KNOWN.get(f"{model}.{name}") or (KNOWN.get(f"StackConstants.{name}") if model in SAME else None)
    return found or ([to_float(text, unit)] if text else [])


def test_a_value_of_every_ranged_field_is_known() -> None:
    assert not [f"{m}.{n}" for (m, n), q in ranged().items() if not typical((m, n), q.unit)]


def test_what_is_known_lies_well_inside_and_no_end_is_far() -> None:
    wrong = []
    for at, quantity in sorted(ranged().items()):
        low, high = quantity.usual_range or (-math.inf, math.inf)
        known = typical(at, quantity.unit)
        least, most = min(known), max(known)
        inside = 1.5 * most <= high or high == quantity.bounds.le
        above = low <= 0 or least >= 1.5 * low or quantity.bounds.ge == low
        near = high <= FAR * most and (low <= 0 or least <= FAR * low)
        if not (inside and above and near):
            wrong.append(f"{'.'.join(at)}: {least:g} to {most:g} {quantity.unit} of {quantity.usual}")
    assert not wrong


def test_a_wrong_range_is_found() -> None:
    """The law would have found the mean time to failure of a card that was said to be a millisecond to a week."""
    value = to_float(KNOWN["FailureSection.card_mttf"], "s")
    low, high = to_float("1 ms", "s"), to_float("1 week", "s")
    assert not low <= value <= high
