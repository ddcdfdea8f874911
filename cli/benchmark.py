"""`chemmara benchmark`: suites of tasks, run by several methods over paired seeds, and their tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from .options import JsonList, MethodsOption, seed_range

if TYPE_CHECKING:
    from chemmara.benchmark.suite_runs import Benchmark


class SuiteOrCommand(TyperGroup):
    """Commands of which `run` may be left out: `benchmark six` is `benchmark run six`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before what is neither a command nor a wish for help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SuiteOrCommand,
    no_args_is_help=True,
    help="Run a suite of tasks by several methods over paired seeds: `chemmara benchmark SUITE --out DIR`."
    " Example: chemmara benchmark six --methods prior-undone,reinvent --seeds 5 --out runs/six",
)


@app.command()
def run(
    suite: Annotated[str, typer.Argument(help="TOML file, or the name of a bundled suite (see `benchmark list`).")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the benchmark; run again, it goes on there.")],
    methods: MethodsOption = "prior-undone,mara,vanilla,reinvent",
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="N or FIRST..LAST",
            help="Runs of each method on each task, the suite's number if left out; or which seeds, as 4..6: machines"
            " that share a benchmark take some each, and `benchmark table --with` joins their runs.csv.",
        ),
    ] = None,
    tasks: Annotated[str | None, typer.Option(help="Names of tasks with commas, in place of all.")] = None,
    files: Annotated[
        Path | None, typer.Option(help="Folder with what the suite needs but cannot bundle: QSAR models, receptors.")
    ] = None,
    budget: Annotated[int | None, typer.Option(help="Oracle calls of each run, in place of the suite's.")] = None,
    prior: Annotated[str | None, typer.Option(help="Prior: folder or bundled name, in place of the suite's.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Scoring processes of each run.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps (docs/gpu.md).")] = None,
) -> None:
    """Run a suite, as many runs at once as there are CPUs, and write its tables. Ctrl-C saves; run again, it goes on.

    Each run is a campaign in DIR/TASK/METHOD/SEED. What earlier commands ran in DIR stays in the tables.
    Writes table.md, benchmark.html, table.csv, pairs.csv and runs.csv. The word `run` may be left out.

    Example: chemmara benchmark pmo-short --methods reinvent-pmo,genetic-gfn --seeds 3 --out runs/pmo-short
    """
    from chemmara import assets
    from chemmara.benchmark.suite import load_suite
    from chemmara.benchmark.suite_runs import Benchmark, planned_jobs, run_benchmark
    from chemmara.benchmark.timing import ended
    from chemmara.campaign.method_spec import method_names

    from .progress import benchmark_progress

    loaded = load_suite(suite, budget=budget, prior=prior)
    chosen = loaded.chosen(None if tasks is None else _names(tasks))
    numbers = range(1, loaded.seeds + 1) if seeds is None else seed_range(seeds, first=1)
    named = tuple(method_names(methods))
    wanted = Benchmark(loaded, tuple(task.name for task in chosen), named, tuple(numbers))
    jobs = planned_jobs(wanted, out, files or assets.suite_file(suite).parent, workers=workers, device=device)
    over = sum(bool(ended(job.folder)) for job in jobs)
    try:
        with benchmark_progress(len(jobs), over, loaded.budget) as tell:
            joined = run_benchmark(wanted, jobs, out, tell)
    except KeyboardInterrupt:
        typer.echo("saved; the same command goes on", err=True)
        raise
    _show_tables(joined, out)


@app.command()
def table(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a benchmark.")],
    against: Annotated[
        Literal["published"] | None, typer.Option(help="published: bundled published figures beside ours.")
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="FILE",
            help="runs.csv of another folder of the same suite, whose runs join the tables; measured: this project's"
            " own runs, bundled for some suites, so that your method stands beside ours and nothing is run again."
            " Repeat it for more.",
        ),
    ] = None,
) -> None:
    """Write a benchmark's tables again from the runs that have ended, and print them.

    Example: chemmara benchmark table runs/pmo --against published

    Example: chemmara benchmark table runs/multi-mode --with measured
    """
    from chemmara.benchmark.suite_runs import read_benchmark

    _show_tables(read_benchmark(folder), folder, against=against is not None, others=others or ())


@app.command("list")
def list_suites(as_json: JsonList = False) -> None:
    """List the bundled suites: tasks, oracle calls a run, and what each measures.

    Example: chemmara benchmark list
    """
    from chemmara import assets
    from chemmara.benchmark.suite import load_suite

    from .tables import print_json

    suites = [load_suite(name) for name in assets.suites()]
    if as_json:
        print_json([{"name": s.name, "tasks": len(s.task), "calls": s.budget, "about": s.about} for s in suites])
        return
    for suite in suites:
        typer.echo(f"{suite.name:<14}{len(suite.task):>3} tasks {suite.budget:>6} calls   {suite.about}")


def _show_tables(benchmark: "Benchmark", out: Path, *, against: bool = False, others: Sequence[str] = ()) -> None:
    """Write the tables of a benchmark and print them."""
    from chemmara.benchmark.suite_report import write_tables

    from .progress import counter

    with counter("runs read") as tell:
        text = write_tables(benchmark, out, against=against, others=others, tell=tell)
    typer.echo(text, nl=False)
    typer.echo(f"wrote {out}/benchmark.html, table.md, table.csv and others", err=True)


def _names(text: str) -> list[str]:
    """Names between commas, each once."""
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
