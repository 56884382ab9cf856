"""The one way to write a file: beside its place, to the disk, then renamed; a failure keeps the old one."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from clustersim.errors import InputError
from clustersim.reading.guarded import printable

__all__ = ["LEFT_OVER", "file_stem", "scratch", "write_beside", "write_bytes"]

#: What a killed process leaves beside its files.
LEFT_OVER = ".*.part"


def file_stem(name: str) -> str:
    """Return a name of the user's as the name of a file: what file systems refuse is a dash, the end of a long one cut.

    >>> file_stem("scenarios/br1.5.yaml"), file_stem("a:b\\x1b"), len(file_stem("n" * 300))
    ('br1.5', 'a-b-', 100)
    """
    last = re.sub(r"\.ya?ml$", "", re.split(r"[/\\\\]", name)[-1])
    safe = re.sub(r'[\x00-\x1f\x7f-\x9f:*?"<>|]', "-", last)
    return safe.encode()[:100].decode(errors="ignore").strip(". ") or "answer"


@contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path``; what is written there is on the disk before it takes its place.

    Raises InputError where the file cannot be written: a full disk, no permission, a folder of that name.
    """
    if not path.name:
        raise InputError(f"{printable(str(path))!r} is no name of a file")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        _to_disk(temporary)
        temporary.replace(path)
        with suppress(OSError):  # some file systems keep no order of renames: nothing more can be done
            _to_disk(path.parent)
    except Exception as error:
        cause = _of_system(error)
        if cause is None:
            raise
        name = printable(str(path))
        raise InputError(f"{name}: cannot be written ({cause.strerror or cause})") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file.

    Raises InputError as ``write_beside`` does.
    """
    with write_beside(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for files that nobody keeps.

    Raises InputError where it cannot be made or written, for example on a full disk.
    """
    try:
        with TemporaryDirectory() as folder:
            yield Path(folder)
    except OSError as error:
        if error.filename is not None and not str(error.filename).startswith(tempfile.gettempdir()):
            raise
        raise InputError(
            f"temporary files cannot be written ({error.strerror or error}); free some space, or name another folder by"
            " TMPDIR"
        ) from None


def _of_system(error: Exception) -> OSError | None:
    """The system's error, also where a library has wrapped it in one of its own."""
    if isinstance(error, OSError):
        return error
    first = error.args[0] if error.args else None
    return first if isinstance(first, OSError) else None


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
