"""Commands about files: profiles, imports from outside, published measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clustersim.cli.helps import grouped
from clustersim.cli.names import KEY_WORD, PROFILE, SCENARIO, SCHEMA, SEED, SKIP, OneOf
from clustersim.cli.options import answers, given_of

if TYPE_CHECKING:
    from clustersim import Answer
    from clustersim.cli.progress import Teller

#: As ``schema.profiles.KINDS`` has them, which is read only when a command runs.
_KINDS = (
    "cards", "servers", "nics", "switches", "optics", "supernodes", "models", "networks", "silicon", "tokens",
    "cooling", "software", "fleets",
)  # fmt: skip


def _domains() -> list[str]:
    from clustersim.validation.domains import DOMAINS

    return sorted(DOMAINS)


class _Domain(OneOf):
    """A domain of validation; the list is read only when one is asked for or completed."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Say what there is to choose from."""
        return f"[{'|'.join(_domains())}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse a domain that there is not."""
        return click.Choice(_domains()).convert(value, param, ctx)


@grouped()
def profiles() -> None:
    """List hardware profiles, show one with its sources, or compare two."""


@answers(profiles, of="", name="list")
@click.argument("kind", type=click.Choice(_KINDS), default="cards")
def list_profiles(kind: str) -> Answer:
    """List the profiles of a kind."""
    import clustersim as cs

    return cs.profiles(kind)


@answers(profiles, of="", name="show")
@click.argument("name", type=PROFILE)
@click.option("--kind", default="", help="Kind of the profile, where its name is of several.")
def show_profile(name: str, kind: str) -> Answer:
    """Show every field of a profile with its range, tier and source; of a model also what they add up to."""
    import clustersim as cs

    return cs.profile(name, kind)


@answers(profiles, of="", name="diff")
@click.argument("first", type=PROFILE)
@click.argument("second", type=PROFILE)
def diff_profiles(first: str, second: str) -> Answer:
    """Compare two profiles field by field, with the ratio of the numbers."""
    import clustersim as cs

    return cs.diff(first, second)


@answers(of="")
@click.argument("word", default="", type=KEY_WORD)
@click.option(
    "-s",
    "--scenario",
    default="",
    type=SCENARIO,
    help="List the numbers of one scenario, with values and tiers.",
)
@click.option(
    "--long", "full", is_flag=True, help="Add what each key is, its default and its readers to a table."
)
@click.option("--units", is_flag=True, help="List the units that quantities may be written in instead.")
def keys(word: str, scenario: str, full: bool, units: bool) -> Answer:
    """List the keys that --set, --vary and study files take; with WORD those that have it in key or description.

    Names of your own stand in capitals: cards.NAME.price. The tiers are those with which the shipped scenarios state
    the key, or (with --scenario) what that scenario states.
    """
    import clustersim as cs

    return cs.keys(word, scenario=scenario, full=full, units=units)


@answers(of="")
@click.argument("kind", required=False, type=SCHEMA)
def schema(kind: str | None) -> Answer:
    """Print the JSON Schema of a KIND of file: every field with its unit, bounds, tiers and meaning.

    Without KIND: list the kinds. With -o: write the schemas of all kinds (or of KIND) into a folder; the shipped files
    name ../schemas or ../../schemas in their first line, where an editor looks for them.
    """
    import clustersim as cs

    return cs.json_schema(kind or "")


@answers(of="", name="import")
@click.argument("file", type=click.Path())
@click.option(
    "--as", "kind", default="", metavar="KIND", help="Kind of file, where its content does not tell."
)
@click.option("--name", default="", help="Name of what is made; the default comes from the file's own name.")
@click.option(
    "--ignore", "ignored", multiple=True, metavar="KEY",
    help="A key that changes no dimension: left out, which the result says. Repeatable.",
)  # fmt: skip
@click.option(
    "--given", multiple=True, metavar="COLUMN=VALUE",
    help="A column that the file does not tell, for example gpu=H100 or n_gpus=8. Repeatable.",
)  # fmt: skip
@click.option(
    "--columns", default="", metavar="A,P,O",
    help="For a log of requests: its columns of arrival, prompt tokens, output tokens.",
)  # fmt: skip
@click.option(
    "--skip",
    default=0,
    type=SKIP,
    metavar="N",
    help="For a log of requests: so many bad lines may be left out.",
)
def import_file(
    file: str, kind: str, name: str, ignored: tuple[str, ...], given: tuple[str, ...], columns: str, skip: int
) -> Answer:
    """Read a FILE from outside by its content, whatever its name.

    Results of serving benchmarks, logs of collectives tests and of training, sweeps of operators, samples of power,
    lists of prices, logs of failures and of requests, job traces, and a model's published config.json.

    Without -f the file that it becomes is printed, or with -o written into the folder; with -f its rows or figures.
    What the file holds and this program cannot express is named, and nothing is written.
    """
    import clustersim as cs

    return cs.import_file(
        file, kind=kind, name=name, ignored=ignored, given=given_of(given), skip=skip,
        columns=[c.strip() for c in columns.split(",")] if columns else (),
    )  # fmt: skip


