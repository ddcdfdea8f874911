"""A user's own oracles: the examples of the documentation, and what becomes of those that fail."""

import importlib.util
import sys
import time
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from chemmara.config import parse
from chemmara.errors import ChemmaraError, ConfigError
from chemmara.molecules.chem import parse as molecule_of
from chemmara.oracles.program import ProgramOracle
from chemmara.oracles.rest import RestOracle
from chemmara.scoring.measurement import measure_with
from chemmara.scoring.objective import Objective, ObjectiveConfig

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SMILES = ["CCO", "c1ccccc1", "CC(=O)O"]


def values(component: dict, smiles: list[str] = SMILES) -> list[float]:
    tables = {"aggregation": "arithmetic", "component": [{"low": 0.0, "high": 1.0, **component}]}
    return Objective(parse(ObjectiveConfig, tables, source="o.toml", folder=EXAMPLES))(smiles).total.tolist()


def refusal(component: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        values(component)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_python_function_and_a_class_with_settings_beside_the_file() -> None:
    call = "python_oracle.py:carbon_share"
    np.testing.assert_allclose(values({"oracle": "python", "call": call}), [2 / 3, 1, 1 / 2])
    settings = {"element": "O"}
    call = "python_oracle.py:ShareOf"
    np.testing.assert_allclose(values({"oracle": "python", "call": call, "settings": settings}), [1 / 3, 0, 1 / 2])


def test_python_that_cannot_be_found_is_named() -> None:
    assert "has no 'nothing'" in refusal({"oracle": "python", "call": "python_oracle.py:nothing"})
    assert "cannot be imported" in refusal({"oracle": "python", "call": "no_such_module:x"})
    assert "nor an installed plugin" in refusal({"oracle": "python", "call": "unheard-of"})
    call = {"oracle": "python", "call": "python_oracle.py:ShareOf", "settings": {"elements": 1}}
    assert "does not take these settings" in refusal(call)
    assert "is no oracle" in refusal({"oracle": "python", "call": "math:pi"})


def test_a_range_that_nothing_lies_in_is_refused() -> None:
    call = {"oracle": "python", "call": "python_oracle.py:carbon_share", "low": 1.0, "high": 0.0}
    assert "low has to be less than high (got 1 and 0)" in refusal(call)


def test_python_that_fails_on_import_or_on_its_settings_is_one_line_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import os\n\nKEY = os.environ['NO_SUCH_LICENCE']\n")
    assert "KeyError: 'NO_SUCH_LICENCE'; mine.py, line 3" in refusal({"oracle": "python", "call": f"{file}:x"})
    file.write_text("raise SystemExit(3)\n")
    assert "SystemExit: 3; mine.py, line 1" in refusal({"oracle": "python", "call": f"{file}:x"})
    file.write_text("class Made:\n    def __init__(self):\n        self.file = open('no-such-weights')\n")
    assert "cannot be made (FileNotFoundError" in refusal({"oracle": "python", "call": f"{file}:Made"})


def test_a_python_file_that_was_changed_is_loaded_anew_and_a_change_does_not_reach_into_what_is_made(
    tmp_path: Path,
) -> None:
    file = tmp_path / "edited.py"
    file.write_text("def oracle(molecules):\n    return [0.25] * len(molecules)\n")
    component = {"oracle": "python", "call": f"{file}:oracle", "low": 0.0, "high": 1.0}
    tables = {"aggregation": "arithmetic", "component": [component]}
    made = Objective(parse(ObjectiveConfig, tables, source="o.toml"))
    assert made(["CCO"]).total.tolist() == [0.25]
    file.write_text("def oracle(molecules):\n    return [0.75 for _ in molecules]\n")
    assert made(["CCN"]).total.tolist() == [0.25]
    assert values(component, ["CCO"]) == [0.75]


def test_python_in_a_file_may_use_processes_and_dataclasses_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "random.py"  # called like a module of Python's
    file.write_text(
        "from __future__ import annotations\n\nimport dataclasses\nimport multiprocessing\n\n\n"
        "@dataclasses.dataclass\nclass Atoms:\n    number: int\n\n\n"
        "def share(atoms):\n    return atoms.number / 8\n\n\n"
        "def oracle(molecules):\n    with multiprocessing.get_context('fork').Pool(1) as pool:\n"
        "        return pool.map(share, [Atoms(molecule.GetNumAtoms()) for molecule in molecules])\n"
    )
    component = {"oracle": "python", "call": f"{file}:oracle"}
    assert values(component) == [3 / 8, 6 / 8, 4 / 8]
    assert values(component, ["C"]) == [1 / 8]


def test_an_installed_plugin_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    information = tmp_path / "carbons-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: carbons\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[chemmara.oracles]\ncarbons = carbons:carbon_share\n")
    (tmp_path / "carbons.py").write_text((EXAMPLES / "python_oracle.py").read_text())
    monkeypatch.syspath_prepend(str(tmp_path))
    np.testing.assert_allclose(values({"oracle": "python", "call": "carbons"}), [2 / 3, 1, 1 / 2])


