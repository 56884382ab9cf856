"""The one way of a command: its subject, its formats, its folder, what it says, and how it ends.

A command is a function that takes parsed words and gives an ``Answer``; ``answers`` makes the rest of it.
"""

from __future__ import annotations

import functools
import inspect
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.helps import Command
from clustersim.cli.names import COMPANY, KEY_VALUE, SCENARIO, STUDY
from clustersim.cli.progress import progress
from clustersim.errors import InputError, by_package
from clustersim.reading.guarded import printable
from clustersim.report.spoken import spoken

if TYPE_CHECKING:
    from clustersim.report.answer import Answer

__all__ = ["answers", "changes", "given_of", "output_folder", "say", "show", "varied"]

FORMATS = ("table", "json", "csv", "md")
_SETS = click.Option(
    ["--set", "sets"], multiple=True, metavar="KEY=VALUE", type=KEY_VALUE,
    help="Override an input, for example --set tco.tariff='0.6 CNY/kWh'. Repeatable.",
)  # fmt: skip
_FORMAT = click.Option(
    ["-f", "--format", "fmt"], type=click.Choice(FORMATS), help="How the result is printed.",
    show_default="table on a terminal, json in a pipe",
)  # fmt: skip
_OUTPUT = click.Option(
    ["-o", "--output"], metavar="FOLDER", help="Folder that keeps the answer, with its tables and figures."
)
_FOLDER = click.Option(["-o", "output"], metavar="FOLDER", help=_OUTPUT.help)
#: What a command is about -> the words that name it.
_SUBJECTS: dict[str, tuple[click.Parameter, ...]] = {
    "": (),
    "scenario": (click.Argument(["scenario"], type=SCENARIO), _SETS),
    "maybe": (click.Argument(["scenario"], type=SCENARIO, required=False), _SETS),
    "scenarios": (click.Argument(["scenarios"], type=SCENARIO, nargs=-1, required=True), _SETS),
    "company": (click.Argument(["scenario"], type=COMPANY), _SETS),
    "study": (click.Argument(["study"], type=STUDY), _SETS),
}


def answers(
    group: click.Group | None = None, *, of: str = "scenario", name: str = "", needs_folder: bool = False
) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a command of a function that gives an answer.

    ``of`` is the subject that the function gets first: ``scenario``, ``maybe`` (one or none), ``scenarios`` (the first,
    and the names of the others), ``company``, ``study`` (a study file, or a scenario) or nothing. A function that takes
    ``tell`` is shown at work; one that takes ``output`` keeps its folder itself. ``needs_folder``: it only writes.
    """

    def make(function: Callable[..., Answer]) -> click.Command:
        wanted = inspect.signature(function).parameters

        @functools.wraps(function)
        def run(fmt: str | None, output: str | None, **words: Any) -> None:
            own = "output" in wanted
            if needs_folder and output is None:
                raise click.UsageError("Missing option '-o' / '--output': the folder to write to.")
            folder = output_folder(output) if output is not None and not own else None
            _name_subject(of, words)
            if own:
                words["output"] = _not_blank(output)
            with progress(command.name or "", wanted="tell" in wanted) as tell:
                if "tell" in wanted:
                    words["tell"] = tell
                answer = function(**words)
            show(answer, fmt, folder)

        own_params = reversed(getattr(function, "__click_params__", []))
        mine = list(own_params)
        # A question about one output of a scenario calls that --output; its folder is -o alone.
        taken = any("--output" in param.opts for param in mine)
        params = [*_SUBJECTS[of], *mine, _FOLDER if taken else _OUTPUT, _FORMAT]
        text = inspect.cleandoc(function.__doc__ or "")
        command = Command(name or function.__name__, callback=run, params=params, help=text)
        if group is not None:
            group.add_command(command)
        return command

    return make


def _name_subject(of: str, words: dict[str, Any]) -> None:
    """Replace the words of a subject by the subject itself."""
    import clustersim as cs

    changed = changes(words.pop("sets", ()))
    if of == "maybe" and words["scenario"] is None:
        return
    if of in {"scenario", "maybe"}:
        words["scenario"] = cs.load(words["scenario"]).set(changed)
    elif of == "scenarios":
        first, *others = words.pop("scenarios")
        words |= {"scenario": cs.load(first).set(changed), "others": others}
    elif of == "company":
        words["company"] = cs.company(words.pop("scenario")).set(changed)
    elif of == "study":
        words["study"] = cs.study_file(words["study"]).set(changed)


def changes(sets: tuple[str, ...]) -> dict[str, object]:
    """Return ``--set`` texts as values by key; raises InputError for another form and a key that stands twice."""
    if not sets:
        return {}
    from clustersim.schema.overrides import changes_of

    return changes_of(sets)


def varied(vary: tuple[str, ...]) -> dict[str, str]:
    """Return ``--vary`` texts as the values of each key; raises InputError for another form."""
    from clustersim.schema.overrides import refuse_more
    from clustersim.study.space import parse_axis

    out: dict[str, str] = {}
    for text in vary:
        refuse_more("--vary", text)
        key = parse_axis(text).key
        if key in out:
            raise InputError(f"--vary {key}: given twice; keep one")
        out[key] = text.partition("=")[2]
    return out


def given_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return ``--given`` texts as values by column; raises InputError for another form and a column given twice."""
    out: dict[str, str] = {}
    for text in given:
        column, equals, value = text.partition("=")
        if not equals or not column.strip() or not value.strip():
            raise InputError(f"--given {text!r}: write COLUMN=VALUE")
        if column.strip() in out:
            raise InputError(f"--given {column.strip()}: given twice; keep one")
        out[column.strip()] = value.strip()
    return out


