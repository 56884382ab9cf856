"""Logs of nccl-tests and its kin (rccl-tests, mccl-tests, …) and of hccl_test as rows of collectives.

Conventions (nccl-tests doc/PERFORMANCE.md): algbw is size over time, busbw is algbw times the bus factor of the
collective on n ranks (``fabric.collectives.bus_factor``). A log whose figures do not obey them was counted some other
way, or its ranks wrote over each other, and is refused. The out-of-place figures are the row; in-place stand beside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from clustersim.errors import Problem, suggest
from clustersim.fabric.collectives import KINDS, bus_factor
from clustersim.schema.imports.source import (
    Imported,
    ImportOptions,
    Source,
    card_label,
    number_of,
    refuse,
    rows_made,
)

__all__ = [
    "COLUMNS",
    "HEADER",
    "PROGRAMS",
    "Block",
    "is_collectives_log",
    "read_blocks",
    "read_collectives_log",
]

COLUMNS = (
    "id",
    "source",
    "gpu",
    "n_gpus",
    "collective",
    "size_bytes",
    "algbw_GBs",
    "busbw_GBs",
    "fabric",
    "notes",
)
#: Name of a test's program -> collective.
PROGRAMS = {
    "all_reduce": "all_reduce", "allreduce": "all_reduce", "all_gather": "all_gather", "allgather": "all_gather",
    "reduce_scatter": "reduce_scatter", "reducescatter": "reduce_scatter", "alltoall": "all_to_all",
    "all_to_all": "all_to_all", "broadcast": "broadcast", "sendrecv": "sendrecv", "reduce": "reduce",
}  # fmt: skip
#: What launchers and collectors of logs write before a line: mpirun --tag-output, srun -l, torchrun; times, pods.
_PREFIX = re.compile(
    r"^(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]*(?:Z|[+-]\d\d:?\d\d)?\]?\s"
    r"|\[[\w,./ -]+\](?:<\w+>)?:?\s?|\s*\d+:\s|(?=\S*[A-Za-z])[\w./-]+(?::|\s+\|)\s(?=[\s#\d]))"
)
_DEVICE = re.compile(
    r"#\s*Rank\s+(\d{1,7})\s+(?:Group\s+\d+\s+)?Pid\s+\d+\s+on\s+(\S+)\s+device\s+\d+\s+\[[^\]]*\]\s*(.*)"
)
_NAMED = re.compile(r"\b(\w+?)_(?:perf|test)\b")
#: Printed rates have two digits and times three or four: what they allow, and a hundredth.
_SLACK = 0.01


#: Columns of a line of figures.
HEADER = ("size", "count", "type", "redop", "root", "time", "algbw", "busbw", "#wrong", "time", "algbw", "busbw",
          "#wrong")  # fmt: skip


@dataclass(slots=True)
class Block:
    """One run in a file: who took part, and the figures, each with its line."""

    line: int
    collective: str = ""
    ranks: dict[int, tuple[str, str]] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    figures: list[tuple[int, list[str]]] = field(default_factory=list)
    ended: bool = False


def is_collectives_log(source: Source) -> bool:
    """Tell whether a text is a log of a collectives test."""
    if source.archive:
        return False
    head = source.text[:400_000]
    return bool(re.search(r"^.*#\s+size\s+count\b.*\btime\b.*\balgbw\s+busbw", head, re.MULTILINE)
                or ("# nThread" in head and "nGpus" in head) or "alg_bandwidth(GB/s)" in head)  # fmt: skip


def read_collectives_log(source: Source, options: ImportOptions) -> Imported:
    """Return one row a size.

    Raises InputError naming what is missing (ranks, the collective, a column), lines that ranks wrote into each other,
    and figures against the conventions.
    """
    if "alg_bandwidth(GB/s)" in source.text:
        return _hccl(source, options)
    problems: list[Problem] = []
    blocks = [b for b in _blocks(source, problems) if b.figures or b.ranks or not b.ended]
    return read_blocks(source, "a log of nccl-tests or its kin", blocks, options, problems)


def read_blocks(
    source: Source, form: str, blocks: Sequence[Block], options: ImportOptions, problems: list[Problem]
) -> Imported:
    """Return the rows of runs that were found in a file of some form; raises InputError with all that is wrong."""
    rows: list[dict[str, Any]] = []
    said = [f"{form}: {len(blocks)} run(s)"]
    for block in blocks:
        rows += _rows(source, block, options, problems, said)
    if not rows and not problems:
        figures = [line for block in blocks for line, _ in block.figures]
        problems.append(
            Problem(source.name, figures[0], "", "every line of figures has wrong results")
            if figures
            else Problem(source.name, None, "", "holds no line of figures", "the run failed or was cut off")
        )
    refuse(source, form, problems)
    return rows_made(source, options, "collectives", COLUMNS, rows, said)


def _bare(line: str) -> str:
    # A time and a pod may stand before what the launcher wrote.
    for _ in range(3):
        bare = _PREFIX.sub("", line, count=1)
        if bare == line:
            break
        line = bare
    return line.rstrip()


def _blocks(source: Source, problems: list[Problem]) -> list[Block]:
    blocks = [Block(1)]
    for number, raw in source.lines():
        line = _bare(raw)
        block = blocks[-1]
        if "# nThread" in line or "Collective test starting" in line:
            if line.count("# nThread") > 1:
                problems.append(_mixed(source, number))
            # The name's line and the arguments' line open one block together.
            if block.figures or block.ranks or block.ended:
                blocks.append(Block(number))
            if found := _NAMED.search(line):
                blocks[-1].collective = PROGRAMS.get(found[1], "")
        elif line.count(" Pid ") > 1:
            problems.append(_mixed(source, number))
        elif found := _DEVICE.match(line):
            rank = int(found[1])
            if rank in block.ranks:
                problems.append(Problem(source.name, number, "Rank", f"rank {rank} stands twice in one run",
                                        "every process ran a test of its own (built without MPI?), or two runs wrote"
                                        " into one file"))  # fmt: skip
            block.ranks[rank] = (found[2], found[3].strip())
        elif re.search(r"#\s+size\s+count\b", line):
            block.header = tuple(line.lstrip("# ").split())
        elif re.search(r"Avg bus bandwidth|Out of bounds values", line):
            block.ended = True
        elif not block.ended and block.header and re.match(r"\s*\d+\s+\d+\s+\S+", line):
            block.figures.append((number, line.split()))
        elif not block.header and not block.collective and (found := _NAMED.search(line)):
            block.collective = PROGRAMS.get(found[1], "")
    return blocks


def _mixed(source: Source, line: int) -> Problem:
    return Problem(source.name, line, "", "two ranks wrote into one line", "write one file a rank (mpirun"
                   " --output-filename, srun -o %t) and import that of rank 0")  # fmt: skip


def _rows(
    source: Source, block: Block, options: ImportOptions, problems: list[Problem], said: list[str]
) -> list[dict[str, Any]]:
    ranks = _ranks(source, block, options, problems)
    hosts = len({host for host, _ in block.ranks.values()}) or 1
    cards = {card_label(card) for _, card in block.ranks.values() if card}
    if len(cards) > 1:
        problems.append(
            Problem(source.name, block.line, "", f"the ranks ran on unlike cards: {', '.join(sorted(cards))}")
        )
    if not block.ended:
        said.append(
            f"the run of line {block.line} is cut off before its summary: {len(block.figures)} sizes are there"
        )
    read = [(line, _figures(source, line, cells, block.header, problems)) for line, cells in block.figures]
    figures = [(line, values) for line, values in read if values is not None]
    kind = options.given.get("collective") or block.collective or _by_file(source)
    kind = kind or _told([values for _, values in figures], ranks)
    if figures and not kind:
        problems.append(Problem(source.name, figures[0][0], "collective", "is not named, and the figures fit several or"
                                " none", "give --given collective=all_gather (or what it was)"))  # fmt: skip
        return []
    rows: list[dict[str, Any]] = []
    for line, values in figures if ranks else ():
        if values["wrong"] not in (0.0, None):
            said.append(f"line {line}: {values['wrong']:g} wrong results, left out")
            continue
        problem = _against(values, kind, ranks)
        if problem:
            problems.append(Problem(source.name, line, "busbw", problem))
            continue
        inside = "" if values["in_place"] is None else f"; in-place busbw {values['in_place']:g} GB/s"
        rows.append({
            "gpu": next(iter(cards), ""), "n_gpus": ranks, "collective": kind, "size_bytes": values["size"],
            "algbw_GBs": values["algbw"], "busbw_GBs": values["busbw"],
            "fabric": f"{hosts} node{'s' if hosts > 1 else ''}",
            "notes": f"time_us={values['time']:g}{inside}; {values['type']}",
        })  # fmt: skip
    if rows and hosts > 1 and "fabric" not in options.given:
        said.append(
            "the log does not name the NICs: give --given fabric='2 nodes, 8x400G' (as it is) for `validate`"
        )
    if rows and not cards and "gpu" not in options.given:
        said.append("the log does not name the card: give --given gpu=…")
    return rows


def _ranks(source: Source, block: Block, options: ImportOptions, problems: list[Problem]) -> int:
    """Ranks of a run: those that the log lists, all of them, or what the user says."""
    if "n_gpus" in options.given:
        read = number_of(options.given["n_gpus"], where="--given", key="n_gpus")
        return int(read) if isinstance(read, float) else 0
    if not block.ranks:
        problems.append(Problem(source.name, block.line, "Rank", "the lines of '# Using devices' are missing",
                                "give --given n_gpus=8 and gpu=… (as they were)"))  # fmt: skip
        return 0
    if len(block.ranks) < max(block.ranks) + 1:
        missing = (rank for rank in range(max(block.ranks) + 1) if rank not in block.ranks)
        shown = ", ".join(map(str, islice(missing, 8)))
        problems.append(Problem(source.name, block.line, "Rank", f"rank(s) {shown} of {max(block.ranks) + 1} are not"
                                " listed: the list is cut off, or lines were lost"))  # fmt: skip
    return max(block.ranks) + 1


def _figures(
    source: Source, line: int, cells: Sequence[str], header: Sequence[str], problems: list[Problem]
) -> dict[str, Any] | None:
    """The figures of a line by the names of the header."""
    if len(cells) != len(header):
        what = "two ranks wrote into one line" if len(cells) > len(header) else "the line is cut off"
        problems.append(
            Problem(source.name, line, "", f"{what}: {len(cells)} cells under {len(header)} columns")
        )
        return None
    at = {name: header.index(name) for name in ("size", "time", "algbw", "busbw", "type", "redop", "root")
          if name in header}  # fmt: skip
    out: dict[str, Any] = {name: cells[at[name]] if name in at else "" for name in ("type", "redop", "root")}
    for name in ("size", "time", "algbw", "busbw"):
        if name not in at:
            problems.append(Problem(source.name, line, name, "no such column in the header"))
            return None
        read = number_of(cells[at[name]], where=source.name, key=name)
        if isinstance(read, Problem):
            problems.append(Problem(source.name, line, name, read.what, read.hint))
            return None
        out[name] = read
    wrong = cells[at["busbw"] + 1] if len(cells) > at["busbw"] + 1 else ""
    count = number_of(wrong)
    # Older releases print the largest error there, of which rounding makes a little.
    out["wrong"] = (
        count if isinstance(count, float) and header[at["busbw"] + 1] in ("#wrong", "errors") else None
    )
    later = [i for i, name in enumerate(header) if name == "busbw"][1:]
    inside = number_of(cells[later[0]]) if later else None
    out["in_place"] = inside if isinstance(inside, float) else None
    return out


def _by_file(source: Source) -> str:
    """The collective that the file's own name holds."""
    names = sorted(PROGRAMS, key=len, reverse=True)
    return next((PROGRAMS[name] for name in names if name in source.path.name.lower()), "")


