"""Bytes and text of a file from outside.

A pipe, a device or a folder is refused before anything is read from it, so that nothing hangs; a file larger than the
limit is refused, compressed or not; the encoding is found out and known to the caller; a NUL byte is no text.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clustersim.errors import InputError

__all__ = [
    "GBK", "LIMIT_BYTES", "ONLY", "READ_LOG", "Text", "decode", "file_sha256", "is_file", "limit_bytes",
    "look_at_folder", "looked_at", "printable", "read_bytes", "read_text", "stamp", "unchanged",
]  # fmt: skip

#: A text file from outside is at most this long, unless more is asked for.
LIMIT_BYTES = 16_000_000
#: The variable that asks for more, in MB (10^6 bytes).
LIMIT_VARIABLE = "CLUSTERSIM_READ_LIMIT_MB"
#: The variable that names a file to which the path of every file that is read is added: what a result rests on.
READ_LOG = "CLUSTERSIM_READ_LOG"
#: The variable that names the one folder to read in: a bundle is recomputed from its own files alone.
ONLY = "CLUSTERSIM_ONLY"
_PROGRAM = Path(__file__).resolve().parent.parent
GBK = "gb18030"
_BLOCK = 1 << 20
#: Longest mark first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_BREAK = re.compile(r"\r\n|\r|\n")
_WIDE = re.compile(r"[^\x00-\x7f]")
#: Not Latin, Greek or Cyrillic, among what UTF-8 writes in two bytes.
_STRANGE = re.compile(r"[\u0180-\u036f\u0500-\u07ff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file, its name for messages, and the encoding that it was in."""

    name: str
    text: str
    encoding: str


def printable(text: str, longest: int = 300) -> str:
    r"""Make text from outside fit for a terminal: control characters are shown, not sent; the end of a long one is cut.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    shown = _CONTROL.sub(lambda m: m[0].encode("unicode_escape").decode(), text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def limit_bytes() -> int:
    """Return how long a file may be: 16 MB, or what ``$CLUSTERSIM_READ_LIMIT_MB`` asks for.

    Raises InputError where the variable is no positive whole number of MB.
    """
    asked = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not asked:
        return LIMIT_BYTES
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 7 and int(asked)):
        raise InputError(
            f"${LIMIT_VARIABLE}={printable(asked)!r}: give a whole number of MB between 1 and 9999999"
        )
    return int(asked) * 1_000_000


def is_file(path: str | Path) -> bool:
    """Return whether ``path`` is a regular file; False, not an error, for a name that no file can have."""
    return _regular(path) is not None


def stamp(path: str | Path) -> int:
    """Return the time of the last change of a file in ns, 0 where there is none: the key of a cache of its content."""
    return _regular(path) or 0


def _regular(path: str | Path) -> int | None:
    """When a regular file changed last; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 -- asked for every point of a study
    except (OSError, ValueError):
        found = None
    changed = found.st_mtime_ns if found is not None and stat.S_ISREG(found.st_mode) else None
    if (seen := _SEEN.get()) is not None:
        seen[str(path)] = changed
    return changed


#: What was looked at on disk, where somebody wants to know: when each place changed last.
_SEEN: ContextVar[dict[str, int | None] | None] = ContextVar("seen", default=None)


@contextmanager
def looked_at() -> Iterator[dict[str, int | None]]:
    """Note every file that is looked for or read inside, and when it changed last; None where there is none."""
    seen: dict[str, int | None] = {}
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def look_at_folder(path: str | Path) -> None:
    """Note a folder whose names are listed: it changes with them."""
    if (seen := _SEEN.get()) is not None:
        seen[str(path)] = _changed(str(path))


def unchanged(seen: Mapping[str, int | None]) -> bool:
    """Return whether all that was looked at is as it was."""
    return all(_changed(path) == changed for path, changed in seen.items())


def _changed(path: str) -> int | None:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116
    except (OSError, ValueError):
        return None


def read_bytes(path: str | Path, *, limit: int | None = None) -> bytes:
    """Return the bytes of a regular file of at most ``limit`` bytes (by default 16 MB).

    Raises InputError for a missing file, anything that is no regular file, a name that no file can have, a file that
    may not be read, one that is too long, and where ``$CLUSTERSIM_ONLY`` names a folder, one that lies outside it.
    """
    name = printable(str(path))
    allowed = limit_bytes() if limit is None else limit
    try:
        _refuse_outside(path, name)
        _refuse_special(Path(path).stat().st_mode, name)
        # A pipe that took the file's place meanwhile is opened without waiting for its writer, and refused below.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as handle:
            _refuse_special(os.fstat(descriptor).st_mode, name)
            data = _blocks(handle, allowed)
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except ValueError:
        raise InputError(f"{name}: no file can have this name") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from None
    if len(data) > allowed:
        raise InputError(_too_long(name, allowed))
    if log := os.environ.get(READ_LOG):
        with Path(log).open("a", encoding="utf-8") as written:
            written.write(f"{os.path.abspath(path)}\0")  # noqa: PTH100 -- a link stays the name that was asked for
    return data


