"""One process at a time runs a study: its folder is held for as long as the process lives."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clustersim.errors import InputError

__all__ = ["LOCK_FILE", "held"]

LOCK_FILE = ".lock"
_HELD: set[str] = set()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder, which must exist, for this process alone; however the process ends, it lets go.

    A record lock is used: worker processes do not inherit it, so that one that outlives a killed parent holds nothing.
    The file goes when the work is done; whoever waited for the removed file takes the new one.

    Raises InputError, naming the other process, where the folder is held already, or cannot be written.
    """
    path = folder / LOCK_FILE
    key = str(folder.resolve())
    if key in _HELD:
        raise _refusal(folder, "this process")
    descriptor = _take(folder, path)
    _HELD.add(key)
    try:
        yield
    finally:
        _HELD.discard(key)
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _take(folder: Path, path: Path) -> int:
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
        try:
            _lock(descriptor)
        except OSError:
            owner = os.read(descriptor, 200).decode(errors="replace").strip()
            os.close(descriptor)
            raise _refusal(folder, owner or "another process") from None
        if _is_still(path, descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
            return descriptor
        os.close(descriptor)  # its holder removed it between our two steps


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows: there the removal of an open file fails instead
        return
    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _refusal(folder: Path, owner: str) -> InputError:
    return InputError(f"{folder}: {owner} is running this study; wait for it, or stop it and resume")
