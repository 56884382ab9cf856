"""Run every command and block of code that the documents quote and put its output in place: ``refresh.py [--check]``.

Two forms are run. ``<!-- output of: clustersim … -->`` right before a fenced block, from the root of the repository, is
that of README and the explanations (``docs/*.md``). On the pages to learn from (``docs/*/*.md``) the fenced blocks are
run one after the other in an empty folder of the page's own:

* ``console``: each line ``$ COMMAND`` in a shell, followed by what it prints (and, where it fails, ``[exit code N]``);
* ``python``: as one program after the other with shared names; a block ``text`` right after it holds what it prints;
* ``yaml``, ``toml`` or ``python`` whose first line is ``# file: NAME``: written to that file.

Pages in ``zh`` are run with ``CLUSTERSIM_LANG=zh``; a page of ``code-cell`` blocks is a notebook, which the site runs
as it is built. ``--pages`` refreshes the pages to learn from alone, ``--top`` the others.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUOTE = re.compile(r"(<!-- output of: (clustersim [^\n]*?) -->\n```\n)(.*?)(^```)", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(
    r"^```(console|python|toml|yaml)\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE
)


#: Pages that the site writes from the program.
WRITTEN = {"keys.md", "messages.md"}


def output_of(command: str) -> str:
    """Return what a command prints."""
    words = [sys.executable, "-m", *shlex.split(command)]
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout.rstrip()


def refreshed(text: str) -> str:
    """Return a document with every quoted output as it is now."""
    return QUOTE.sub(lambda m: m[1] + output_of(m[2]) + "\n" + m[4], text)


class Page:
    """The folder and the names that the blocks of one page share."""

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.folder = folder
        self.names: dict[str, object] = {"__name__": "__main__"}
        (folder / ".bin").mkdir()
        program = folder / ".bin" / "clustersim"
        text = "import sys; sys.argv[0] = 'clustersim'; from clustersim.cli.main import main; main()"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{text}" "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        own = str(Path(sys.executable).parent)
        path = os.pathsep.join([str(folder / ".bin"), own, os.environ.get("PATH", "")])
        self.env = os.environ | {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
            "CLUSTERSIM_LANG": language,
        }

    def block(self, match: re.Match[str]) -> str:
        """Run one block and return it as it is now."""
        kind, body, printed = match[1], match[2], match[3]
        if kind == "console":
            commands = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
            lines = [self._asked(c) for c in commands]
            return "```console\n" + "".join(lines) + "```"
        head, _, _ = body.partition("\n")
        if head.startswith("# file: "):
            file = self.folder / head.removeprefix("# file: ").strip()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
            return match[0]
        if kind in {"yaml", "toml"}:
            return match[0]
        found = self._program(body)
        if printed is None:
            return match[0]
        return f"```python\n{body}```\n\n```text\n{found}```"

    def _asked(self, text: str) -> str:
        """A command as it was typed (a backslash continues it), and what it prints."""
        lines = text.splitlines()
        count = 1
        while lines[count - 1].endswith("\\"):
            count += 1
        command = "\n".join(lines[:count])
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd=self.folder,
            env=self.env,
        )
        out = [line.rstrip() for line in (done.stdout + done.stderr).rstrip().splitlines()]
        if done.returncode not in (0, 141):  # 141: the reader of a pipe had enough
            out.append(f"[exit code {done.returncode}]")
        text = "\n".join([f"$ {command}", *out]).replace(f"{ROOT}/", "")
        return text + "\n"

    def _program(self, body: str) -> str:
        shown = io.StringIO()
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(shown):
                exec(compile(body, "<page>", "exec"), self.names)
        finally:
            os.chdir(before)
        text = shown.getvalue().rstrip().replace(f"{ROOT}/", "")
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def learned(text: str, language: str = "en") -> str:
    """Return a page to learn from with every block run; its commands speak the page's language."""
    with tempfile.TemporaryDirectory() as folder:
        page = Page(Path(folder), language)
        return BLOCK.sub(page.block, text)


def documents() -> list[Path]:
    """Return README and the explanations."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def pages() -> list[Path]:
    """Return the pages to learn from."""
    return [
        p
        for p in sorted((ROOT / "docs").glob("*/*.md"))
        if p.parent.name != "_build" and p.name not in WRITTEN
    ]


def spoken(path: Path) -> str:
    """Return the language of a page: that of its folder."""
    return "zh" if path.parent.name == "zh" else "en"


def asked() -> Iterator[tuple[Path, str, str]]:
    """Yield every document with its text before and after."""
    if "--pages" not in sys.argv:
        for path in documents():
            old = path.read_text(encoding="utf-8")
            yield path, old, refreshed(old)
    if "--top" not in sys.argv:
        only = [a for a in sys.argv[1:] if not a.startswith("-")]
        wanted = [p for p in pages() if not only or any(str(p).endswith(a) for a in only)]
        # Each page has a folder of its own: they are run beside each other, those with most commands first.
        texts = {p: p.read_text(encoding="utf-8") for p in wanted}
        longest = sorted(wanted, key=lambda p: -texts[p].count("\n$ "))
        with ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, 8)) as pool:
            for path, new in zip(
                longest, pool.map(learned, [texts[p] for p in longest], map(spoken, longest)), strict=True
            ):
                yield path, texts[path], new


def main() -> int:
    """Refresh the documents, or with ``--check`` only say which are stale."""
    sys.path.insert(0, str(ROOT))
    stale = []
    for path, old, new in asked():
        if new != old:
            stale.append(path)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    for path in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} {'is stale' if '--check' in sys.argv else 'refreshed'}\n")
    return 5 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