def file_sha256(path: Path) -> str:
    """Return the digest of a file of the program's own, however long."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _blocks(handle: BinaryIO, allowed: int) -> bytes:
    """Read to the end, or to one block beyond what is allowed."""
    blocks: list[bytes] = []
    size = 0
    while size <= allowed and (block := handle.read(_BLOCK)):
        blocks.append(block)
        size += len(block)
    return b"".join(blocks)


def _refuse_special(mode: int, name: str) -> None:
    for is_kind, words in _KINDS:
        if is_kind(mode):
            advice = "" if words == "a folder" else "; copy its content into a file and give that"
            raise InputError(f"{name}: is {words}, not a file{advice}")


def _refuse_outside(path: str | Path, name: str) -> None:
    """Refuse what lies outside the one folder, by whatever links; the program's own tables may be read."""
    only = os.environ.get(ONLY)
    if not only:
        return
    at = Path(os.path.realpath(path))  # a ring of links is no error here: reading it will be
    own = at.is_relative_to(_PROGRAM) and not at.is_relative_to(_PROGRAM / "_shipped")
    if not (own or at.is_relative_to(os.path.realpath(only))):
        raise InputError(f"{name}: lies outside {printable(only)}, and only files in it may be read here")


def _too_long(name: str, allowed: int, what: str = "is longer than") -> str:
    return f"{name}: {what} {allowed / 1e6:g} MB; set {LIMIT_VARIABLE} where so long a file is meant"


def gunzip(data: bytes, name: str, limit: int) -> bytes:
    """Return the content of gzip data, at most ``limit`` bytes of it.

    Raises InputError for damaged data, and before more than the limit is unpacked.
    """
    out: list[bytes] = []
    size = 0
    rest = data
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            try:
                block = unpacker.decompress(rest, _BLOCK)
            except zlib.error as error:
                raise InputError(f"{name}: is damaged gzip data ({error})") from None
            rest = unpacker.unconsumed_tail
            size += len(block)
            if size > limit:
                raise InputError(_too_long(name, limit, "unpacks to more than"))
            if not block and not rest and not unpacker.eof:
                raise InputError(f"{name}: is damaged gzip data (it ends too early)")
            out.append(block)
        rest = unpacker.unused_data.lstrip(b"\0")  # members may follow each other; tapes pad with zeros
    return b"".join(out)


def decode(data: bytes, name: str, *, gbk: bool = True) -> Text:
    r"""Return bytes as text: UTF-8 with or without a mark, UTF-16 and UTF-32 with one, or GBK where nothing else fits.

    GBK has no mark, so it is taken only for text most of whose characters are common ones (GB 2312, level 1):
    Latin-1 and Big5 are refused, not read as Chinese. Without ``gbk`` it is refused by its name.

    >>> decode("芯片,1\n".encode("gbk"), "a.csv").encoding
    'gb18030'

    Raises InputError, with the line, for another encoding and for a NUL.
    """
    encoding = next((e for mark, e in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
        if gbk and encoding == "utf-8" and _is_gbk_by_chance(text, data):
            text, encoding = data.decode(GBK), GBK
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            kind = encoding.upper().removesuffix("-SIG")
            raise InputError(f"{name}: begins like {kind} but is not (byte {error.start})") from None
        text, encoding = _as_gbk(data, name, error.start), GBK
        if not gbk:
            line = 1 + data.count(b"\n", 0, error.start)
            raise InputError(
                f"{name}:{line}: is GBK text; save it as UTF-8 (iconv -f GB18030 -t UTF-8)"
            ) from None
    text = text.removeprefix("\ufeff")
    zero = text.find("\0")
    if zero >= 0:
        line = 1 + len(_BREAK.findall(text, 0, zero))
        wide = len(data) > 3 and (data[0] == 0) != (data[1] == 0)
        hint = "; it may be UTF-16 without its mark: save it as UTF-8" if wide else "; it is no text file"
        raise InputError(f"{name}:{line}: holds a NUL byte{hint}")
    return Text(name, text, encoding)


def _is_gbk_by_chance(text: str, data: bytes) -> bool:
    """A few Chinese words in GBK can be valid UTF-8: then they read as letters of scripts that never meet."""
    wide = set(_WIDE.findall(text[:100_000]))
    if not wide or max(wide) > "\u07ff" or not any(_STRANGE.match(c) for c in wide):
        return False
    try:
        return all(map(_is_common, _WIDE.findall(data.decode(GBK))))
    except UnicodeDecodeError:
        return False


def _as_gbk(data: bytes, name: str, bad: int) -> str:
    line = 1 + data.count(b"\n", 0, bad)
    refusal = InputError(f"{name}:{line}: not a UTF-8 text file (byte {bad}); save it as UTF-8")
    if b"\0" in data[:4096]:
        raise InputError(f"{name}: is no text file (byte {bad}); give text in UTF-8")
    try:
        text = data.decode(GBK)
    except UnicodeDecodeError:
        raise refusal from None
    wide = _WIDE.findall(text)
    if sum(map(_is_common, wide)) < 0.7 * len(wide):
        raise refusal
    return text


def _is_common(letter: str) -> bool:
    """Whether it is a sign or one of the 3,755 common characters of GB 2312, by its place in the table."""
    code = letter.encode(GBK)
    return len(code) == 2 and 0xA1 <= code[0] <= 0xD7 and code[1] >= 0xA1


def read_text(path: str | Path, *, limit: int | None = None, packed: bool = False, gbk: bool = True) -> Text:
    """Return the text of a file; ``packed`` allows gzip, ``gbk=False`` refuses GBK by its name.

    Raises InputError as ``read_bytes`` and ``decode`` do.
    """
    name = printable(str(path))
    allowed = limit_bytes() if limit is None else limit
    data = read_bytes(path, limit=allowed)
    if data.startswith(b"\x1f\x8b"):
        if not packed:
            raise InputError(f"{name}: is gzip data; unpack it first")
        data = gunzip(data, name, allowed)
    return decode(data, name, gbk=gbk)
