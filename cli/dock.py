"""`chemmara dock`: targets to dock into, from a crystal structure or from DOCKSTRING."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from chemmara.errors import ChemmaraError

app = typer.Typer(no_args_is_help=True, help='Make folders that `oracle = "docking"` takes as its target.')


@app.command()
def prepare(
    complex_: Annotated[Path, typer.Argument(metavar="COMPLEX", help="Crystal structure: .pdb or .cif, also .gz.")],
    ligand: Annotated[str, typer.Option(help="Its ligand: residue name as STI, or CHAIN:NAME, or CHAIN:NAME:NUMBER.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the target.")],
    smiles: Annotated[
        str | None, typer.Option(help="SMILES of the ligand, for its bond orders: docks it again and prints the RMSD.")
    ] = None,
    padding: Annotated[
        float, typer.Option(min=0.0, help="Angstrom that the box is wider than the ligand, each side.")
    ] = 5.0,
    exhaustiveness: Annotated[int, typer.Option(min=1, help="Of the redocking.")] = 8,
    force: Annotated[bool, typer.Option("--force", help="Replace the target in the folder.")] = False,
) -> None:
    """Make a docking target of a crystal structure: clean the receptor, add hydrogens, put a box around the ligand.

    Waters, ions and other small molecules are left out, as stderr says. Missing hydrogens are added by meeko's residue
    templates; where the file has them, they decide the protonation states. With --smiles the ligand is docked again
    from a new conformer: an RMSD below 2 angstrom says that docking finds its pose in this box.

    Example: chemmara dock prepare 1iep.pdb --ligand STI --out targets/abl1
    """
    from chemmara.oracles.crystal import prepare as make
    from chemmara.oracles.crystal import redock, with_bonds
    from chemmara.oracles.target import RECEPTOR

    from .progress import waiting

    if (out / RECEPTOR).exists() and not force:
        raise ChemmaraError(f"{out}: holds a target already; choose another --out, or --force")
    with waiting("preparing the receptor"):
        made = make(complex_, ligand, out, padding=padding)
    for note in made.notes:
        typer.echo(note, err=True)
    size = " x ".join(f"{edge:.1f}" for edge in made.pocket.size)
    typer.echo(f'{out}: receptor.pdbqt and box.txt ({size} angstrom); use it as target = "{out}"', err=True)
    if smiles is None:
        typer.echo("not docked again: give the ligand's --smiles for the RMSD of its pose", err=True)
    elif find_spec("vina") is None:
        typer.echo("not docked again: Vina is not installed (pip install 'chemmara[docking]')", err=True)
    else:
        crystal = with_bonds(made.ligand, smiles)
        with waiting("docking the ligand again"):
            energy, rmsd = redock(made.pocket, crystal, exhaustiveness=exhaustiveness)
        typer.echo(f"redocked {ligand}: {energy:.2f} kcal/mol, RMSD {rmsd:.2f} angstrom to the crystal's pose")


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(help="Folder or .tar archive with NAME_target.pdbqt and NAME_conf.txt files.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder that gets a folder for each target.")],
) -> None:
    """Make target folders of DOCKSTRING's receptors and boxes, from a copy of its files that you have.

    Example: chemmara dock import dockstring/targets --out targets
    """
    from chemmara.oracles.target import import_dockstring

    names = import_dockstring(source, out)
    for name in names:
        typer.echo(out / name)
    typer.echo(f"{len(names)} targets", err=True)
