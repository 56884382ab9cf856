"""What nccl-tests (``-J FILE``) and rccl-tests (``--output_file``) write as JSON, as rows of collectives.

Layouts: nccl-tests src/util.cu (versions 2 and 3 of the file) and rccl-tests src/common.cu. nccl-tests names of every
process its first device alone, however many it drives: a process has threads x GPUs ranks by the file's ``config``. The
figures are checked as those of a log are, and the environment that the file holds is not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.errors import Problem
from clustersim.schema.imports.collective_logs import (
    HEADER,
    PROGRAMS,
    Block,
    is_collectives_log,
    read_blocks,
    read_collectives_log,
)
from clustersim.schema.imports.source import Fields, Imported, ImportOptions, Source

__all__ = ["is_collectives", "read_collectives"]

#: No machine has more ranks than this in one run: a list of them is made.
_MOST_RANKS = 1_000_000


def is_collectives(source: Source) -> bool:
    """Tell whether a file is of a collectives test: a log, or its JSON."""
    return is_collectives_log(source) or _is_nccl(source) or _is_rccl(source)


def _is_nccl(source: Source) -> bool:
    first = source.objects[0] if source.objects else {}
    config = first.get("config")
    return isinstance(config, Mapping) and {"nthreads", "ngpus"} <= set(config) and "args" in first


def _is_rccl(source: Source) -> bool:
    return bool(source.objects) and {"algBw", "busBw", "inPlace", "size"} <= set(source.objects[0])


def read_collectives(source: Source, options: ImportOptions) -> Imported:
    """Return one row a size.

    Raises InputError naming what is missing, and figures against the conventions.
    """
    problems: list[Problem] = []
    if _is_nccl(source):
        blocks = [_nccl(source.name, one, problems) for one in source.objects]
        return read_blocks(source, "the JSON of nccl-tests", blocks, options, problems)
    if _is_rccl(source):
        blocks = _rccl(source.name, source.objects, problems)
        return read_blocks(source, "the JSON of rccl-tests", blocks, options, problems)
    return read_collectives_log(source, options)


def _nccl(file: str, data: Mapping[str, Any], problems: list[Problem]) -> Block:
    f = Fields(file, data)
    each = (f.number("config.nthreads", needed=True) or 0) * (f.number("config.ngpus", needed=True) or 0)
    args = data.get("args")
    program = str(args[0]).rsplit("/", 1)[-1] if isinstance(args, list) and args else ""
    block = Block(1, PROGRAMS.get(program.removesuffix("_perf"), ""), header=HEADER)
    block.ended = "average_bus_bandwidth" in data
    devices, results = f.get("config.devices"), data.get("results")
    for at, device in enumerate(devices if isinstance(devices, list) else ()):
        one = Fields(f"{file}: config.devices.{at}", device if isinstance(device, Mapping) else {})
        first = one.number("rank")
        if first is None and not one.problems:
            one.problems.append(Problem(one.file, None, "rank", "is missing"))
        problems += one.problems
        # Whole numbers of a sane size alone make a list.
        if first is not None and first + each <= _MOST_RANKS:
            who = (one.text("hostname"), one.text("device_info"))
            block.ranks |= {int(first) + i: who for i in range(int(each))}
    for at, result in enumerate(results if isinstance(results, list) else ()):
        one = Fields(f"{file}: results.{at}", result if isinstance(result, Mapping) else {})
        if "out_of_place" in one.data and one.data["out_of_place"] is None:
            one.problems.append(Problem(one.file, None, "out_of_place", "was not run: the row is the out-of-place time",
                                        "run the test without a replay of a trace"))  # fmt: skip
        else:
            cells = _cells(one, "out_of_place.{}", "in_place.{}")
            block.figures += [] if one.problems else [(1, cells)]
        problems += one.problems
    problems += f.problems
    return block


def _cells(
    f: Fields, outside: str, inside: str, names: Sequence[str] = ("time", "alg_bw", "bus_bw", "nwrong")
) -> list[str]:
    """A result as the cells of a log's line; what is missing is kept with the fields' problems."""
    first = [
        f.number("size", needed=True),
        f.number("count"),
        f.text("type"),
        f.text("redop"),
        f.text("root"),
    ]
    time, alg, bus, wrong = names
    out = [f.number(outside.format(key), needed=True) for key in (time, alg, bus)]
    rest = [f.get(inside.format(key)) for key in (time, alg, bus)]
    return [
        "" if cell is None else str(cell)
        for cell in (*first, *out, f.get(outside.format(wrong)), *rest, f.get(inside.format(wrong)))
    ]


def _rccl(file: str, objects: Sequence[Mapping[str, Any]], problems: list[Problem]) -> list[Block]:
    """Records of rccl-tests: out of place and in place apart; another collective or cycle is another run."""
    blocks: dict[tuple[str, ...], Block] = {}
    inside = {_key(one): one for one in objects if str(one.get("inPlace")) == "1"}
    for at, one in enumerate(objects):
        if str(one.get("inPlace")) == "1":
            continue
        wrong = "wrong" if "wrong" in one else "#wrong"
        other = inside.get(_key(one), {})
        f = Fields(
            f"{file}: {at + 1}",
            {**one, "in": {key: other.get(key) for key in ("time", "algBw", "busBw", wrong)}},
        )
        ranks = f.number("ranks", "gpus", needed=True) or 0
        if not 0 < ranks <= _MOST_RANKS:
            problems += f.problems or [Problem(f.file, None, "ranks", "is no number of ranks")]
            continue
        name = f.text("name").lower()
        block = blocks.setdefault(_key(one)[1:], Block(1, PROGRAMS.get(name, ""), header=HEADER, ended=True))
        nodes = int(min(f.number("nodes") or 1, ranks))
        block.ranks = {i: (str(i * nodes // int(ranks)), "") for i in range(int(ranks))}
        cells = _cells(f, "{}", "in.{}", ("time", "algBw", "busBw", wrong))
        block.figures += [] if f.problems else [(1, cells)]
        problems += f.problems
    return list(blocks.values())


def _key(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(one.get(key)) for key in ("size", "numCycle", "name", "type", "redop", "ranks", "gpus", "nodes")
    )
