"""`--json`: every command that prints a table prints it as one JSON document, too."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.main import app
from cli.tables import json_line

DOCS = Path(__file__).parents[2] / "docs"
LISTS = (
    "prior list", "corpus list", "oracle list", "oracle list --tasks", "oracle transforms", "oracle test {objective}",
    "objective list", "objective show {objective}",
)  # fmt: skip
OBJECTS = (
    "oracle show similarity", "diversity {library}", "plan {campaign} --pilot 20",
    "lab beta-sweep --quick --out {tmp}/lab", "run {campaign} --out {tmp}/r",
    "run {campaign} --out {tmp}/r --dry-run", "compare {campaign} --out {tmp}/c --dry-run",
    "qsar train {measured} --target-column y --folds 2 --out {tmp}/model",
)  # fmt: skip


def commands(group: Any, path: str = "") -> dict[str, set[str]]:
    """Every command with its options."""
    found = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, f"{path}{name} ")
        else:
            found[path + name] = {option for parameter in command.params for option in parameter.opts}
    return found


COMMANDS = commands(typer.main.get_command(app))


@pytest.fixture
def places(tmp_path: Path, campaign_file: Path, drugs: dict[str, str]) -> dict[str, Path]:
    library, measured, objective = tmp_path / "l.smi", tmp_path / "m.csv", tmp_path / "o.toml"
    library.write_text("\n".join(drugs.values()) + "\n")
    rows = [f"{'C' * extra}{smiles},{extra}.5" for smiles in list(drugs.values())[:3] for extra in range(8)]
    measured.write_text("\n".join(["smiles,y", *rows]) + "\n")
    objective.write_text('[[component]]\noracle = "qed"\n')
    return {
        "library": library,
        "measured": measured,
        "objective": objective,
        "campaign": campaign_file,
        "tmp": tmp_path,
    }


def document(command: str, places: dict[str, Path]) -> Any:
    result = CliRunner().invoke(app, [*command.format(**places).split(), "--json"])
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 1  # one document, and nothing else on stdout
    return json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.mark.parametrize("command", LISTS)
def test_what_prints_many_rows_prints_one_list(command: str, places: dict[str, Path]) -> None:
    found = document(command, places)
    assert isinstance(found, list)
    assert found
    if "--tasks" in command:
        assert "zaleplon_mpo" in found
    else:
        assert len({tuple(row) for row in found}) == 1  # the same keys in every row


@pytest.mark.parametrize("command", OBJECTS)
def test_what_prints_one_thing_prints_one_object(command: str, places: dict[str, Path]) -> None:
    found = document(command, places)
    assert isinstance(found, dict)
    assert found


def test_every_list_and_every_printed_table_can_be_had_as_json() -> None:
    tables = {
        "compare", "diversity", "doctor", "explain", "lab all", "lab ratio", "objective show", "oracle show",
        "oracle test", "oracle transforms", "plan", "qsar test", "qsar train", "resume", "run", "status",
    }  # fmt: skip
    lists = {name for name in COMMANDS if name.split()[-1] == "list"}
    assert {"corpus list", "objective list", "oracle list", "prior list"} <= lists
    assert {name for name in tables | lists if "--json" not in COMMANDS[name]} == set()


def test_the_page_lists_every_command_that_has_json() -> None:
    page = (DOCS / "files.md").read_text(encoding="utf-8")
    section = page.partition("## JSON")[2].partition("\n## ")[0]
    told = {re.sub("^lab .*", "lab", name) for name in re.findall(r"`([a-z ]+)`", section)}
    have = {re.sub("^lab .*", "lab", name) for name, options in COMMANDS.items() if "--json" in options}
    assert told == have


def test_json_has_no_nan_and_no_infinity() -> None:
    # 1.5 stays; NaN and both infinities, however deep, become null
    line = json_line({"a": 1.5, "b": math.nan, "c": [math.inf, {"d": -math.inf}], "e": (1, "x")})
    assert line == '{"a": 1.5, "b": null, "c": [null, {"d": null}], "e": [1, "x"]}'


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("score", {"--memory", "--worker-memory", "--standardise", "--standardize"}),
        ("diversity", {"--standardize"}),
        ("sample", {"-n", "--number"}),
    ],
)
def test_options_have_the_names_that_people_try(command: str, options: set[str]) -> None:
    assert options <= COMMANDS[command]


def test_one_option_has_one_letter_and_one_meaning() -> None:
    for name, options in COMMANDS.items():
        assert ("-o" in options) == ("--out" in options), name
        assert not options & {"--output", "--output-dir", "--n-workers", "--num-workers", "--random-seed"}, name
