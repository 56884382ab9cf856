"""The ``clustersim`` program: a lazy group of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import io
import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click

from clustersim.cli.helps import LANGUAGE, Group
from clustersim.cli.remarks import remarks
from clustersim.errors import ClusterSimError, by_package, suggest
from clustersim.extras import extra_of, install_line
from clustersim.reading.guarded import printable
from clustersim.version import __version__

__all__ = ["COMMANDS", "cli", "main"]

#: name -> (module, and its command where that is not ``command``; one line of help), so that ``--help`` loads no more.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("clustersim.cli.site:run", "Run a scenario through the whole chain, from card to target price."),
    "train": ("clustersim.cli.site:train", "Run the training job: its step, and its month at any fidelity."),
    "jobs": ("clustersim.cli.site:jobs", "Queue many jobs on one cluster and see how well it is used."),
    "serve": (
        "clustersim.cli.site:serve",
        "Serve requests or video streams: latency, throughput, cost per token.",
    ),
    "fabric": (
        "clustersim.cli.site:fabric",
        "Lay out a cluster's fabric as a graph beside its closed forms.",
    ),
    "collectives": (
        "clustersim.cli.site:collectives",
        "Time collectives on a cluster as the library's tests do.",
    ),
    "claims": ("clustersim.cli.site:claims", "Examine published claims of reliability against a scenario."),
    "explain": (
        "clustersim.cli.site:explain",
        "Show the chain of terms before and after a change of inputs.",
    ),
    "check": (
        "clustersim.cli.site:check",
        "Check a scenario and its profiles; say where each value came from.",
    ),
    "keys": ("clustersim.cli.data:keys", "List every input: its key, unit, range, tier and readers."),
    "schema": ("clustersim.cli.data:schema", "Print the JSON Schema of a kind of input file."),
    "import": (
        "clustersim.cli.data:import_file",
        "Read a file from outside by its content: results, logs, price lists, configurations.",
    ),
    "doctor": (
        "clustersim.cli.data:doctor",
        "Say what the files of a folder are and what they are good for.",
    ),
    "measure": (
        "clustersim.cli.data:measure",
        "Write a kit that measures one server: a script, 15 minutes, one JSON.",
    ),
    "calibrate": (
        "clustersim.cli.data:calibrate",
        "Find a card's constants from measured rows, with their ranges.",
    ),
    "profiles": ("clustersim.cli.data:profiles", "List hardware profiles, show one, or compare two."),
    "tco": (
        "clustersim.cli.site:tco",
        "Price a cluster: bill, yearly cost, intervals, and the market's rent.",
    ),
    "worth": (
        "clustersim.cli.site:worth",
        "Say what it is worth to know each uncertain input, for a decision.",
    ),
    "compare": ("clustersim.cli.site:compare", "Put the same demand on several clusters, side by side."),
    "plan": ("clustersim.cli.plan", "Ask backwards: which plan, how many cards."),
    "sweep": ("clustersim.cli.studies:sweep", "Run every combination of varied inputs."),
    "mc": ("clustersim.cli.studies:mc", "Carry uncertain inputs through the chain: P10, P50, P90."),
    "sensitivity": ("clustersim.cli.studies:sensitivity", "Rank inputs by what they do to an output."),
    "optimise": ("clustersim.cli.studies:optimise", "Find the best of a design space under constraints."),
    "seek": ("clustersim.cli.studies:seek", "Find the input that gives an output its target."),
    "study": ("clustersim.cli.studies:study", "Resume, query and export studies kept in a folder."),
    "forecast": (
        "clustersim.cli.forecast",
        "The company model: statements, recovery, conventions, cases, Monte Carlo.",
    ),
    "audit": ("clustersim.cli.forecast:audit", "Recompute a printed report and say what does not hold."),
    "export": ("clustersim.cli.forecast:export", "Take a forecast away: workbook, note, slides, evidence."),
    "proposal": (
        "clustersim.cli.forecast:proposal",
        "Write a proposal against alternatives: documents, workbook, page, evidence.",
    ),
    "verify": (
        "clustersim.cli.forecast:verify",
        "Recompute a bundle of evidence from its own files and say what differs.",
    ),
    "anchors": (
        "clustersim.cli.forecast:anchors",
        "Compare or record what ties the forecast to the simulator.",
    ),
    "web": ("clustersim.cli.web:web", "Serve the what-if page on this machine."),
    "validate": ("clustersim.cli.data:validate", "Predict published measurements and print the errors."),
}


_COMPLETE = "_CLUSTERSIM_COMPLETE"
#: What goes wrong with a stream that is written, where no file is named.
_WRITING = {errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG, errno.EDQUOT}


class LazyGroup(Group):
    """A group that knows its commands by name and imports a command's module only to run or describe it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute or "command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"no command {args[0]!r}; {suggest(args[0], list(COMMANDS))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Show the option of the language here, with the variable that says it for good."""
        own = click.Group.get_params(self, ctx)
        return [LANGUAGE, *own]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clustersim")