def show(answer: Answer, fmt: str | None = None, folder: Path | None = None) -> None:
    """Keep an answer in its folder, print it, say what is said of it, and raise what it ends with.

    Where no format is asked for, an answer that is a file prints that file, any other a table on a terminal and JSON in
    a pipe.
    """
    written = answer.write(folder) if folder is not None else []
    if fmt is None and written and not answer.keeps_json:  # the files are the answer
        click.echo("\n".join(map(str, written)))
    elif fmt is None and answer.raw is not None:
        click.echo(answer.raw, nl=False)
    else:
        click.echo(answer.text(fmt or ("table" if sys.stdout.isatty() else "json")))
    for text in (*answer.said, *answer.unread):
        say(text)
    if written:
        # The folder's name stands as it was typed: a folder may be called by any word.
        kept = spoken(f"{len(written)} file{'s' if len(written) > 1 else ''} in {{}}").format(folder)
        click.echo(printable(kept, 10_000), err=True)
    if answer.failed is not None:
        raise answer.failed


def say(text: str) -> None:
    """Say something beside the data, on stderr, in the language that was chosen; a name in it moves no cursor."""
    click.echo(printable(spoken(by_package(text)), 10_000), err=True)


def _not_blank(path: str | None) -> str | None:
    """Raise InputError for an empty name of a folder, which would mean the one that the user happens to be in."""
    if path is not None and not path.strip():
        raise InputError("-o '': names no folder; give one, or -o . for this one")
    return path


def output_folder(path: str) -> Path:
    """Return a folder that can be written, or made where it will be; nothing is made before there is an answer.

    Raises InputError when it cannot be made or written.
    """
    _not_blank(path)
    folder = Path(path)
    try:
        nearest = next(at for at in (folder, *folder.parents) if at.exists())
        if not nearest.is_dir():
            raise InputError(f"{nearest}: is a file; give a folder for the results")
        with tempfile.NamedTemporaryFile(dir=nearest, prefix=".probe-"):
            pass
    except ValueError:
        raise InputError(f"{path!r}: no folder can have this name") from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot write there ({error.strerror}); give another folder with -o"
        ) from None
    return folder
