"""Run commands whose output goes where it cannot: a full device, a reader that went away, a closed descriptor.

The program is loaded once for all. Each command is computed once; where it shows its answer the process is split, once
for every format and every place.
``python sinks.py LOG`` takes a list of lists of words (JSON) on stdin and prints one line of JSON for each ending.
"""

from __future__ import annotations

import importlib
import io
import itertools
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

from clustersim import cli
from clustersim.cli import main as program
from clustersim.cli import options
from clustersim.report.answer import Answer

FORMATS = ("table", "json", "csv", "md", None)
PLACES = ("full", "gone", "closed")


def point_stdout(place: str) -> None:
    """Make descriptor 1, and Python's stream over it, what the shell would have given."""
    if place == "full":
        at = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, at = os.pipe()
        os.close(reader)
    os.dup2(at, 1)
    os.close(at)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
    if place == "closed":
        os.close(1)
        sys.stdout = None


def split(words: list[str], place: str, fmt: str | None, log: Path) -> bool:
    """True in a new process that writes to ``place``; here, False, when that process has ended and is reported."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
        point_stdout(place)
        return True
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    said = log.read_text(encoding="utf-8", errors="replace")
    print(
        json.dumps({"words": words, "place": place, "format": fmt, "code": code, "said": said}),
        file=REPORT,
        flush=True,
    )
    return False


def run(words: list[str], log: Path) -> None:
    """Run one command and report how it ends everywhere."""
    show = options.show

    def everywhere(answer: Answer, fmt: str | None, folder: Path | None) -> None:
        for place, fmt_ in itertools.product(("full", "gone"), FORMATS):
            if split(words, place, fmt_, log):
                show(answer, fmt_, folder)
                return
        raise KeyboardInterrupt

    if split(words, "closed", None, log):
        sys.argv = ["clustersim", *words]
        program.main()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    options.show = everywhere
    sys.argv = ["clustersim", *words]
    program.main()


def load() -> None:
    """Load what the commands load when they are asked."""
    for module in pkgutil.iter_modules(cli.__path__, "clustersim.cli."):
        importlib.import_module(module.name)
    importlib.import_module("clustersim.pipeline.chain")


REPORT: Any = None

if __name__ == "__main__":
    REPORT = os.fdopen(os.dup(1), "w", encoding="utf-8")
    load()
    for words in json.load(sys.stdin):
        run(words, Path(sys.argv[1]))
