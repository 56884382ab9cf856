"""Training logs with their launch arguments as one row: the median step after warm-up, with the outliers named.

Read are the iteration lines of Megatron-LM and what is made of it (``elapsed time per iteration (ms)``), of NeMo
(``train_step_timing in s``), of DeepSpeed (``iter time (s)`` or ``CurrSamplesPerSec``) and of torchtitan (``tps``), and
the arguments in any of the forms that these programs print: the dotted list, YAML, a configuration's lines, or the
launch command.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any

from clustersim.errors import InputError, Problem
from clustersim.schema.imports.bench_rows import day_of
from clustersim.schema.imports.source import (
    Imported,
    ImportOptions,
    Source,
    card_label,
    number_of,
    refuse,
    rows_made,
)

__all__ = ["is_training_log", "read_training_log"]

COLUMNS = (
    "id", "source", "model", "params_B", "layers", "hidden", "heads", "kv_heads", "ffn_hidden", "vocab", "seq_len",
    "global_batch", "micro_batch", "tp", "pp", "dp", "cp", "ep", "vpp_interleave", "seq_parallel", "recompute",
    "zero_stage", "gpu", "n_gpus", "dtype", "interconnect", "iteration_time_s", "tokens_per_s_per_gpu",
    "tflops_per_gpu", "mfu", "peak_memory_gib", "out_of_memory", "software", "steps", "outliers", "notes",
)  # fmt: skip
_FORMS = (
    # name, sign, iteration, value, seconds of the value's unit (or what is counted in a second), software
    ("Megatron-LM", r"elapsed time per iteration \(ms\)", r"\biteration\s+(\d{1,12})\s*/", r"elapsed time per iteration"
     r" \(ms\):\s*([^\s|]+)", 1e-3, "Megatron-Core"),
    ("NeMo", r"train_step_timing in s[:=]", r"\b(?:iteration\s+(\d{1,12})/|global_step[:=]\s*(\d{1,12}))",
     r"train_step_timing in s[:=]\s*([^\s|,\]]+)", 1.0, "NeMo"),
    ("DeepSpeed", r"iter time \(s\):", r"\bsteps?:\s*(\d{1,12})\b", r"iter time \(s\):\s*(\S+)", 1.0, "DeepSpeed"),
    ("DeepSpeed", r"CurrSamplesPerSec=", r"global_step=(\d{1,12})\b", r"CurrSamplesPerSec=([^\s,]+)", "samples",
     "DeepSpeed"),
    ("torchtitan", r"\bstep:\s*\d+\b.*\btps:", r"\bstep:\s*(\d{1,12})\b", r"\btps:\s*(\S+)", "tokens",
     "torchtitan"),
)  # fmt: skip
_PREFIX = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\dT[\d:+.Z]+\]?\s+)?(?:\S*/\d+\s+)?(\[(?:default|rank)\s?\d+\]|\d+):"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ARGUMENT_LIST = re.compile(r"-{8,} (?:end of )?arguments -{8,}")
#: Column -> the names of the argument, most telling first.
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "layers": ("num_layers", "num_hidden_layers"),
    "hidden": ("hidden_size",),
    "heads": ("num_attention_heads",),
    "kv_heads": ("num_query_groups", "num_key_value_heads"),
    "ffn_hidden": ("ffn_hidden_size", "intermediate_size"),
    "vocab": ("padded_vocab_size", "vocab_size"),
    "seq_len": ("seq_length", "seq_len", "encoder_seq_length", "max_seq_length"),
    "global_batch": ("global_batch_size", "train_batch_size"),
    "micro_batch": ("micro_batch_size", "train_micro_batch_size_per_gpu"),
    "tp": ("tensor_model_parallel_size", "tensor-model-parallel size"),
    "pp": ("pipeline_model_parallel_size", "pipeline-model-parallel size"),
    "dp": ("data_parallel_size", "data-parallel size"),
    "cp": ("context_parallel_size", "context-parallel size"),
    "ep": ("expert_model_parallel_size", "expert_parallel_size"),
    "n_gpus": ("world_size", "using world size", "world size"),
    "zero_stage": ("zero_optimization_stage", "zero_stage"),
}
#: A step this far from the median is named: three deviations by the median deviation, and at least this share.
FAR, LEAST = 3.0, 0.05


_Form = tuple[str, str, str, str, float | str, str]


@dataclass(frozen=True, slots=True)
class _Step:
    line: int
    iteration: int
    seconds: float
    text: str
    teller: str


def _form(text: str) -> _Form | None:
    plain = _COLOUR.sub("", text)
    return next((form for form in _FORMS if re.search(form[1], plain)), None)


def is_training_log(source: Source) -> bool:
    """Tell whether a text is a training log: it has lines of iterations with their time."""
    text = source.text
    return not source.archive and (_form(text) is not None or _ARGUMENT_LIST.search(text) is not None)


def read_training_log(source: Source, options: ImportOptions) -> Imported:
    """Return the row of a log.

    Raises InputError naming the format and what is missing: lines of iterations, whole ones, with numbers.
    """
    form = _form(source.text)
    if form is None:
        raise InputError(
            f"{source.name}: is no training log: no line gives an iteration's time (Megatron-LM's 'elapsed time per"
            " iteration (ms)', NeMo's 'train_step_timing in s', DeepSpeed's 'iter time (s)')"
        )
    said = [f"a log of {form[0]}"]
    arguments = _arguments(source.text) | _given(options)
    batch = arguments.get("global_batch")
    problems: list[Problem] = []
    steps = _steps(source, form, arguments, problems, said)
    if problems or not steps:
        if not problems:
            problems.append(Problem(source.name, None, "", "no line of an iteration is whole"))
        refuse(source, f"a log of {form[0]}", problems)
    steps, batch = _last_batch(steps, batch, said)
    kept = _warm(steps, said)
    middle = median(step.seconds for step in kept)
    far = _outliers(kept, middle)
    row = _row(source, arguments, kept, middle, batch, form[5])
    row["steps"], row["outliers"] = len(kept), "; ".join(far)
    if far:
        said.append(
            f"outliers (in the median, named): {'; '.join(far[:10])}" + (" …" if len(far) > 10 else "")
        )
    if _experts(source.text) and not (options.given.get("model") or row["model"]):
        refuse(source, f"a log of {form[0]}", [Problem(source.name, None, "model", "has experts, and a row has no"
               " columns for them", "name its model file: --given model=…")])  # fmt: skip
    lacks = [c for c in ("gpu", "n_gpus", "seq_len", "global_batch", "dtype", "layers", "tp") if not row[c]
             and c not in options.given and not (c == "layers" and options.given.get("model"))]  # fmt: skip
    if lacks:
        said.append(
            f"the log does not state {', '.join(lacks)}: give them as --given {lacks[0]}=… for `validate`"
        )
    stamped = re.search(r"\b(20\d\d-\d\d-\d\d)[ T]\d\d:", source.text)
    return rows_made(
        source, options, "training", COLUMNS, [row], said, date=day_of(stamped[1]) if stamped else ""
    )


def _steps(
    source: Source, form: _Form, arguments: Mapping[str, float], problems: list[Problem], said: list[str],
) -> list[_Step]:  # fmt: skip
    """Whole lines of iterations, of one rank, each iteration once."""
    found: list[_Step] = []
    torn: list[int] = []
    for number, coloured in source.lines():
        line = _COLOUR.sub("", coloured)
        if not re.search(form[1], line):
            continue
        at, values = re.search(form[2], line), re.findall(form[3], line)
        if at is None or len(values) != 1 or len(re.findall(r"\biteration\s+\d+\s*/", line)) > 1:
            torn.append(number)
            continue
        # tps is printed with commas between thousands, and without a fraction.
        bare = values[0].replace(",", "") if form[4] == "tokens" else values[0]
        value = number_of(bare, where=source.name)
        if isinstance(value, Problem):
            # A whole line with another way to write numbers is not torn: nothing of such a log can be read.
            if "comma" in value.what:
                problems.append(Problem(source.name, number, "", value.what, value.hint))
            else:
                torn.append(number)
            continue
        if isinstance(form[4], str):
            work = _work(source, number, form[4], arguments, problems)
            if work is None:
                return []
            value = work / value if value > 0 else 0.0
        else:
            value *= form[4]
        if not 0 < value < inf:
            torn.append(number)
            continue
        who = _PREFIX.match(line)
        iteration = next(int(g) for g in at.groups() if g)
        found.append(_Step(number, iteration, value, line, who[1] if who else ""))
    if torn:
        shown = ", ".join(map(str, torn[:8])) + (" …" if len(torn) > 8 else "")
        if len(torn) > len(found):
            problems.append(Problem(source.name, torn[0], "", f"{len(torn)} of {len(torn) + len(found)} lines of"
                                    f" iterations are torn (lines {shown})", "ranks wrote into each other's lines:"
                                    " import the log of the last rank alone"))  # fmt: skip
        else:
            said.append(f"torn lines of iterations, left out: {shown}")
    return [] if problems else _once(found, said)


def _work(
    source: Source, line: int, what: str, arguments: Mapping[str, float], problems: list[Problem]
) -> float | None:
    """What a step makes of what a rate counts: samples, or tokens a card; None, and problems, where that is unknown."""
    needed = ("global_batch",) if what == "samples" else ("global_batch", "seq_len", "n_gpus")
    names = {"global_batch": "train_batch_size"} if what == "samples" else {}
    lacks = [key for key in needed if not arguments.get(key, 0.0) > 0]
    problems += [
        Problem(source.name, line, names.get(key, key), "is missing: without it a rate is no time of a step",
                f"give --given {key}=… (as it was)") for key in lacks
    ]  # fmt: skip
    if lacks:
        return None
    batch = arguments["global_batch"]
    return batch if what == "samples" else batch * arguments["seq_len"] / arguments["n_gpus"]


def _given(options: ImportOptions) -> dict[str, float]:
    """The arguments that the user gives beside the log."""
    read = {key: number_of(options.given[key]) for key in _ARGUMENTS if key in options.given}
    return {key: value for key, value in read.items() if isinstance(value, float)}


def _once(found: list[_Step], said: list[str]) -> list[_Step]:
    """The steps of the rank that printed most, the later of two of one iteration."""
    tellers = Counter(step.teller for step in found)
    if len(tellers) > 1:
        who = tellers.most_common(1)[0][0]
        said.append(
            f"{len(tellers)} ranks print iterations: those of {who or 'lines without a rank'} are taken"
        )
        found = [step for step in found if step.teller == who]
    last = {step.iteration: step for step in found}
    if len(last) < len(found):
        said.append(
            f"{len(found) - len(last)} iterations stand again (a restart): the later of each is taken"
        )
    return [last[key] for key in sorted(last)]


def _last_batch(steps: list[_Step], batch: float | None, said: list[str]) -> tuple[list[_Step], float | None]:
    """The steps of the last batch size, where the lines say it and it grew."""
    sizes = [re.search(r"global[ _]batch[ _]size:?\s*[:=]?\s*(\d{1,12})\b", step.text) for step in steps]
    if not all(sizes):
        return steps, batch
    counts = [float(size[1]) for size in sizes if size]
    kept = [step for step, count in zip(steps, counts, strict=True) if count == counts[-1]]
    if len(kept) < len(steps):
        said.append(f"the batch changed: the {len(kept)} steps at {counts[-1]:g} sequences are taken")
    return kept, counts[-1]


def _warm(steps: list[_Step], said: list[str]) -> list[_Step]:
    """The steps after warm-up: without the first fifth, at most ten lines and at least one, where three remain."""
    skip = min(10, max(1, len(steps) // 5))
    if len(steps) - skip < 3:
        if len(steps) > 1:
            said.append(f"only {len(steps)} lines: warm-up cannot be told and is in the median")
        return steps
    said.append(
        f"warm-up: {skip} lines before iteration {steps[skip].iteration} are left out of {len(steps)}"
    )
    return steps[skip:]


def _outliers(steps: list[_Step], middle: float) -> list[str]:
    spread = 1.4826 * median(abs(step.seconds - middle) for step in steps)
    least = max(FAR * spread, LEAST * middle)
    return [f"iteration {s.iteration}: {s.seconds:.4g} s" for s in steps if abs(s.seconds - middle) > least]


def _arguments(text: str) -> dict[str, float]:
    """The wanted arguments, in any printed form; of one that stands more often, the last."""
    return {
        column: value for column, names in _ARGUMENTS.items() if (value := _argument(text, names)) is not None
    }


def _argument(text: str, names: tuple[str, ...]) -> float | None:
    for name in names:
        spelled = re.escape(name).replace("_", "[-_]")
        found = re.findall(
            rf"(?<![\w-])(?:--)?{spelled}[\"']?(?:\s*[.]{{2,}}\s*|\s*[:=]\s*|\s+)(\d{{1,15}})\b(?![.,]\d)",
            text,
        )
        if found:
            return float(found[-1])
    return None


def _word(text: str, name: str) -> str:
    spelled = name.replace("_", "[-_]")
    found = re.findall(
        rf"(?<![\w-])(?:--)?{spelled}[\"']?(?:\s*[.]{{2,}}\s*|\s*[:=]\s*|[ \t]+)[\"']?([\w./-]+)", text
    )
    return str(found[-1]) if found else ""


def _flag(text: str, name: str) -> bool | None:
    """A switch: printed with its value, or given in a command."""
    word = _word(text, name).lower()
    if word in ("true", "false", "none"):
        return word == "true"
    return True if re.search(rf"--{name.replace('_', '-')}\b", text) else None


def _experts(text: str) -> bool:
    return (_argument(text, ("num_experts", "num_moe_experts")) or 0) > 1


def _dtype(text: str) -> str:
    if _word(text, "fp8").lower() in ("hybrid", "e4m3", "true", "e5m2"):
        return "fp8"
    for name, words in (("bf16", ("bf16", "bfloat16_enabled")), ("fp16", ("fp16", "fp16_enabled"))):
        if any(_flag(text, word) for word in words):
            return name
    kind = _word(text, "params_dtype") or _word(text, "precision")
    return "bf16" if "bf16" in kind or "bfloat16" in kind else "fp16" if "float16" in kind else ""


def _row(
    source: Source,
    arguments: Mapping[str, float],
    steps: list[_Step],
    middle: float,
    batch: float | None,
    software: str,
) -> dict[str, Any]:
    text, row = source.text, dict[str, Any](arguments)
    cards, length = arguments.get("n_gpus"), arguments.get("seq_len")
    row["global_batch"] = batch
    if row.get("kv_heads") and _flag(text, "group_query_attention") is False:
        row["kv_heads"] = None
    tp, pp, cp = (arguments.get(key) or 1.0 for key in ("tp", "pp", "cp"))
    if cards and "dp" not in row:
        row["dp"] = cards / (tp * pp * cp)
    virtual = _argument(text, ("virtual_pipeline_model_parallel_size",))
    chunk = _argument(text, ("num_layers_per_virtual_pipeline_stage",))
    if chunk and arguments.get("layers"):
        virtual = arguments["layers"] / pp / chunk
    sequence = _flag(text, "sequence_parallel")
    recompute = _word(text, "recompute_granularity").lower()
    if "zero_stage" not in row and _flag(text, "use_distributed_optimizer"):
        row["zero_stage"] = 1
    rates = [float(m[1]) for s in steps
             if (m := re.search(r"(?:TFLOP/s/GPU\)?|\btflops):\s*([\d.]+)(?![\d,])", s.text))]  # fmt: skip
    memory = [float(m[1]) for s in steps if (m := re.search(r"\bmemory:\s*([\d.]+)GiB", s.text))]
    named = re.search(r"\b(NVIDIA [\w -]+?(?:GB|PCIe|HBM\w*|H\d+)|Ascend ?910\w*|AMD Instinct \w+)\b", text)
    return row | {
        "model": "", "vpp_interleave": virtual, "seq_parallel": {True: "yes", False: "no", None: ""}[sequence],
        "recompute": recompute if recompute in ("full", "selective") else "none" if recompute == "none" else "",
        "gpu": card_label(named[1]) if named else "", "dtype": _dtype(text), "iteration_time_s": middle,
        "tokens_per_s_per_gpu": batch * length / middle / cards if batch and length and cards else None,
        "tflops_per_gpu": median(rates) if rates else None, "software": software,
        "peak_memory_gib": max(memory) if memory else None,
        "notes": f"median of {len(steps)} printed steps, iterations {steps[0].iteration}-{steps[-1].iteration}",
    } | {c: row.get(c) for c in ("layers", "n_gpus", "seq_len", "tp") if c not in row}  # fmt: skip