def program(text: str, **changes: object) -> ProgramOracle:
    return ProgramOracle((sys.executable, "-c", text), **changes)  # type: ignore[arg-type]


MOLECULES = [molecule for smiles in SMILES if (molecule := molecule_of(smiles)) is not None]


def test_a_program_gets_smiles_and_gives_json_lines_or_csv_in_any_order() -> None:
    command = [sys.executable, "program_oracle.py"]
    assert values({"oracle": "program", "command": command}) == [0.03, 0.08, 0.07]
    text = "import sys; print('smiles,value'); [print(f'{x.strip()},{len(x)}') for x in reversed(list(sys.stdin))]"
    np.testing.assert_array_equal(program(text, output="csv")(MOLECULES), [4, 9, 8])


def test_a_program_may_leave_molecules_out_and_reads_no_shell() -> None:
    text = 'import sys; x = sys.stdin.readline().strip(); print(\'{"smiles": "%s", "value": 1}\' % x)'
    np.testing.assert_array_equal(program(text)(MOLECULES), [1, np.nan, np.nan])
    with pytest.raises(ChemmaraError, match="no such program"):
        ProgramOracle(("echo hi; true",))(MOLECULES)


def test_a_program_that_fails_or_hangs_is_started_again_and_then_says_why() -> None:
    with pytest.raises(RuntimeError, match="exit code 4: no licence"):
        program("import sys; sys.stderr.write('no licence\\n'); sys.exit(4)")(MOLECULES)
    with pytest.raises(RuntimeError, match=r"no answer within 0\.3 s"):
        program("import time; time.sleep(60)", time_limit=0.3, restarts=1)(MOLECULES)


