"""A real Dask scheduler and its worker processes, for tests."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Cluster:
    """A scheduler and some workers, each a process."""

    def __init__(self, workers: int = 2) -> None:
        self.children: list[subprocess.Popen[str]] = []
        self.scheduler = self._start(
            ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        )
        self.address = self._said(self.scheduler, "Scheduler at:")
        for worker in [self.add_worker() for _ in range(workers)]:
            self._said(worker, "Registered to:")  # on a busy machine that takes longer than a study waits

    def add_worker(self, **environment: str) -> subprocess.Popen[str]:
        words = [self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        return self._start(["distributed.cli.dask_worker", *words], **environment)

    def _start(self, words: list[str], **environment: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=ROOT,
            env={**os.environ, **environment},
        )  # fmt: skip
        self.children.append(child)
        return child

    @staticmethod
    def _said(child: subprocess.Popen[str], words: str) -> str:
        assert child.stderr is not None
        for line in child.stderr:
            if words in line:
                return line.split(words)[1].strip()
        raise AssertionError(f"a process ended before it said {words!r}")

    @property
    def workers(self) -> list[subprocess.Popen[str]]:
        return self.children[1:]

    def close(self) -> None:
        for child in self.children:
            child.kill()
            child.wait()
            if child.stderr is not None:
                child.stderr.close()
