"""`chemmara score`: an objective or a benchmark task over a library."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chemmara.errors import ChemmaraError

from .dry_run import DryRun
from .options import LibraryArgument, SmilesColumnOption, TableOption

if TYPE_CHECKING:
    from chemmara.molecules.library import Library
    from chemmara.scoring.objective import Objective
    from chemmara.scoring.worker_limits import WorkerLimits


def score(
    library: LibraryArgument,
    objective: Annotated[
        str | None, typer.Option("--objective", help="TOML of an objective or campaign, or a bundled name.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="A benchmark task (`chemmara oracle list --tasks`), in its place.")
    ] = None,
    suite_score: Annotated[
        bool, typer.Option("--suite-score", help="With --task: GuacaMol's score of the whole list, instead of rows.")
    ] = False,
    standardise: Annotated[
        bool,
        typer.Option(
            "--standardise",
            "--standardize",
            help="Score the main fragment without charges, kept in a column `standardised`: of a salt the drug.",
        ),
    ] = False,
    unique: Annotated[
        bool, typer.Option("--unique", help="Score each molecule once: later rows of the same molecule are left out.")
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, help="Write the N best alone, the best first, none that scores 0; the others are scored, too."
        ),
    ] = None,
    found: Annotated[
        bool, typer.Option("--found", help="Say in columns NAME_found which alerts, or broken rules, each row has.")
    ] = False,
    out: TableOption = None,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Processes that score side by side, one a core pays; the values do not depend on it."),
    ] = 1,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds a molecule may take.")] = None,
    memory: Annotated[
        float | None, typer.Option("--memory", "--worker-memory", min=0.1, help="GiB that a scoring process may take.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="Dask scheduler whose workers score (tcp://...).")] = None,
    cache: Annotated[Path | None, typer.Option(help="SQLite file of values, shared with campaigns.")] = None,
    smiles_column: SmilesColumnOption = None,
    dry_run: DryRun = False,
) -> None:
    """Score every molecule: the library's columns, then total, one raw value a component, and error.

    Rows keep their order. One without a score stays, with an empty total and the reason under `error`. Columns of these
    names that the library has already, as one that was scored before, are replaced. An .sdf has the columns as data,
    an .smi keeps SMILES and names alone. What a molecule is for --unique: its canonical SMILES, stereo included; with
    --standardise, that of the main fragment.

    Example: chemmara score library.csv --objective drug-like --out scored.csv
    """
    from chemmara.molecules.standardise import open_molecules, without_duplicates
    from chemmara.scoring.load import load_objective
    from chemmara.scoring.objective import Objective
    from chemmara.scoring.tasks import task as benchmark_task
    from chemmara.scoring.worker_limits import WorkerLimits

    from .output import check_out

    check_out(out, ".csv", library)
    if task is not None and objective is None:
        goal = Objective(benchmark_task(task))
    elif objective is not None and task is None:
        goal = Objective(load_objective(objective))
    else:
        raise ChemmaraError("name what to score: either --objective or --task")
    molecules = open_molecules(library, smiles_column, main_fragments=standardise)
    if suite_score and (unique or found or top is not None):
        raise ChemmaraError("--suite-score is of the whole list; leave --unique, --top and --found away")
    if unique:
        molecules = without_duplicates(molecules)
    if dry_run:
        _dry_run(goal, molecules, workers)
    elif suite_score:
        _suite_score(task, molecules)
    else:
        limits = WorkerLimits(workers, timeout, memory, scheduler)
        _rows(goal, molecules, out, limits, cache, top, unique=unique, found=found)


def _dry_run(goal: "Objective", molecules: "Library", workers: int) -> None:
    """What scoring the library would ask of the oracles; its SMILES are read for it."""
    from chemmara.molecules.chem import canonical_smiles
    from chemmara.scoring.spending import spending

    from .dry_run import print_spending

    rows, valid, different = 0, 0, set[str]()
    for smiles in molecules.smiles():
        rows += 1
        if (canonical := canonical_smiles(smiles)) is not None:
            valid += 1
            different.add(canonical)
    what = f"{molecules.source}: {rows} rows, {rows - valid} invalid, {len(different)} different"
    print_spending(what, spending(goal.config, valid, workers))


def _suite_score(task: str | None, molecules: "Library") -> None:
    from chemmara.benchmark.guacamol import assess

    if task is None:
        raise ChemmaraError("--suite-score belongs to --task")
    typer.echo(f"{assess(task, list(molecules.smiles())):.6f}")


def _rows(
    goal: "Objective",
    molecules: "Library",
    out: Path | None,
    limits: "WorkerLimits",
    cache: Path | None,
    top: int | None,
    *,
    unique: bool,
    found: bool,
) -> None:
    from chemmara.molecules.readers import count_rows
    from chemmara.molecules.standardise import is_mixture
    from chemmara.scoring.cache import remembering
    from chemmara.scoring.measurement import waiting_for
    from chemmara.scoring.table import Best, replaced_columns, scored
    from chemmara.scoring.workers import sharing

    from .output import tables_to
    from .progress import counter
    from .tables import tell_mixtures, tell_replaced

    tell_replaced(molecules, replaced_columns(goal, molecules, found=found))
    failed, first, mixtures = 0, "", 0
    column, total = molecules.smiles_column, count_rows(molecules.source)
    with (
        sharing(goal, limits) as working,
        remembering(goal, working, cache) as hand_over,
        tables_to(out, ".csv", smiles=column) as write,
        counter("scoring", total) as advance,
    ):
        best = None if top is None else Best(top)
        for table in scored(goal, molecules, waiting_for(hand_over), found=found):
            (write if best is None else best.add)(table)
            advance(len(table))
            missing: Any = table[table["error"] != ""]
            if len(missing) and not failed:
                first = (
                    f"{'different molecule' if unique else 'row'} {missing.index[0] + 1}: {missing['error'].iloc[0]}"
                )
            failed += len(missing)
            mixtures += sum(map(is_mixture, table[column]))
        if best is not None and best.table is not None:
            write(best.table)
    if best is not None and (number := 0 if best.table is None else len(best.table)) < best.n:
        typer.echo(f"{molecules.source}: {number} molecules score above 0, fewer than {best.n}", err=True)
    if failed:
        typer.echo(f"{failed} rows have no score; the first is {first}", err=True)
    tell_mixtures(mixtures)
