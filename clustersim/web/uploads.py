"""A file that came with a question, kept for as long as it is read under a name of ours that no message tells."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clustersim.errors import ClusterSimError

__all__ = ["uploaded"]


@contextmanager
def uploaded(content: bytes) -> Iterator[Path]:
    """Yield the file's path; an error raised inside speaks of the upload.

    >>> with uploaded(b"a,b") as path:
    ...     path.read_text()
    'a,b'
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            yield path
        except ClusterSimError as error:
            raise type(error)(str(error).replace(str(path), "the upload")) from None
