"""`chemmara import`: settings of other programs as a campaign's file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chemmara.errors import ChemmaraError

from .options import ReplaceOption
from .toml import toml_inline, toml_value

app = typer.Typer(no_args_is_help=True, help="Settings of other programs as a campaign.")


@app.callback()
def _several() -> None:
    """Settings of other programs as a campaign."""


@app.command()
def reinvent(
    file: Annotated[Path, typer.Argument(help="A REINVENT 4 TOML file: staged learning, scoring, or components.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; stdout if left out.")] = None,
    force: ReplaceOption = False,
) -> None:
    """Convert a REINVENT 4 file to a campaign: objective, method, budget.

    What does not map, or not exactly, is named on stderr and in comments at the head of the file. Of several stages
    the first is converted. Check the result: chemmara validate campaign.toml

    Example: chemmara import reinvent staged_learning.toml --out campaign.toml
    """
    from chemmara.campaign.reinvent import from_reinvent
    from chemmara.system.files import new_folder, write_text

    if out is not None and out.exists() and not force:
        raise ChemmaraError(f"{out}: is there already; choose another name, or --force to replace it")
    conversion = from_reinvent(file)
    for note in conversion.notes:
        typer.echo(f"note: {_line(note)}", err=True)
    text = _file(file.name, conversion.settings, conversion.notes)
    if out is None:
        typer.echo(text, nl=False)
        return
    new_folder(out.parent)
    write_text(out, text)
    typer.echo(f"wrote {out}; next: chemmara validate {out}", err=True)


def _file(source: str, settings: dict[str, Any], notes: list[str]) -> str:
    """A campaign's file: comments, keys of the file, [start], [method], [objective] and its components."""
    head = [f"# Converted from REINVENT 4: {_line(source)}"]
    if notes:
        head += ["# What was left out, or is not quite the same:", *(f"# - {_line(note)}" for note in notes)]
    blocks = ["\n".join(head), _pairs({key: value for key, value in settings.items() if not isinstance(value, dict)})]
    for name, table in settings.items():
        if isinstance(table, dict):
            blocks.append(f"[{name}]\n{_pairs({key: value for key, value in table.items() if key != 'component'})}")
            blocks += [f"[[{name}.component]]\n{_pairs(component)}" for component in table.get("component", ())]
    return "\n\n".join(blocks) + "\n"


def _pairs(table: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {toml_inline(v) if isinstance(v, dict) else toml_value(v)}" for key, v in table.items())


def _line(text: str) -> str:
    """Text of a file in one line that a comment may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
