"""An existing Dask cluster as an executor: who answers, whether its workers are ours, and when nobody is left."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.extras import install_line
from clustersim.study.spec import StudySpec, inputs_digest
from clustersim.version import __version__

__all__ = ["Cluster", "open_cluster", "unlike", "worker_digest"]

#: How long a scheduler may have no worker at the start, and while there is work, in seconds.
JOIN_S, ALONE_S = 10.0, 15.0
#: How long a connection may take, how long what is connected may think before it says who it is, and how long a
#: scheduler may take to know us, in seconds. Dask before 2024.11 imports NumPy and pandas at both ends for the last.
CONNECT_S, ANSWER_S, KNOW_S = 4.0, 20.0, 60.0


def worker_digest(scenario: str, sets: tuple[tuple[str, Any], ...]) -> str:
    """Return the digest of a study's inputs as this process reads them, or its error in place of it."""
    try:
        return inputs_digest(scenario, dict(sets))
    except ClusterSimError as error:
        return str(error)


def unlike(where: str, digest: str) -> InputError:
    """Return the error for a worker whose digest, or whose error in place of it, is not the study's."""
    said = f" ({digest})" if " " in digest else ""
    return InputError(
        f"{where}: its profiles or scenario differ from the study's; give all the same files{said}"
    )


def _worker_version() -> str:
    return __version__


def _given(spec: StudySpec) -> StudySpec:
    """The study as a task's result, which a worker fetches once and, where its holders are gone, is made again."""
    return spec


class Cluster(Executor):
    """Dask's executor that notices when nobody is left to do the work."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._inner = client.get_executor(pure=False, retries=3)
        self._alone_since: float | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the cluster."""
        future: Future[Any] = self._inner.submit(fn, *args, **kwargs)
        return future

    def hold(self, spec: StudySpec) -> Any:
        """Give the study to the cluster once; what is returned stands for it in a task."""
        return self._client.submit(_given, spec, pure=False, retries=3)

    def check(self) -> None:
        """Raise InputError where the scheduler has had no worker for ALONE_S."""
        if self._client.nthreads():
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since >= ALONE_S:
            raise InputError(
                f"--scheduler {self._address}: all workers are gone; what is finished is kept: start a worker, then"
                " resume the study"
            )


@contextmanager
def open_cluster(address: str, spec: StudySpec | None) -> Iterator[tuple[Executor, int]]:
    """Open the cluster of a scheduler and say how many workers it has.

    Raises InputError where no scheduler answers, where it has no workers, where one has another version or other inputs
    than those of ``spec``, and where the scheduler is lost.
    """
    client = _connect(address)
    try:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=JOIN_S)  # workers may still be on their way to a new scheduler
        count = _check_workers(client, address, spec)
        yield Cluster(client, address), count
    except (ClusterSimError, KeyboardInterrupt):
        raise
    except (Exception, CancelledError) as error:
        # A lost scheduler shows as any of a dozen exceptions of the library and of the sockets below it.
        raise InputError(
            f"--scheduler {address}: lost it ({type(error).__name__}); what is finished is kept, resume the study"
        ) from None
    finally:
        with suppress(Exception, CancelledError):
            client.close(timeout=2)


def _check_workers(client: Any, address: str, spec: StudySpec | None) -> int:
    versions = client.run(_worker_version)
    if not versions:
        raise InputError(f"--scheduler {address}: has no workers; start at least one")
    for worker, version in versions.items():
        if version != __version__:
            raise InputError(
                f"worker {worker} has clustersim {version}, and this is {__version__}; install the same version"
            )
    if spec is not None:
        for worker, digest in client.run(worker_digest, spec.scenario, spec.sets).items():
            if digest != spec.inputs_digest:
                raise unlike(f"worker {worker}", digest)
    return len(versions)


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(f"--scheduler needs Dask; install {install_line('dask')}") from None
    # Its reports of lost connections are tracebacks; ours say what happened and what to do.
    # Each of its loggers has a level of its own, so the parent's does not do.
    for name in ("distributed", "tornado", "asyncio", *logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado", "asyncio"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    _refuse_other(address)
    make: Any = Client  # the library is untyped
    try:
        return make(address, timeout=f"{KNOW_S:g}s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise _silent(address, error) from None


def _silent(address: str, error: Exception) -> InputError:
    return InputError(f"--scheduler {address}: no answer from it ({type(error).__name__}); is it running?")


def _refuse_other(address: str) -> None:
    """Raise InputError unless a scheduler answers: the library's client waits without end for what says nothing."""
    try:
        who = asyncio.run(_who_answers(address))
    except (ValueError, TypeError) as error:  # no port, an unknown protocol, TLS without certificates
        raise InputError(
            f"--scheduler {address!r}: is not an address that can be used ({error}); give tcp://host:8786"
        ) from None
    except TimeoutError:
        raise InputError(
            f"--scheduler {address}: what listens there says nothing within {ANSWER_S:g} s; is it a scheduler?"
        ) from None
    except OSError as error:
        raise _silent(address, error) from None
    except Exception as error:  # what another protocol says is read as lengths of messages and as pickles
        raise InputError(
            f"--scheduler {address}: what answers is no Dask scheduler ({type(error).__name__})"
        ) from None
    if who != "Scheduler":
        raise InputError(f"--scheduler {address}: a Dask {who.lower()} answers; give its scheduler's address")


async def _who_answers(address: str) -> str:
    core, security = map(
        import_module, ("distributed.core", "distributed.security")
    )  # the library is untyped
    words = security.Security().get_connection_args("client")
    link = await asyncio.wait_for(core.connect(address, timeout=CONNECT_S, **words), ANSWER_S)
    try:
        await link.write({"op": "identity", "reply": True})
        said = await asyncio.wait_for(link.read(), ANSWER_S)
        return str(said["type"])
    finally:
        link.abort()
