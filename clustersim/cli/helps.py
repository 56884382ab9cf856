"""Help in the language that was chosen: commands and groups of this program, and the page that describes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from clustersim.errors import ClusterSimError
from clustersim.report.language import SPOKEN, language, speaking

__all__ = ["LANGUAGE", "Command", "Group", "grouped", "said", "spoken_as_written"]

#: The help of an option, and what click puts in brackets behind it.
_NOTED = re.compile(r"(.*?)(?:(?:^|  )\[([^][]*(?:\[[^][]*\][^][]*)*)\])?", re.DOTALL)


def said(text: str) -> str:
    """Return a paragraph of help in the language that was chosen; one without words stays as it is.

    >>> said("By quarters.")
    'By quarters.'
    """
    if language() != "zh" or not text:
        return text
    from clustersim.report.labels import help_commands, help_options

    key = " ".join(text.split())
    return help_options.TEXTS.get(key) or help_commands.TEXTS.get(key) or text


class _Page(click.HelpFormatter):
    """A page of help; in Chinese its lines are as wide as a terminal shows them."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _heading("Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(_heading(heading))

    def write_text(self, text: str) -> None:
        if language() != "zh":
            super().write_text(text)
            return
        from clustersim.report.text import wrapped

        indent = " " * self.current_indent
        paragraphs = [
            "\n".join(wrapped(said(part), self.width, indent, indent)) for part in text.split("\n\n")
        ]
        self.write("\n\n".join(paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        if language() != "zh":
            super().write_dl(rows, col_max, col_spacing)
            return
        from clustersim.report.text import wrapped

        first = (
            min(max((len(left) for left, _ in rows), default=0), col_max) + col_spacing + self.current_indent
        )
        for left, text in rows:
            lines = wrapped(_told_option(text), max(self.width - first, 20))
            head = f"{' ' * self.current_indent}{left}"
            if len(head) > first - col_spacing:
                self.write(f"{head}\n")
                head = ""
            for number, line in enumerate(lines or [""]):
                self.write(f"{head if number == 0 else '':<{first}}{line}".rstrip() + "\n")


def _heading(text: str) -> str:
    if language() != "zh":
        return text
    from clustersim.report.labels.help_options import HEADINGS

    return HEADINGS.get(text, text)


def _told_option(text: str) -> str:
    """Help of an option, with what stands in brackets behind it: its default, its bounds, whether it is required."""
    found = _NOTED.fullmatch(text)
    assert found is not None
    help_text, notes = found.groups()
    if notes is None:
        return said(help_text)
    return f"{said(help_text)}{'  ' if help_text else ''}[{';'.join(map(_note, notes.split('; ')))}]"


def _note(text: str) -> str:
    from clustersim.report.labels.help_options import NOTES

    for english, chinese in NOTES.items():
        if text.startswith(english):
            return f"{chinese}{said(text.removeprefix(english).strip('()'))}"
    return text


class _Context(click.Context):
    formatter_class = _Page


def _chosen(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.with_resource(speaking(value))


def spoken_as_written(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Tell a command's tables in the language of its documents; in that of the program where they are of both."""
    if value in SPOKEN:
        ctx.with_resource(speaking(value))
    return value


def _language(**words: Any) -> click.Option:
    return click.Option(
        ["--lang"], type=click.Choice(SPOKEN), is_eager=True, expose_value=False, callback=_chosen,
        help="Language of help, tables and figures; keys of JSON and CSV stay.", **words,
    )  # fmt: skip


#: The option of the language as the program shows it, and as every command takes it.
LANGUAGE = _language(envvar="CLUSTERSIM_LANG", show_envvar=True)
_LANGUAGE = _language(hidden=True)


@contextmanager
def _told() -> Iterator[None]:
    """Put an error into words while the language is known: one of ours, or of what was typed."""
    try:
        yield
    except ClusterSimError as error:
        from clustersim.report.spoken_errors import told_error

        error.told = error.told or told_error(error)
        raise
    except click.UsageError as error:
        if language() == "zh" and not isinstance(error, _ChineseUsage):
            raise _ChineseUsage(error) from error
        raise


class _ChineseUsage(click.UsageError):
    """A mistake in what was typed, told in Chinese; how the command is used stands above it, as click shows it."""

    def __init__(self, error: click.UsageError) -> None:
        from clustersim.report.spoken_errors import chinese_error

        super().__init__(chinese_error(error.format_message()), error.ctx)
        self.usage = f"{error.ctx.get_usage()}\n" if error.ctx is not None else ""
        path = error.ctx.command_path if error.ctx is not None else ""
        hint = chinese_error(f"Try '{path} --help' for help.")
        self.hint = f"{hint}\n\n" if path else ""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it as click writes one, in Chinese."""
        click.echo(f"{self.usage}{self.hint}错误:{self.message}", file=file, err=file is None)


class _Spoken(click.Command):
    """What commands and groups share: help, mistakes and errors are in the language that was chosen."""

    context_class = _Context

    def make_context(self, *words: Any, **named: Any) -> click.Context:
        """Read what was typed; a mistake in it is told in the language that was chosen before the command."""
        with _told():
            return super().make_context(*words, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that it ends with is put into words while the language is known."""
        with _told():
            return super().invoke(ctx)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Take the language behind the command, too; one that has a ``--lang`` of its own takes that."""
        own = super().get_params(ctx)
        return own if any("--lang" in param.opts for param in own) else [*own, _LANGUAGE]


class Command(_Spoken):
    """A command whose help is in the language that was chosen."""


class Group(_Spoken, click.Group):
    """A group that lists its commands by the first sentence of their help, whole."""

    command_class = Command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first(command)) for name, command in commands if command is not None])


def _first(command: click.Command) -> str:
    """The first sentence of what a command's help says, as every list of commands has it."""
    paragraph = said((command.help or "").split("\n\n")[0])
    return re.split(r"(?<=[.。])(?:\s|$)", " ".join(paragraph.split()))[0]


def grouped(**words: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a group of a function, as ``click.group`` does."""
    return click.group(cls=Group, **words)
