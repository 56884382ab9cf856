"""Long questions on processes of their own: progress, cancel, a bounded number at a time, the last answers kept."""

from __future__ import annotations

import contextlib
import multiprocessing
import secrets
import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.report.spoken_errors import chinese_error
from clustersim.web.kinds import Ask, File, told
from clustersim.web.processes import end_with_the_server

__all__ = ["AT_ONCE", "MOST_FILES", "MOST_JOBS", "Board"]

AT_ONCE = 2
#: More jobs than these wait for nobody; the oldest that are done make room.
MOST_JOBS = 64
#: Files of answers that are kept, the newest: a proposal in every form is some megabytes.
MOST_FILES = 8


@dataclass
class Job:
    """One question: how far it is, and its answer or why there is none."""

    ask: Ask
    state: str = "waiting"
    progress: float = 0.0
    answer: Any = None
    file: File | None = None
    error: str = ""
    process: BaseProcess | None = None
    cancelled: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def told(self, name: str) -> dict[str, Any]:
        """Return what is said of the job; its answer once it is done."""
        said = {"id": name, "kind": self.ask.kind, "state": self.state, "progress": self.progress}
        return {
            **said,
            **({"error": self.error, "error_zh": chinese_error(self.error)} if self.error else {}),
            **({"answer": self.answer} if self.answer else {}),
        }


class Board:
    """The jobs of a server. They end with it: a job that a restarted server does not know is asked again."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(at_once)
        self._closed = False

    def start(self, ask: Ask) -> str:
        """Start a job and return its name; raises InputError where too many wait."""
        with self._lock:
            finished = [n for n, j in self._jobs.items() if j.done.is_set()]
            for old in finished[: max(0, len(self._jobs) - MOST_JOBS + 1)]:
                del self._jobs[old]
            if len(self._jobs) >= MOST_JOBS:
                raise InputError(f"{MOST_JOBS} jobs wait or run: cancel some")
            name, job = secrets.token_hex(8), Job(ask)
            self._jobs[name] = job
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return name

    def told(self, name: str) -> dict[str, Any] | None:
        """Return what is known of a job; None where there is none by that name."""
        with self._lock:
            job = self._jobs.get(name)
        return None if job is None else job.told(name)

    def file(self, name: str) -> File | None:
        """Return the file that a job answered with; None where there is no such job, or none of its file is kept."""
        with self._lock:
            job = self._jobs.get(name)
            return None if job is None else job.file

    def _keep(self, job: Job, file: File) -> None:
        """Keep the file of an answer, and let go of the oldest beyond those that are kept."""
        with self._lock:
            job.file = file
            kept = [one for one in self._jobs.values() if one.file is not None]
            for old in kept[: max(0, len(kept) - MOST_FILES)]:
                old.file = None

    def cancel(self, name: str) -> bool:
        """End a job; False where there is none by that name."""
        with self._lock:
            job = self._jobs.get(name)
        if job is None:
            return False
        job.cancelled = True
        # One that is not started yet is ended by its own thread, as soon as it is.
        if job.process is not None and job.process.pid is not None:
            job.process.terminate()
        return True

    def close(self) -> None:
        """End every job."""
        self._closed = True
        for name in list(self._jobs):
            self.cancel(name)

    def _run(self, job: Job) -> None:
        try:
            with self._slots:
                if not job.cancelled and not self._closed:
                    self._ask(job)
        finally:
            if job.cancelled:
                job.state = "cancelled"
            job.done.set()

    def _ask(self, job: Job) -> None:
        ours, theirs = multiprocessing.get_context("spawn").Pipe(duplex=False)
        job.process = multiprocessing.get_context("spawn").Process(
            target=work, args=(job.ask, theirs), daemon=True
        )
        job.state = "running"
        job.process.start()
        if job.cancelled:
            job.process.terminate()
        theirs.close()
        try:
            while True:
                word, value = ours.recv()
                if word == "progress":
                    job.progress = float(value)
                    continue
                if word == "file":
                    self._keep(job, value)
                    continue
                job.state, job.progress = word, 1.0
                job.answer, job.error = (value, "") if word == "done" else (None, value)
                return
        except EOFError:
            job.state, job.error = "failed", "the process of the job ended without an answer; ask again"
        finally:
            ours.close()
            job.process.join()


def work(ask: Ask, pipe: Connection) -> None:
    """Ask one question in a process of its own and send its answer through the pipe."""
    end_with_the_server()
    try:
        answer, file = told(ask, lambda share: pipe.send(("progress", min(max(float(share), 0.0), 1.0))))
        if file is not None:
            pipe.send(("file", file))
        pipe.send(("done", answer))
    except ClusterSimError as error:
        with contextlib.suppress(OSError):
            pipe.send(("failed", str(error)))
    except BrokenPipeError:
        pass  # the server has gone: nobody waits for the answer
    finally:
        pipe.close()