def _told(figures: Sequence[Mapping[str, Any]], ranks: int) -> str:
    """The collective of a log that does not name it: what most of its lines are by the ratio of their two rates."""
    votes = Counter(vote for values in figures if (vote := _vote(values, ranks)))
    return votes.most_common(1)[0][0] if votes else ""


def _vote(values: Mapping[str, Any], ranks: int) -> str:
    if not values["algbw"] or ranks < 2:
        return ""
    ratio, reduces = values["busbw"] / values["algbw"], values["redop"] not in ("", "none")
    fits = [kind for kind in (("all_reduce", "reduce_scatter") if reduces else ())
            if abs(ratio / float(bus_factor(kind, ranks)) - 1) < _SLACK + 0.01 / values["algbw"]]  # fmt: skip
    rooted = values["root"] not in ("", "-1")
    if reduces and rooted:
        return "reduce"
    return fits[0] if len(fits) == 1 else ""


def _against(values: Mapping[str, Any], kind: str, ranks: int) -> str:
    """What of a line is against the conventions, or nothing."""
    known = {"sendrecv": "send"}.get(kind, kind)
    if known not in KINDS:
        return f"{kind!r} is no collective that is modelled here; {suggest(kind, KINDS)}"
    factor = float(bus_factor(known, ranks))
    size, time, alg, bus = (values[key] for key in ("size", "time", "algbw", "busbw"))
    if time <= 0:
        return f"a time of {time:g} us is none"
    found = size / time / 1e3
    # Half of the last digit of the rate and of the time, and a hundredth.
    if abs(found - alg) > 0.0051 + _SLACK * found + found * 0.05 / time:
        return f"algbw {alg:g} GB/s is not the size over the time ({found:.4g} GB/s)"
    if abs(alg * factor - bus) > 0.0051 * (1 + factor) + _SLACK * bus:
        return f"{bus:g} GB/s is not algbw x {factor:.4g}, the bus factor of {kind} on {ranks} ranks"
    return ""


