"""`chemmara doctor` and the shell's completion."""

import json
import os
import subprocess
import sys
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli import doctor
from cli.main import app

ROOT = Path(__file__).parents[2]


def diagnosis() -> tuple[Result, dict[tuple[str, str], dict[str, Any]]]:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    found = json.loads(result.stdout)
    assert found["works"] is (result.exit_code == 0)
    return result, {(finding["area"], finding["name"]): finding for finding in found["findings"]}


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_SAMPLES", 32)


def test_an_installation_that_works_is_called_so_with_its_versions_extras_and_a_sample() -> None:
    result, found = diagnosis()
    assert result.exit_code == 0
    assert found["versions", "torch"]["value"] == version("torch")
    assert found["versions", "rdkit"]["value"] == version("rdkit")
    assert "32 molecules in " in found["sampling", "zinc250k-gru"]["value"]
    extras = {name for area, name in found if area == "extras"}
    assert extras == set(metadata("chemmara").get_all("Provides-Extra")) - {"dev"}
    table = CliRunner().invoke(app, ["doctor"])
    assert table.exit_code == 0
    assert f"  ok  torch                   {version('torch')}\n" in table.stdout


def test_a_missing_extra_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    there = doctor.version

    def without_vina(name: str) -> str:
        if name == "vina":
            raise doctor.PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(doctor, "version", without_vina)
    result, found = diagnosis()
    docking = found["extras", "docking"]
    assert (docking["state"], docking["remedy"]) == ("missing", "pip install 'chemmara[docking]'")
    assert "without vina" in docking["value"]
    assert result.exit_code == 0  # it can be done without


def test_what_chemmara_cannot_do_without_is_exit_code_2_after_the_whole_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PRIOR", "no-such-prior")
    result, found = diagnosis()
    assert result.exit_code == 2
    assert found["sampling", "no-such-prior"]["state"] == "broken"
    assert result.stderr == "error: does not work: no-such-prior; what to do stands in the table\n"
    monkeypatch.setitem(sys.modules, "torch", None)
    result, found = diagnosis()
    assert found["devices", "torch"]["state"] == "broken"
    assert "Traceback" not in result.output


def test_a_folder_that_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.tempfile, "gettempdir", lambda: str(tmp_path / "gone"))
    _, found = diagnosis()
    folder = found["files", "temporary folder"]
    assert (folder["state"], "TMPDIR" in folder["remedy"]) == ("missing", True)


def test_the_shell_completes_commands_and_options() -> None:
    def completed(words: str) -> list[str]:
        environment = os.environ | {
            "_CHEMMARA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1),
        }  # fmt: skip
        code = "import sys; sys.argv = ['chemmara']; from cli.main import app; app(prog_name='chemmara')"
        ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: PLW1510
        return ran.stdout.split()

    assert {"status", "score", "sample"} > {word for word in completed("chemmara st") if word}
    assert "status" in completed("chemmara st")
    assert "--report-every" in completed("chemmara run --rep")
    assert "list" in completed("chemmara oracle li")


def test_the_completion_can_be_installed(tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    ran = subprocess.run(
        ["bash", "-c", "chemmara --install-completion; exit $?"], env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    (script,) = (tmp_path / ".bash_completions").iterdir()
    assert "_CHEMMARA_COMPLETE=complete_bash" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()
