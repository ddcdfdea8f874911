"""The `chemmara` program: its commands, and what becomes of errors and interrupts."""

import sys

import typer

from chemmara.errors import ChemmaraError

app = typer.Typer(
    name="chemmara",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Many good and different molecules from a budget of oracle calls.",
)


def run() -> None:
    """Run the program: 0 done, 2 the user's input, 130 interrupted; a bug keeps its traceback."""
    try:
        app(standalone_mode=True)
    except ChemmaraError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
