"""Archives from outside (XLSX, ZIP): their members are unpacked only within stated limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from clustersim.errors import InputError
from clustersim.reading.guarded import printable, read_bytes

__all__ = ["Archive", "open_archive"]

#: All members together unpack to at most this, and there are at most so many of them.
UNPACKED_BYTES, MEMBERS = 64_000_000, 10_000
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose stated sizes are within the limits; what a member really holds is held to them as well."""

    name: str
    data: bytes
    names: tuple[str, ...]
    allowed: int

    def read(self, member: str) -> bytes:
        """Return a member's content.

        Raises InputError for a missing, damaged or encrypted member, and for one that unpacks to more than allowed.
        """
        where = f"{self.name}: {printable(member)}"
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as archive, archive.open(member) as handle:
                content = handle.read(self.allowed + 1)
        except KeyError:
            raise InputError(f"{where}: no such member") from None
        except _DAMAGED as error:
            raise InputError(f"{where}: cannot be unpacked ({error})") from None
        if len(content) > self.allowed:
            raise InputError(f"{where}: unpacks to more than {self.allowed / 1e6:g} MB")
        return content

    def stream(self) -> io.BytesIO:
        """Return the whole archive for a library that reads it, after every member was unpacked once within the limit.

        Raises InputError as ``read`` does.
        """
        left = self.allowed
        for member in self.names:
            left -= len(self.read(member))
            if left < 0:
                raise InputError(f"{self.name}: unpacks to more than {self.allowed / 1e6:g} MB")
        return io.BytesIO(self.data)


def open_archive(path: str | Path, *, limit: int | None = None, unpacked: int = UNPACKED_BYTES) -> Archive:
    """Open an XLSX or ZIP file of at most ``limit`` bytes whose members unpack to at most ``unpacked`` bytes.

    Raises InputError for a file that is no such archive and beyond the limits.
    """
    name = printable(str(path))
    data = read_bytes(path, limit=limit)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except _DAMAGED as error:
        raise InputError(f"{name}: is no XLSX or ZIP file ({error})") from None
    if len(members) > MEMBERS:
        raise InputError(f"{name}: has more than {MEMBERS:,} members")
    if sum(member.file_size for member in members) > unpacked:
        raise InputError(f"{name}: unpacks to more than {unpacked / 1e6:g} MB")
    return Archive(name, data, tuple(member.filename for member in members), unpacked)
