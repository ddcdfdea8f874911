"""The `chemmara` program: its commands, and what becomes of errors and interrupts.

Every command's module imports little at the top, so that `chemmara --help` is quick and loads no torch.
"""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chemmara.errors import ChemmaraError
from chemmara.system.files import FULL, ReaderGone
from chemmara.system.processors import let_threads_sleep

from . import (
    benchmark,
    cluster,
    compare,
    corpus,
    diversity,
    dock,
    doctor,
    export,
    init,
    lab,
    likelihood,
    novelty,
    objective,
    oracle,
    pick,
    plan,
    pretrain,
    prior,
    qsar,
    reinvent,
    report,
    run,
    sample,
    score,
    status,
    watch,
)
from .notes import notes_on_stderr
from .output import READER_GONE, abandon_stdout, never_fail_on_a_character, nobody_reads_stdout


class Program(TyperGroup):
    """The commands, with our exit codes; a bug keeps its traceback.

    2 for the user's mistakes and for a full disk, 130 for an interrupt, 141 where nobody reads the output.
    """

    def invoke(self, ctx: Any) -> None:
        """Run a command."""
        try:
            with notes_on_stderr():
                never_fail_on_a_character()
                super().invoke(ctx)
                sys.stdout.flush()
        except ChemmaraError as error:
            for line in str(error).splitlines():
                typer.echo(f"error: {line}", err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from None
        except ReaderGone:
            raise typer.Exit(READER_GONE) from None
        except BrokenPipeError:
            if not nobody_reads_stdout():
                raise
            abandon_stdout()
            raise typer.Exit(READER_GONE) from None
        except OSError as error:
            if error.errno not in FULL or error.filename is not None:
                raise
            abandon_stdout()
            typer.echo(f"error: stdout: cannot be written ({error.strerror})", err=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    name="chemmara",
    cls=Program,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Many good and different molecules from a budget of oracle calls.",
    epilog="Begin with: chemmara run quickstart --out runs/quickstart",
)


def _version(wanted: bool) -> None:
    if wanted:
        from chemmara import __version__

        typer.echo(f"chemmara {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Many good and different molecules from a budget of oracle calls."""
    del version
    let_threads_sleep()  # before a command imports torch


app.command()(init.init)
app.command()(init.validate)
app.add_typer(reinvent.app, name="import")
app.command()(plan.plan)
app.command()(run.run)
app.command()(run.resume)
app.command()(status.status)
app.command()(watch.watch)
app.command()(report.report)
app.command()(plan.explain)
app.command()(compare.compare)
app.add_typer(benchmark.app, name="benchmark")
app.command(cls=sample.Sample)(sample.sample)
app.command()(likelihood.likelihood)
app.command()(score.score)
app.command()(diversity.diversity)
app.command()(novelty.novelty)
app.command()(cluster.cluster)
app.command()(pick.pick)
app.command()(export.export)
app.add_typer(oracle.app, name="oracle")
app.add_typer(objective.app, name="objective")
app.add_typer(qsar.app, name="qsar")
app.add_typer(dock.app, name="dock")
app.add_typer(lab.app, name="lab")
app.add_typer(prior.app, name="prior")
app.add_typer(corpus.app, name="corpus")
app.command()(pretrain.pretrain)
app.command()(doctor.doctor)

if __name__ == "__main__":
    app()
