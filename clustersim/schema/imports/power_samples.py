"""Samples of power and clocks as one row a card: tables of nvidia-smi and its kin, dmon, Prometheus, print-outs.

Means are over samples (they come at even intervals); a card is busy in samples of at least half its highest power, and
the median of those is what it draws under load.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean, median
from typing import Any

from clustersim.errors import InputError, Problem, listed
from clustersim.schema.imports.power_forms import (
    is_answer,
    is_npu,
    is_query,
    labelled,
    of_answer,
    of_npu,
    of_query,
)
from clustersim.schema.imports.source import (
    Imported,
    ImportOptions,
    Source,
    card_label,
    lowered,
    number_of,
    refuse,
    rows_made,
)

__all__ = ["is_power", "read_power"]

COLUMNS = (
    "id", "source", "host", "device", "gpu", "samples", "duration_s", "power_mean_w", "power_busy_w", "power_max_w",
    "power_min_w", "power_limit_w", "sm_clock_busy_hz", "memory_clock_busy_hz", "temperature_max_c",
    "utilisation_mean", "notes",
)  # fmt: skip
#: Metrics of power of the makers' exporters.
_METRICS = ("dcgm_fi_dev_power_usage", "amdgpu_average_package_power", "gpu_average_package_power",
            "gpu_package_power", "npu_chip_info_power", "nvidia_smi_power_draw_watts")  # fmt: skip
#: Columns of power that tell a table of samples.
_TELLING = {"power.draw", "power.draw.average", "power.draw.instant", "power_usage", "socket_power",
            "average graphics package power (w)", "current socket graphics package power (w)"}  # fmt: skip
#: What is sampled -> (its names, what brings it to the unit of the row).
_NAMES: Mapping[str, tuple[tuple[str, ...], float]] = {
    "power": (("power.draw.average", "power.draw", "power.draw.instant", "power",
               "powerusage", "pwr", "powr", *_METRICS, "average graphics package power (w)",
               "current socket graphics package power (w)", "socket_power", "power_usage"), 1.0),
    "limit": (("power.limit", "enforced.power.limit", "dcgm_fi_dev_power_mgmt_limit"), 1.0),
    "sm_clock": (("clocks.sm", "clocks.current.sm", "clocks.gr", "clocks.current.graphics", "dcgm_fi_dev_sm_clock",
                  "smclk", "pclk", "gfx_clk"), 1e6),
    "memory_clock": (("clocks.mem", "clocks.current.memory", "dcgm_fi_dev_mem_clock", "mclk", "memclk"), 1e6),
    "temperature": (("temperature.gpu", "dcgm_fi_dev_gpu_temp", "gtemp", "tmptr"), 1.0),
    "utilisation": (("utilization.gpu", "dcgm_fi_dev_gpu_util", "gputl", "sm"), 0.01),
    "time": (("timestamp", "time"), 1.0),
    "device": (("index", "gpu", "uuid", "gpu_uuid", "pci.bus_id", "entity", "pci_bus_id", "device"), 1.0),
    "name": (("name", "gpu_name", "modelname"), 1.0),
    "host": (("hostname", "host", "instance"), 1.0),
}  # fmt: skip
_UNKNOWN = ("", "[n/a]", "n/a", "[not supported]", "[unknown error]", "[gpu requires reset]", "-", "nan")
_SAMPLE = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{([^}]*)\})?\s+(\S+)(?:\s+(\d+))?\s*$")
_METRIC = re.compile(rf"^(?:{'|'.join(_METRICS)})\b", re.MULTILINE | re.IGNORECASE)
_DMON = re.compile(r"^#\s*(?:(?:Date|Time)\s+)*(?:Entity|gpu)\b.*\b(?:POWER|POWR|pwr)\b", re.MULTILINE)
_UNITS = {"w": 1.0, "mw": 1e-3, "kw": 1e3}


@dataclass(slots=True)
class _Card:
    """What was sampled of one card."""

    host: str
    device: str
    name: str = ""
    values: dict[str, list[float]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)


def is_power(source: Source) -> bool:
    """Tell whether a text holds samples of power."""
    if source.archive:
        return False
    return any(sign(source) for _, sign, _ in _FORMS) or bool(_TELLING & _plain(source))


def _plain(source: Source) -> set[str]:
    return {re.sub(r"\s*\[.*", "", cell) for cell in re.split(r"[,;\t]", ",".join(source.header))}


def read_power(source: Source, options: ImportOptions) -> Imported:
    """Return one row a card.

    Raises InputError naming the format, and every line with a value that is none.
    """
    problems: list[Problem] = []
    cards: dict[tuple[str, str], _Card] = {}
    found = next(
        (form for form in _FORMS if form[1](source)), ("the CSV of nvidia-smi or its kin", None, _smi)
    )
    form, samples = found[0], found[2](source, problems)
    quiet = 0
    for line, sample in samples:
        quiet += not _take(source, line, sample, cards, problems)
    rows = [_row(card) for card in cards.values() if card.values.get("power")]
    if not rows and not problems:
        problems.append(Problem(source.name, None, "power", "no sample has a value"))
    refuse(source, form, problems)
    said = [f"{form}: {len(rows)} card(s), {sum(row['samples'] for row in rows)} samples"]
    said += [f"{quiet} samples without a value of power are left out"] if quiet else []
    if any(not row["gpu"] for row in rows) and "gpu" not in options.given:
        said.append("the samples do not name the card: give --given gpu=…")
    when = next((t for card in cards.values() for t in card.times if t > 1e9), None)
    return rows_made(source, options, "power", COLUMNS, rows, said,
                     date=datetime.fromtimestamp(when, UTC).date().isoformat() if when else "")  # fmt: skip


def _what(name: str) -> str:
    """What a column or metric is, empty where it is none of those that are read."""
    plain = re.sub(r"\s*\[.*", "", lowered(name))
    return next((what for what, (names, _) in _NAMES.items() if plain in names), "")


def _smi(source: Source, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    table = source.table()
    found: dict[str, str] = {}
    for what, (names, _) in _NAMES.items():
        plain = {re.sub(r"\s*\[.*", "", lowered(c)): c for c in table.columns}
        hit = next((plain[name] for name in names if name in plain), None)
        if hit is not None:
            found[what] = hit
    if "power" not in found:
        raise InputError(
            f"{table.name}:1: lacks a column of power (power.draw); it has: {listed(table.columns)}"
        )
    for line, row in table.numbered():
        if row[found["power"]].strip().lower().startswith("power.draw"):
            continue  # appended runs repeat the header
        yield line, {what: row[column].strip() for what, column in found.items()}


def _dmon(source: Source, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    header: list[str] = []
    for line, text in source.lines():
        plain = text.strip()
        if plain.startswith("#"):
            words = plain.lstrip("# ").split()
            if any(_what(word) == "power" for word in words):
                header = [_what(word) for word in words]
            continue
        cells = re.sub(r"\bGPU\s+(?=\d)", "", plain, flags=re.IGNORECASE).split()
        at = header.index("device") if "device" in header else 0
        if not plain or not header or not (len(cells) > at and cells[at].isdigit()):
            continue
        if len(cells) != len(header):
            problems.append(Problem(source.name, line, "", f"{len(cells)} cells under {len(header)} columns: the line"
                                    " is cut off, or two wrote into it"))  # fmt: skip
            continue
        # A time of day alone says no moment.
        yield line, {what: cell for what, cell in zip(header, cells, strict=True) if what and what != "time"}


def _prometheus(source: Source, problems: list[Problem]) -> Iterator[tuple[int, dict[str, str]]]:
    for line, text in source.lines():
        plain = text.strip()
        if not plain or plain.startswith("#"):
            continue
        found = _SAMPLE.match(plain)
        if found is None:
            problems.append(Problem(source.name, line, "", "is no sample: NAME{labels} value", "the text is cut off, or"
                                    " two wrote into it"))  # fmt: skip
            continue
        what = _what(found[1])
        if what not in _NAMES or what in ("time", "device", "name", "host"):
            continue
        labels = {lowered(k): v for k, v in re.findall(r'(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', found[2] or "")}
        sample = labelled(labels) | {what: found[3]}
        if found[4]:
            sample["time"] = str(float(found[4]) / 1e3)
        yield line, sample


#: Forms that are no table of columns: name, sign, and what reads their samples.
_FORMS: tuple[tuple[str, Callable[[Source], bool], Callable[..., Iterator[tuple[int, dict[str, str]]]]], ...] = (
    ("a Prometheus server's answer", is_answer, lambda source, problems: of_answer(source, problems, _what)),
    ("what nvidia-smi -q prints", is_query, lambda source, _: of_query(source)),
    ("what npu-smi info prints", is_npu, lambda source, _: of_npu(source)),
    ("Prometheus text", lambda source: bool(_METRIC.search(source.text)), _prometheus),
    ("the samples of dcgmi or nvidia-smi dmon", lambda source: bool(_DMON.search(source.text[:100_000])), _dmon),
)  # fmt: skip


def _take(
    source: Source,
    line: int,
    sample: Mapping[str, str],
    cards: dict[tuple[str, str], _Card],
    problems: list[Problem],
) -> bool:
    """Add a sample to its card; False where it has no power to add."""
    key = (sample.get("host", ""), sample.get("device", "") or "0")
    card = cards.setdefault(key, _Card(*key))
    card.name = card.name or sample.get("name", "")
    there = "power" not in sample or sample["power"].lower() not in _UNKNOWN
    if not there:
        return False
    for what, text in sample.items():
        if what in ("host", "device", "name") or text.lower() in _UNKNOWN:
            continue
        if what == "time":
            when = _when(text)
            if when is None:
                problems.append(Problem(source.name, line, "timestamp", f"{text!r} is no time"))
            else:
                card.times.append(when)
            continue
        found = re.fullmatch(r"(\S+?)\s*(mW|kW|W|MHz|%|C)?", text, re.IGNORECASE)
        bare, unit = found.groups() if found else (text, None)
        value = number_of(bare, where=source.name, key=what)
        if isinstance(value, Problem):
            problems.append(Problem(source.name, line, what, value.what, value.hint))
            continue
        scale = _UNITS.get((unit or "").lower(), 1.0) if what in ("power", "limit") else 1.0
        value *= _NAMES[what][1] * scale
        if what == "power" and not 0 <= value < 20_000:
            problems.append(Problem(source.name, line, what, f"{value:g} W is no card's power"))
            continue
        card.values.setdefault(what, []).append(value)
    return True


def _when(text: str) -> float | None:
    try:
        if re.fullmatch(r"\d{1,11}(\.\d+)?", text):
            return float(text)
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        return None


def _row(card: _Card) -> dict[str, Any]:
    power = card.values["power"]
    most = max(power)
    busy = [i for i, value in enumerate(power) if value >= 0.5 * most]

    def under_load(what: str) -> float | None:
        values = card.values.get(what, [])
        return median([values[i] for i in busy] if len(values) == len(power) else values) if values else None

    def over(what: str, of: Any) -> Any:
        return of(card.values[what]) if card.values.get(what) else None

    name = card_label(card.name) if card.name else ""
    return {
        "host": card.host, "device": card.device, "gpu": name, "samples": len(power),
        "duration_s": max(card.times) - min(card.times) if len(card.times) > 1 else None,
        "power_mean_w": fmean(power), "power_busy_w": median(power[i] for i in busy), "power_max_w": most,
        "power_min_w": min(power), "power_limit_w": over("limit", median),
        "sm_clock_busy_hz": under_load("sm_clock"), "memory_clock_busy_hz": under_load("memory_clock"),
        "temperature_max_c": over("temperature", max), "utilisation_mean": over("utilisation", fmean), "notes": "",
    }  # fmt: skip