def cli() -> None:
    """Simulate a GPGPU cluster from its hardware profile to throughput, cost per token and target price."""


def main() -> NoReturn:
    """Run the program; a user's mistake ends in one message and the exit code of its kind, never a traceback."""
    # The classes of the schema are many objects that stay: looking through them again and again finds nothing.
    gc.set_threshold(50_000, 20, 50)
    # Plugins of pydantic are looked for in all that is installed; we have none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Figures go to files: whatever window a notebook's shell or a slip asks for.
    os.environ["MPLBACKEND"] = "agg"
    # They look the same for everybody: settings of a user's own are not read.
    os.environ["MATPLOTLIBRC"] = os.devnull
    # Under LC_ALL=C the bytes of a Chinese name come as escapes: they are UTF-8 wherever they can be.
    sys.argv[1:] = [os.fsencode(word).decode(errors="surrogateescape") for word in sys.argv[1:]]
    sys.exit(_run() if _streams() else 2)


def _streams() -> bool:
    """Make the standard streams fit to be written; False where stdout was closed before the program began."""
    # A closed descriptor would be given to the next file that is opened, and messages would be written into that.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the terminal cannot show is escaped
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:
        _say("error: the standard output is closed; send it to a file, or to /dev/null")
        return False
    return True


def _say(text: str) -> None:
    """Write a message to stderr; where that fails there is nobody to tell."""
    with contextlib.suppress(OSError):
        click.echo(printable(by_package(text), 100_000), err=True)


def _run() -> int:
    if _COMPLETE in os.environ:
        importlib.import_module("clustersim.cli.names")  # how each shell is completed
    try:
        with remarks():
            result = cli.main(standalone_mode=False, complete_var=_COMPLETE)
        sys.stdout.flush()
    except click.exceptions.Abort:
        _say("interrupted")
        return 130
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        _say(shown.getvalue().rstrip("\n"))
        return error.exit_code
    except ClusterSimError as error:
        _say(error.told or f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except SystemExit as ended:  # so click answers a reader that went away (head, less): not an error of ours
        if not type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
            return ended.code if isinstance(ended.code, int) else 1
        return 141
    except BrokenPipeError:
        _leave_stdout()
        return 141
    except OSError as error:
        _leave_stdout()
        what = "the standard output" if error.errno in _WRITING else "the machine"
        _say(f"error: {error.filename or what} cannot be used ({error.strerror or error})")
        return 2
    except ModuleNotFoundError as error:
        if (extra := extra_of(error.name)) is None:
            return _bug()
        _say(f"error: this command needs {error.name}; install {install_line(extra)}")
        return 2
    except MemoryError as error:
        _say(
            f"error: this needs more memory than there is ({error or 'none is left'}); ask for fewer or smaller"
        )
        return 2
    except Exception:
        return _bug()
    return result if isinstance(result, int) else 0


def _bug() -> int:
    traceback.print_exc()
    _say("This is a bug in clustersim; please report it with the text above.")
    return 1


def _leave_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit stays quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
