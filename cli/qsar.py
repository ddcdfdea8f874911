"""`chemmara qsar`: models of activity from measured molecules."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from chemmara.errors import ChemmaraError

from .options import JsonObject, LibraryArgument, TableOption

app = typer.Typer(no_args_is_help=True, help="Train and judge models of activity, for use as oracles.")

_Table = Annotated[str, typer.Argument(help="Measured molecules: .csv, .parquet, ... with SMILES and targets.")]
_Model = Annotated[Path, typer.Argument(help="Folder of the model.")]
_Smiles = Annotated[
    str | None, typer.Option("--smiles-column", help="Column of the SMILES; found by its name if left out.")
]
_Target = Annotated[str, typer.Option("--target-column", help="Column of the targets.")]
_ActiveFrom = Annotated[
    float | None, typer.Option(help="Classify values: active from this value on (on the scale of --scale).")
]
_Duplicates = Annotated[
    Literal["refuse", "mean", "drop"], typer.Option(help="What to do with molecules that have different targets.")
]
_Censored = Annotated[
    Literal["refuse", "drop", "limit", "decide"],
    typer.Option(
        help="What to do with limits such as >10: refuse; drop them; take the limit as the value; or, with"
        " --active-from, decide the class where the limit does (>10 is active from 5 on) and drop the others."
    ),
]
_Scale = Literal["linear", "log10", "p-from-M", "p-from-mM", "p-from-uM", "p-from-nM"]
_Standardise = Annotated[
    bool,
    typer.Option("--standardise", "--standardize", help="Take main fragments without charges: of a salt the drug."),
]
_DropMissing = Annotated[bool, typer.Option("--drop-missing", help="Leave out rows without a target (empty, N/A).")]


@app.command()
def train(
    activities: _Table,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the model.")],
    target_column: _Target,
    smiles_column: _Smiles = None,
    standardise: _Standardise = False,
    active_from: _ActiveFrom = None,
    duplicates: _Duplicates = "refuse",
    drop_missing: _DropMissing = False,
    censored: _Censored = "refuse",
    scale: Annotated[
        _Scale,
        typer.Option(
            help="Learn the values as they are, their log10, or pIC50 and the like (-log10 of mol/l) of concentrations"
            " in M, mM, uM or nM."
        ),
    ] = "linear",
    model: Annotated[
        Literal["random-forest", "gradient-boosting", "linear", "gaussian-process"], typer.Option(help="Kind of model.")
    ] = "random-forest",
    properties: Annotated[
        bool,
        typer.Option("--properties", help="Learn from twelve properties (logP, TPSA, ...) beside the fingerprint."),
    ] = False,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="How often the cross-validation is repeated.")] = 1,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence of the conformal intervals.")] = 0.9,
    seed: Annotated[int, typer.Option(min=0, help="Seed of folds and forests.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of a random forest.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace the model in the folder.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The figures as one JSON object.")] = False,
) -> None:
    """Train a model, judge it on held-out scaffolds and at random, and keep it without pickle.

    Targets of 0 and 1 (or true and false, active and inactive) make a classification, other numbers a regression. Use
    the model as `oracle = "qsar"`, `model = "FOLDER"`.

    Example: chemmara qsar train activities.csv --target-column active --out models/drd2
    """
    from chemmara.qsar.card import figure_text
    from chemmara.qsar.data import read_activities
    from chemmara.qsar.train import Recipe
    from chemmara.qsar.train import train as learn

    from .progress import counter
    from .tables import print_json

    if out.exists() and not out.is_dir():
        raise ChemmaraError(f"{out}: is a file; --out names the folder of a model")
    if (out / "model.json").exists() and not force:
        raise ChemmaraError(f"{out}: holds a model already; choose another --out, or --force")
    measured = read_activities(
        activities, target_column, smiles_column, active_from=active_from, duplicates=duplicates,
        drop_missing=drop_missing, censored=censored, scale=scale, main_fragments=standardise,
    )  # fmt: skip
    for note in measured.notes:
        typer.echo(note, err=True)
    typer.echo(f"{len(measured.smiles)} molecules, a {measured.task}", err=True)
    recipe = Recipe(model, properties, folds, repeats, confidence, seed, threads)
    with counter("training", 2 * folds * repeats + 3) as advance:
        card = learn(measured, recipe, out, activities, lambda _: advance(1))
    for note in card.notes:
        typer.echo(note, err=True)
    if json:
        ends = ("mean", "low", "high")
        print_json(
            {
                split: {name: dict(zip(ends, values, strict=True)) for name, values in figures.items()}
                for split, figures in card.figures.items()
            }
        )
    for split, figures in card.figures.items():
        for name in figures if not json else ():
            typer.echo(f"{split:<10}{name:<20}{figure_text(figures, name)}")
    typer.echo(f"{out}: see card.md", err=True)


@app.command("test")
def try_(
    model: _Model,
    activities: _Table,
    target_column: _Target,
    smiles_column: _Smiles = None,
    standardise: _Standardise = False,
    active_from: _ActiveFrom = None,
    duplicates: _Duplicates = "refuse",
    drop_missing: _DropMissing = False,
    censored: _Censored = "refuse",
    json: JsonObject = False,
) -> None:
    """Judge a model on molecules that it has not seen; a dash stands for a figure that they do not define.

    A note says how many it was trained on all the same: figures of these say nothing.

    The targets must be in the unit that the model was trained on: its scale, and its --active-from if you give none,
    are taken from the model.

    Example: chemmara qsar test models/drd2 new.csv --target-column active
    """
    from chemmara.oracles.qsar import load_model
    from chemmara.qsar.card import significant
    from chemmara.qsar.data import read_activities
    from chemmara.qsar.external import judge_external, learned_from

    from .tables import print_json

    loaded = load_model(model)
    measured = read_activities(
        activities, target_column, smiles_column, task=loaded.card.task, duplicates=duplicates,
        active_from=loaded.card.active_from if active_from is None else active_from, drop_missing=drop_missing,
        censored=censored, scale=loaded.card.scale, main_fragments=standardise,
    )  # fmt: skip
    for note in measured.notes:
        typer.echo(note, err=True)
    if learned := learned_from(loaded, measured):
        typer.echo(
            f"{learned} of {len(measured.smiles)} molecules are among those that the model was trained on; leave them"
            " out: how well it knows them says nothing of others",
            err=True,
        )
    figures = judge_external(loaded, measured)
    if json:
        print_json(figures)
        return
    for name, value in figures.items():
        typer.echo(f"{name:<24}{value if isinstance(value, int) else significant(value):>10}")


@app.command()
def predict(
    model: _Model,
    library: LibraryArgument,
    out: TableOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON array of objects to stdout, a row each.")] = False,
    smiles_column: _Smiles = None,
    standardise: _Standardise = False,
) -> None:
    """Predict a library, and say how far each prediction may be believed.

    To the library's columns are added: predicted; low and high, the ends of the prediction interval (of a
    classification instead class: active, inactive, either or neither); domain, inside or outside; similarity, the mean
    to the five nearest molecules learned from; the nearest of them with its similarity and its measured value; error.
    Rows keep their order; an invalid SMILES keeps its row. docs/qsar.md says how sure the intervals are.

    Example: chemmara qsar predict models/drd2 library.csv --out predicted.csv
    """
    from chemmara.molecules.readers import count_rows
    from chemmara.molecules.standardise import open_molecules
    from chemmara.oracles.qsar import load_model
    from chemmara.qsar.prediction import predicted_rows, prediction_columns

    from .output import check_out, json_rows, tables_to
    from .progress import counter
    from .tables import tell_replaced

    if json and out is not None:
        raise ChemmaraError("--json and --out: choose one")
    check_out(out, ".csv", library)
    loaded, molecules = load_model(model), open_molecules(library, smiles_column, main_fragments=standardise)
    tell_replaced(molecules, [*prediction_columns(loaded.card), "error"])
    rows = outside = failed = 0
    target = json_rows() if json else tables_to(out, ".csv", smiles=molecules.smiles_column)
    with target as write, counter("predicting", count_rows(molecules.source)) as advance:
        for table in predicted_rows(loaded, molecules):
            write(table)
            advance(len(table))
            rows, failed = rows + len(table), failed + sum(map(bool, table["error"]))
            outside += table["domain"].tolist().count("outside")
    typer.echo(f"{outside} of {rows - failed} molecules lie outside the model's domain", err=True)
    if failed:
        typer.echo(f"{failed} rows have no prediction; their reason is in the column error", err=True)
