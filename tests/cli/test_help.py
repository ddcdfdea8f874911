"""Help: every text of every command comes out as it was written."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.markup import render
from typer.testing import CliRunner

from cli.main import app

ROOT = Path(__file__).parents[2]
EXTRA = re.compile(r"chemmara\\?\[")


def commands(command: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that call it."""
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, *words, name)


EVERY = list(commands(typer.main.get_command(app)))


def texts(command: Any) -> list[str]:
    """What is written of a command, its arguments and its options."""
    written = [command.help, command.epilog, *(getattr(parameter, "help", None) for parameter in command.params)]
    return [text for text in written if text]


@pytest.mark.parametrize(
    ("words", "command"), EVERY, ids=lambda value: " ".join(value) if value.__class__ is tuple else ""
)
def test_no_bracket_of_a_help_text_is_taken_for_a_mark_of_richs(words: tuple[str, ...], command: Any) -> None:
    """Rich takes [tensorboard] for a style and shows nothing of it; a bracket that is escaped is shown."""
    del words
    for text in texts(command):
        assert render(text).plain == text.replace("\\[", "[")
        assert not render(text).spans


def test_help_names_every_extra_whole() -> None:
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    )
    seen = 0
    for words, command in EVERY:
        number = sum(len(EXTRA.findall(text)) for text in texts(command))
        if number:
            shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).output
            found = re.findall(r"'chemmara\[(\w+)\]'", re.sub(r"[\s│]", "", shown))
            assert len(found) == number, words
            assert set(found) <= extras
            seen += number
    assert seen


def test_every_message_that_names_an_extra_names_one_that_there_is() -> None:
    extras = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    )
    files = [*ROOT.glob("cli/**/*.py"), *ROOT.glob("chemmara/**/*.py")]
    named = [name for file in files for name in re.findall(r"'chemmara\\*\[(\w+)\]'", file.read_text(encoding="utf-8"))]
    assert set(named) <= extras
    assert "tensorboard" in named
