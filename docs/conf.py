"""How the site is built: ``make docs``. Pages are Markdown; the program writes those of all keys and all errors."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import clustersim as cs  # noqa: E402

project = "clustersim"
author = "clustersim developers"
version = release = cs.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
source_suffix = {".md": "myst-nb"}
exclude_patterns = ["_build", "zh/**/_*"]
# Notebooks (pages of ``code-cell`` blocks) are run each time, in a folder of their own; a fault stops the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
html_theme = "furo"
html_title = f"clustersim {release}"
html_show_sphinx = False
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": False}
#: Single backticks of docstrings are code, as in Markdown.
default_role = "code"
suppress_warnings = ["myst.header"]

KEYS = """# Every input key

{count} keys, written from the schema when this site is built. `clustersim keys WORD --long` prints the same with
defaults and what reads them; [profiles](../profiles.md) explains the marks. Names of your own stand in capitals.

"""


def _cell(value: object) -> str:
    return (
        str(value if value is not None else "").replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    )


def write_keys(app: Any) -> None:
    """Write the page of all keys."""
    rows = cs.keys("").table
    wanted = ("key", "takes", "unit", "allowed", "usual")
    columns = [c for c in rows[0] if c in wanted] or list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [
        "| " + " | ".join(f"`{row[c]}`" if c == "key" else _cell(row[c]) for c in columns) + " |"
        for row in rows
    ]
    _write(HERE / "reference" / "keys.md", KEYS.format(count=len(rows)) + "\n".join(lines) + "\n")


MESSAGES = """# Every error by its words

{count} messages, written from the catalogue when this site is built: look for the words that do not change; `…` is
what does (a name, a value, a file). [Errors](errors.md) has their classes and exit codes, and what to do about the
usual ones.

"""


def _rooms() -> list[tuple[str, dict[str, str]]]:
    """The rooms of the catalogue of errors: what each says of itself, and its texts."""
    from clustersim.report.labels.errors import asked, brought, files, importers, machines, money, runs

    rooms = (files, asked, brought, importers, machines, runs, money)
    return [(str(room.__doc__).strip().rstrip("."), room.TEXTS) for room in rooms]


def write_messages(app: Any) -> None:
    """Write the page of all errors, English beside Chinese."""
    rooms = _rooms()
    lines = [MESSAGES.format(count=sum(len(texts) for _, texts in rooms))]
    for title, texts in rooms:
        lines += [f"## {title}\n", "| message | 中文 |", "|---|---|"]
        shown = {re.sub(r"\{\d*\}", "…", en): re.sub(r"\{\d*\}", "…", zh) for en, zh in texts.items()}
        lines += [f"| {_line(en)} | {_line(zh)} |" for en, zh in sorted(shown.items(), key=_by_words)] + [""]
    _write(HERE / "reference" / "messages.md", "\n".join(lines))


def _by_words(texts: tuple[str, str]) -> str:
    return re.sub(r"^\W+", "", texts[0]).lower()


def _line(text: str) -> str:
    """A message as one cell, nothing in it read as Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>|#$~])", r"\\\1", " ".join(text.split()))


def _write(page: Path, text: str) -> None:
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def check_names(app: Any, env: Any) -> None:
    """Stop the build where a public name, or a public method of one, is in no page."""
    from sphinx.errors import SphinxError

    objects = env.domaindata["py"]["objects"]
    missing = []
    for name in cs.__all__:
        found = getattr(cs, name)
        if name.startswith("__"):
            continue
        own = (
            [m for m, v in vars(found).items() if (callable(v) or isinstance(v, property)) and m[0] != "_"]
            if isinstance(found, type)
            else []
        )
        wanted = [f"clustersim.{name}", *(f"clustersim.{name}.{method}" for method in own)]
        missing += [one for one in wanted if one not in objects]
    if missing:
        raise SphinxError(f"public names that no page documents: {', '.join(missing)}")


def setup(app: Any) -> None:
    """Write the pages of keys and errors before the pages are read; hold the names against them when they are."""
    app.connect("builder-inited", write_keys)
    app.connect("builder-inited", write_messages)
    app.connect("env-check-consistency", check_names)