@answers(of="")
@click.argument("folder", type=click.Path())
def doctor(folder: str) -> Answer:
    """Say of each file in FOLDER (and the folders in it) what it is, what it is good for, or why it cannot be read."""
    import clustersim as cs

    return cs.doctor(folder)


@answers(of="", needs_folder=True)
def measure() -> Answer:
    """Write the kit that measures one server: a script that runs without this program, and how to run it.

    It takes about 15 minutes and writes one JSON, which `clustersim import` makes rows of.
    """
    import clustersim as cs

    return cs.measure()


@answers(of="")
@click.argument("card", type=PROFILE)
@click.option(
    "--data", multiple=True, type=click.Path(),
    help="A table of measured rows: of `import`, or in the columns of `validate`. Repeatable.",
)  # fmt: skip
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the draws.")
@click.option(
    "--judge", type=click.IntRange(1, 5000),
    help="Take the card as unknown, give so many of its rows by lot and predict the rest; without --data of the"
    " shipped rows.",
)  # fmt: skip
@click.option(
    "--trials", type=click.IntRange(1, 1000), default=20, show_default=True, help="Lots that --judge draws."
)
@click.option(
    "--most",
    type=click.IntRange(2, 5000),
    default=150,
    show_default=True,
    help="Rows that --judge takes, by lot.",
)
@click.option(
    "--maker-unknown", is_flag=True, help="With --judge: nobody knows the maker's other cards either."
)
@click.option(
    "--draws", default=400, show_default=True, type=click.IntRange(50, 10_000), help="Draws that are kept."
)
def calibrate(
    card: str, data: tuple[str, ...], seed: int, draws: int, judge: int | None, trials: int, most: int,
    maker_unknown: bool, output: str | None, tell: Teller,
) -> Answer:  # fmt: skip
    """Find the factors on CARD's constants that measured rows show: posterior, what they say nothing about, outliers.

    With -o the folder gets a profile of the card with the factors and their ranges (hwprofiles/cards/CARD.yaml), draws,
    a study of kind mc and the report. Interrupted, the same command takes up what was run.
    """
    import clustersim as cs

    if judge is not None:
        return cs.judge(
            card,
            data,
            given=judge,
            trials=trials,
            most=most,
            seed=seed,
            maker=not maker_unknown,
            tell=tell.count,
        )
    return cs.calibrate(card, data, output=output, seed=seed, draws=draws, tell=tell.count)


@answers(of="")
@click.argument("domain", type=_Domain("domain", _domains))
@click.option("--data", type=click.Path(), help="Your own measurements, in the shipped columns.")
@click.option(
    "--plan-errors",
    is_flag=True,
    help="Print the errors by what plans shard, as `plan: best` uses them (CSV).",
)
@click.option(
    "--residuals",
    is_flag=True,
    help="Print the residuals of all domains, of which bands are made (CSV; a minute).",
)
@click.option(
    "--leave-out", type=click.Choice(["source", "card", "release"]),
    help="Predict every such group with the constants found again without its rows.",
)  # fmt: skip
@click.option(
    "--coverage", is_flag=True,
    help="Hold rows against P10-P90 made without their source, or those of --data against the shipped bands.",
)  # fmt: skip
@click.option(
    "--as-scenario", "row", metavar="ID",
    help="Write one row as a scenario file: running it gives the row's prediction.",
)  # fmt: skip
def validate(
    domain: str,
    data: str | None,
    plan_errors: bool,
    residuals: bool,
    coverage: bool,
    row: str | None,
    leave_out: str | None,
) -> Answer:
    """Predict every row of DOMAIN's measurements and print the errors, in total and by whatever may hide them.

    ``-f csv`` prints one line a row: predicted, measured, error, and why a row was set aside.
    """
    import clustersim as cs

    if plan_errors or residuals:
        return cs.plan_errors() if plan_errors else cs.residuals()
    return cs.validate(domain, data=data, as_scenario=row, coverage=coverage, leave_out=leave_out)