def test_an_answer_may_spell_its_molecule_otherwise_or_be_left_out() -> None:
    text = """import json; print(json.dumps({"smiles": "OCC", "value": 2})); print('{"smiles": "C1CC1", "value": 3}')"""
    # OCC is CCO; cyclopropane was not asked for; benzene and acetic acid have no answer.
    np.testing.assert_array_equal(program(text)(MOLECULES), [2, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "output", "words"),
    [
        ("pass", "jsonl", "it printed nothing"),
        ("print('Welcome to Fit 3.1')", "jsonl", "line 1 of its output is no JSON: 'Welcome to Fit 3.1'"),
        ("print('[1, 2]')", "jsonl", 'line 1 of its output has no "smiles" with a "value"'),
        ("""print('{"smiles": "CCO"}')""", "jsonl", 'has no "smiles" with a "value"'),
        (
            """print('{"smiles": "CCO", "value": "high"}')""",
            "jsonl",
            "the value is 'high', which is no number",
        ),
        ("""print('{"smiles": "CCO", "value": [1]}')""", "jsonl", "which is no number"),
        (
            """print('{"smiles": "CCBr", "value": 1}')""",
            "jsonl",
            "for other molecules than it was given, such as 'CCBr'",
        ),
        ("print('a,b'); print('1,2')", "csv", "lacks the columns smiles and value: 'a,b'"),
        ("print('smiles,value'); print('CCO,low')", "csv", "line 2 of its output: the value is 'low'"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')", "jsonl", "its output is not UTF-8"),
        ("import sys; sys.exit(3)", "jsonl", "exit code 3: it gave no reason"),
        ("import sys; sys.stderr.buffer.write(b'\\xff bad'); sys.exit(3)", "jsonl", "exit code 3: "),
    ],
)
def test_a_program_that_prints_something_else_is_no_score_with_a_reason_in_words(
    text: str, output: str, words: str
) -> None:
    for (value, reason), smiles in zip(
        measure_with(program(text, output=output, restarts=0), MOLECULES), SMILES, strict=True
    ):
        assert np.isnan(value), smiles
        if smiles == "CCO" or "CCO" not in words:
            assert words in reason
        assert reason.startswith("RuntimeError: ")


def test_a_program_that_prints_without_end_is_stopped() -> None:
    with pytest.raises(RuntimeError, match="it printed more than 64 MiB for one batch"):
        program("while True: print('x' * 1000000)", restarts=0)(MOLECULES)


def test_a_child_that_outlives_its_program_holds_nothing_up() -> None:
    text = "import subprocess, sys, time; subprocess.Popen(['sleep', '5']); time.sleep(5)"
    began = time.monotonic()
    with pytest.raises(RuntimeError, match=r"no answer within 0\.2 s"):
        program(text, time_limit=0.2, restarts=0)(MOLECULES)
    assert time.monotonic() - began < 3


def test_what_cannot_be_started_stops_the_run(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    with pytest.raises(ChemmaraError, match="cannot be started"):
        ProgramOracle((str(plain),))(MOLECULES)
    with pytest.raises(ChemmaraError, match="no such folder"):
        ProgramOracle(("true",), folder=tmp_path / "nowhere")(MOLECULES)


def test_a_file_with_a_syntax_error_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def score(:\n")
    assert "cannot be imported (SyntaxError: " in refusal({"oracle": "python", "call": f"{tmp_path}/mine.py:score"})


def test_infinite_values_and_exceptions_without_words_are_no_scores_with_a_reason() -> None:
    class Odd:
        low, high = -np.inf, np.inf

        def __call__(self, molecules: list) -> list[float]:
            if len(molecules) > 1:
                raise ZeroDivisionError
            (number,) = [molecule.GetNumAtoms() for molecule in molecules]
            return [{3: np.inf, 6: -np.inf}[number]]

    answers = measure_with(Odd(), MOLECULES)
    assert np.isnan([value for value, _ in answers]).all()
    assert [reason for _, reason in answers] == ["infinite value", "infinite value", "KeyError: 4"]


@pytest.fixture
def service() -> Iterator[tuple[str, ModuleType]]:
    spec = importlib.util.spec_from_file_location("rest_oracle", EXAMPLES / "rest_oracle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = HTTPServer(("127.0.0.1", 0), module.Scores)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", module
    server.shutdown()
    server.server_close()


def test_a_service_is_asked_in_batches_and_again_after_it_failed(service: tuple[str, ModuleType]) -> None:
    pytest.importorskip("httpx", reason="needs the extra [rest]")
    url, module = service
    assert values({"oracle": "rest", "url": url, "batch_size": 2}) == [0.03, 0.08, 0.07]
    answer, failures = module.Scores.do_POST, [500, 429, 503]

    def fail_first(handler: object) -> None:
        if failures:
            handler.rfile.read(int(handler.headers["Content-Length"]))  # type: ignore[attr-defined]
            handler.send_error(failures.pop())  # type: ignore[attr-defined]
        else:
            answer(handler)

    module.Scores.do_POST = fail_first
    np.testing.assert_allclose(RestOracle(url, pause=0.01)(MOLECULES), [0.03, 0.08, 0.07])
    assert not failures


def test_a_service_that_is_gone_stops_the_run_instead_of_costing_molecules() -> None:
    pytest.importorskip("httpx", reason="needs the extra [rest]")
    component = {"oracle": "rest", "url": "http://127.0.0.1:9/", "retries": 1, "pause": 0.01}
    with pytest.raises(ChemmaraError, match="gave no answer in 2 tries"):
        values(component)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (b"hello", RuntimeError, 'its answer is no JSON object with "values"'),
        (b"[1, 2, 3]", RuntimeError, "its answer is no JSON object"),
        (b'{"values": 3}', RuntimeError, "no list of values for 3 molecules"),
        (b'{"values": [1]}', RuntimeError, "1 values for 3 molecules"),
        (b'{"values": [1, "high", 2]}', RuntimeError, "a value is no number"),
        (403, ChemmaraError, r"HTTP 403 \(forbidden\)"),
        (422, RuntimeError, "HTTP 422"),
    ],
)
def test_a_service_that_answers_something_else_says_so(
    answer: bytes | int, error: type[Exception], words: str, service: tuple[str, ModuleType]
) -> None:
    pytest.importorskip("httpx", reason="needs the extra [rest]")
    url, module = service

    def post(handler: Any) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        if isinstance(answer, int):
            handler.send_error(answer)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    module.Scores.do_POST = post
    with pytest.raises(error, match=words):
        RestOracle(url, retries=0)(MOLECULES)