def _hccl(source: Source, options: ImportOptions) -> Imported:
    """Ascend's hccl_test: sizes, mean time and algorithm rate; the command or the user names the rest."""
    problems: list[Problem] = []
    said_name = next((m[1] for m in _NAMED.finditer(source.text) if m[1] in PROGRAMS), "")
    named = options.given.get("collective") or PROGRAMS.get(said_name) or _by_file(source)
    launched = re.search(r"(?:-np?|-n)\s+(\d+)\b", source.text)
    ranks = number_of(options.given.get("n_gpus") or (launched[1] if launched else ""))
    if not named:
        problems.append(
            Problem(source.name, None, "collective", "is not named", "give --given collective=all_reduce")
        )
    if isinstance(ranks, Problem):
        problems.append(Problem(source.name, None, "n_gpus", "the number of ranks is not in the log",
                                "give --given n_gpus=8"))  # fmt: skip
    rows, said = [], ["a log of hccl_test"]
    for line, raw in source.lines():
        cells = [cell.strip() for cell in _bare(raw).split("|")]
        if len(cells) < 4 or not cells[0].isdigit():
            if cells[0].isdigit() and len(cells) > 1:
                problems.append(Problem(source.name, line, "", "the line is cut off"))
            continue
        read = [number_of(cell, where=source.name) for cell in cells[:3]]
        bad = next((one for one in read if isinstance(one, Problem)), None)
        if bad:
            problems.append(Problem(source.name, line, "", bad.what, bad.hint))
            continue
        size, time, alg = (float(one) for one in read if isinstance(one, float))
        if cells[3].lower().startswith("fail"):
            said.append(f"line {line}: the result was wrong, left out")
            continue
        if time <= 0 or abs(size / time / 1e3 / alg - 1 if alg else 1.0) > 0.02 + 5e-6 / max(alg, 1e-9):
            problems.append(
                Problem(source.name, line, "alg_bandwidth", f"{alg:g} GB/s is not the size over the time")
            )
            continue
        if problems or not isinstance(ranks, float):
            continue
        known = {"sendrecv": "send"}.get(named, named)
        rows.append({"gpu": "", "n_gpus": ranks, "collective": named, "size_bytes": size, "algbw_GBs": alg,
                     "busbw_GBs": alg * float(bus_factor(known, int(ranks))), "fabric": "",
                     "notes": f"time_us={time:g}; busbw derived"})  # fmt: skip
    if not rows and not problems:
        problems.append(Problem(source.name, None, "", "holds no line of figures"))
    refuse(source, "a log of hccl_test", problems)
    lacks = [key for key in ("gpu", "fabric") if key not in options.given]
    said += [f"the log does not name {' and '.join(lacks)}: give --given {lacks[0]}=…"] if lacks else []
    return rows_made(source, options, "collectives", COLUMNS, rows, said)
