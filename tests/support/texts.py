"""What the sources say to people: every text and every template in them, and which words of one are still English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

#: Arguments that are words of matplotlib, not of ours.
_DRAWING = {"loc", "textcoords", "xycoords", "ha", "va", "which", "axis", "linestyle", "prop"}
_CALLS = {
    "compile",
    "endswith",
    "startswith",
    "removesuffix",
    "removeprefix",
    "sub",
    "match",
    "search",
    "split",
}
#: What is told beside errors: a problem of a file, and errors of other names.
_RAISED = {
    "Problem", "CheckFailed", "fail", "damaged", "_refusal", "_BadLine", "_LeftOut", "tell_once", "tell_idle",
}  # fmt: skip
_NO_WORDS = re.compile(r"^[\\^$<#]|\\[ds]|\.(csv|png|json|yaml|html|jsonl|docx|pdf|md)$|^[a-z0-9_.{}/:-]+$")
_ENGLISH = re.compile(r"(?<![\w.`-])[a-z]{2,}(?:,? (?:[a-z]{2,}|a))+(?![\w`-])")
#: Words of the field that Chinese keeps, and what one types.
_KEPT = re.compile(
    r"`[^`]*`|clustersim [a-z -]+|validate [a-z_]+ --data|forecast show|(?:recompute|micro-batch) \w+"
)


def said_in(source: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module with their lines; ``{}`` stands for what an f-string puts in."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    left_out = _left_out(tree)
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text.strip() and not _NO_WORDS.search(text.strip()):
            yield node.lineno, text


def _left_out(tree: ast.AST) -> set[int]:
    """Nodes whose texts nobody reads: docstrings, errors (they stay English), words of matplotlib, patterns."""
    out: set[int] = set()
    for node in ast.walk(tree):
        whole: list[ast.AST] = []
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            whole = [node.body[0]]
        elif (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or isinstance(
            node, ast.Raise | ast.Assert
        ):  # said of a field, behind it
            whole = [node]
        elif isinstance(node, ast.Subscript):
            whole = [node.slice]
        elif isinstance(node, ast.JoinedStr):
            out |= {id(v) for v in node.values if isinstance(v, ast.Constant)}
            whole = [
                v.format_spec for v in node.values if isinstance(v, ast.FormattedValue) and v.format_spec
            ]
        elif isinstance(node, ast.keyword) and node.arg in _DRAWING:
            whole = [node.value]
        elif isinstance(node, ast.Call) and _called(node) in _CALLS:
            whole = list(node.args)
        elif isinstance(node, ast.Call) and _called(node).endswith("Error"):
            whole = [node]
        for part in whole:
            out |= {id(n) for n in ast.walk(part)}
    return out


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def english_in(text: str) -> list[str]:
    """Return the runs of English words of a text that should have none left."""
    return _ENGLISH.findall(_KEPT.sub("", text))


def raised_in(source: Path) -> Iterator[tuple[int, str]]:
    """Yield what the errors of a module say, with its lines: of every error that it makes, and every problem."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (_called(node).endswith("Error") or _called(node) in _RAISED):
            inner = [part for one in ast.walk(node) for part in _compared(one)]
            inside = {id(part) for one in inner for part in ast.walk(one)}
            for part in ast.walk(node):
                text = _template(part) if id(part) not in inside else None
                if text is not None and " " in text.strip():
                    yield node.lineno, text


def _compared(node: ast.AST) -> list[ast.expr]:
    """Parts of a message that say nothing themselves: pieces of a template, what is looked for, keys."""
    if isinstance(node, ast.JoinedStr):
        return [v for v in node.values if isinstance(v, ast.Constant)]
    if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        return [node.format_spec]
    if isinstance(node, ast.Subscript):
        return [node.slice]
    return list(node.args) if isinstance(node, ast.Call) and _called(node) in _CALLS else []


def _template(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
