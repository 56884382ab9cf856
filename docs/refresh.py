"""Run every command that the documents quote and put its output in place: ``python docs/refresh.py [--check]``.

A quoted command stands as ``<!-- output of: clustersim … -->`` right before a fenced block.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUOTE = re.compile(r"(<!-- output of: (clustersim [^\n]*?) -->\n```\n)(.*?)(^```)", re.DOTALL | re.MULTILINE)


def output_of(command: str) -> str:
    """Return what a command prints."""
    words = [sys.executable, "-m", *shlex.split(command)]
    return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout.rstrip()


def refreshed(text: str) -> str:
    """Return a document with every quoted output as it is now."""
    return QUOTE.sub(lambda m: m[1] + output_of(m[2]) + "\n" + m[4], text)


def documents() -> list[Path]:
    """Return the documents that may quote commands."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def main() -> int:
    """Refresh the documents, or with ``--check`` only say which are stale."""
    stale = []
    for path in documents():
        old = path.read_text(encoding="utf-8")
        new = refreshed(old)
        if new != old:
            stale.append(path)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    for path in stale:
        sys.stderr.write(f"{path.relative_to(ROOT)} {'is stale' if '--check' in sys.argv else 'refreshed'}\n")
    return 5 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
