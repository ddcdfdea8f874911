"""An oracle that always fails stops a campaign before the budget is gone; what it did is kept, and it can go on."""

import math
import sqlite3
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from chemmara.campaign.failures import Failures
from chemmara.errors import ChemmaraError
from chemmara.records.ledger import Call
from chemmara.records.summary import failure_reasons
from cli.main import app

BROKEN = "def broken(molecules):\n    raise RuntimeError('no licence')\n"
SOUND = "def broken(molecules):\n    return [0.5] * len(molecules)\n"
LATE = """
count = 0


def broken(molecules):
    global count
    count += len(molecules)
    if count > 40:
        raise RuntimeError("the server is gone")
    return [0.5] * len(molecules)
"""


def call(number: int, score: float, components: dict[str, float], error: str = "") -> Call:
    return Call(number, 1, f"C{number}", score, components, error)


def failed(number: int) -> Call:
    return call(number, math.nan, {"qed": 0.5, "dock": math.nan}, "dock: no pose")


def test_by_hand_fifty_in_a_row_stop_a_campaign_and_a_success_between_them_begins_anew() -> None:
    failures = Failures(Path("run"), ["qed", "dock"], recorded=0, keep_going=False)
    failures.check([call(1, 0.5, {"qed": 0.5, "dock": -7.0})])
    failures.check([failed(number) for number in range(2, 51)])  # 49 in a row
    failures.check([call(51, 0.5, {"qed": 0.5, "dock": -7.0})])
    failures.check([failed(number) for number in range(52, 101)])  # 49 again
    with pytest.raises(ChemmaraError, match=r"dock failed on 50 molecules in a row \(dock: no pose\)"):
        failures.check([failed(101)])


def test_what_another_component_had_ruled_out_does_not_count_and_nor_do_recorded_calls() -> None:
    failures = Failures(Path("run"), ["qed", "dock"], recorded=100, keep_going=False)
    failures.check([failed(number) for number in range(1, 101)])  # met again by a resumed run: the oracle was not used
    unasked = {"qed": 0.0, "dock": math.nan}
    failures.check([call(number, 0.0, unasked) for number in range(101, 301)])
    failures.check([failed(number) for number in range(301, 350)])
    failures.check([call(350, 0.0, unasked)])
    with pytest.raises(ChemmaraError, match="dock failed on 50"):
        failures.check([failed(351)])


def test_the_commonest_reason_of_a_first_batch_is_the_one_that_is_given() -> None:
    failures = Failures(Path("run"), ["dock"], recorded=0, keep_going=False)
    rare = call(1, math.nan, {"dock": math.nan}, "dock: away")
    with pytest.raises(ChemmaraError, match=r"none of the first 8 .* \(dock: no pose; 7 of the last 8\)"):
        failures.check([rare, *map(failed, range(2, 9))])


def test_a_run_that_went_on_is_not_to_begin_anew_for_an_oracle_that_is_away() -> None:
    failures = Failures(Path("run"), ["dock"], recorded=100, keep_going=False)
    with pytest.raises(ChemmaraError, match="none of the 8 molecules since the run went on has a score") as caught:
        failures.check([failed(number) for number in range(101, 109)])
    assert "--force" not in str(caught.value)


def test_a_first_batch_without_a_score_stops_but_one_unlucky_molecule_does_not() -> None:
    failures = Failures(Path("run"), ["dock"], recorded=0, keep_going=False)
    failures.check([failed(number) for number in range(1, 8)])
    with pytest.raises(ChemmaraError, match=r"none of the first 8 molecules has a score \(dock: no pose\)"):
        failures.check([failed(8)])
    keep_going = Failures(Path("run"), ["dock"], recorded=0, keep_going=True)
    keep_going.check([failed(number) for number in range(1, 200)])


def test_fifty_in_a_row_that_ran_into_the_time_out_stop_a_campaign_though_no_component_is_named() -> None:
    failures = Failures(Path("run"), ["qed", "dock"], recorded=0, keep_going=False)
    late = {"qed": math.nan, "dock": math.nan}
    failures.check([call(1, 0.5, {"qed": 0.5, "dock": -7.0})])
    failures.check([call(number, math.nan, late, "no answer within 5 s") for number in range(2, 51)])
    failures.check([call(51, 0.0, {"qed": 0.0, "dock": math.nan})])  # ruled out: says nothing of the oracle
    with pytest.raises(ChemmaraError, match=r"50 molecules in a row have no score \(no answer within 5 s\)"):
        failures.check([call(52, math.nan, late, "no answer within 5 s")])
    rare = Failures(Path("run"), ["dock"], recorded=0, keep_going=False)
    for number in range(1, 200):  # every other one fails, and the others score 0 for good reason
        rare.check([call(number, math.nan if number % 2 else 0.0, {"dock": math.nan if number % 2 else 0.0}, "late")])


def test_a_component_whose_name_ends_in_that_of_another_fails_alone() -> None:
    failures = Failures(Path("run"), ["sim", "best_sim"], recorded=0, keep_going=False)
    failures.check([call(1, 0.5, {"sim": 0.5, "best_sim": 0.5})])
    for number in range(2, 82, 2):  # each fails on 40, with a success of its own in between
        failures.check([call(number, 0.3, {"sim": 0.5, "best_sim": math.nan}, "best_sim: no value")])
        failures.check([call(number + 1, 0.3, {"sim": math.nan, "best_sim": 0.5}, "sim: no value")])


def campaign_on(code: str, tmp_path: Path, campaign_file: Path) -> Path:
    (tmp_path / "oracle.py").write_text(code)
    path = tmp_path / "own.toml"
    component = f'[[objective.component]]\noracle = "python"\ncall = "{tmp_path}/oracle.py:broken"\nhigh = 1\nlow = 0\n'
    path.write_text(f"{campaign_file.read_text()}\n{component}")
    return path


def scores(folder: Path) -> list[float | None]:
    rows = sqlite3.connect(folder / "ledger.sqlite").execute("SELECT score FROM calls ORDER BY call").fetchall()
    return [row[0] for row in rows]


def test_a_campaign_whose_oracle_always_fails_ends_after_its_first_batch_and_goes_on_once_that_is_mended(
    tmp_path: Path, campaign_file: Path
) -> None:
    program, folder = CliRunner(), tmp_path / "run"
    file = campaign_on(BROKEN, tmp_path, campaign_file)
    stopped = program.invoke(app, ["run", str(file), "--out", str(folder)])
    assert stopped.exit_code == 2, stopped.output
    last = stopped.stderr.strip().splitlines()[-1]
    assert "has a score (python: RuntimeError: no licence)" in last
    assert (
        f"begin anew (chemmara run ... --out {folder} --force), or chemmara resume {folder} --retry measures again"
        in last
    )
    wasted = scores(folder)
    assert 8 <= len(wasted) <= 16
    (tmp_path / "oracle.py").write_text(SOUND)
    done = program.invoke(app, ["resume", str(folder)])
    assert done.exit_code == 0, done.output
    assert f"{len(wasted)} calls have no score. The commonest reasons:" in done.stderr
    assert f"  {len(wasted)} times: python: RuntimeError: no licence" in done.stderr
    found = scores(folder)
    assert len(found) == 150
    assert found[: len(wasted)] == wasted
    assert None not in found[len(wasted) :]


def test_an_oracle_that_fails_for_good_later_on_stops_the_campaign_unless_it_is_to_keep_going(
    tmp_path: Path, campaign_file: Path
) -> None:
    program = CliRunner()
    file = campaign_on(LATE, tmp_path, campaign_file)
    stopped = program.invoke(app, ["run", str(file), "--out", str(tmp_path / "a")])
    assert stopped.exit_code == 2
    assert "molecules in a row (python: RuntimeError: the server is gone)" in stopped.stderr
    assert len(scores(tmp_path / "a")) < 150
    (tmp_path / "oracle.py").write_text(f"{LATE}# again from the start\n")
    through = program.invoke(app, ["run", str(file), "--out", str(tmp_path / "b"), "--keep-going"])
    assert through.exit_code == 0, through.output
    assert len(scores(tmp_path / "b")) == 150
    assert "calls have no score. The commonest reasons:" in through.stderr


PICKY = """
from rdkit import Chem


def broken(molecules):
    (smiles,) = [Chem.MolToSmiles(molecule) for molecule in molecules]
    if len(smiles) % 3 == 0:
        raise RuntimeError(f"no pose of {smiles}")
    if len(smiles) % 3 == 1:
        raise RuntimeError(f"the value is '{smiles[:4]}', no number")
    return [1.5 + len(smiles)] if len(smiles) % 2 else [0.5]
"""


def test_reasons_that_differ_in_the_molecule_alone_are_a_single_one(tmp_path: Path, campaign_file: Path) -> None:
    file = campaign_on(PICKY, tmp_path, campaign_file)
    done = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "run"), "--keep-going"])
    assert done.exit_code == 0, done.output
    _, _, listed = done.stderr.partition("The commonest reasons:\n")
    reasons = sorted(line.partition(" times: ")[2] for line in listed.splitlines()[:3])
    assert reasons == [
        "python: ... is outside 0 to 1",
        "python: RuntimeError: no pose of ...",
        "python: RuntimeError: the value is ..., no number",
    ]


def test_by_hand_reasons_are_grouped_and_shown_whole_where_they_are_all_the_same() -> None:
    calls = pd.DataFrame(
        {
            "smiles": ["CCO", "CN", "C", "CC", "CO", "N"],
            "score": [math.nan] * 5 + [0.5],
            "error": [
                "dock: CCO failed",
                "dock: CN failed",
                "dock: Can't open 'a.pdb'",
                "dock: no value",
                "dock: C1",
                "",
            ],
        }
    )
    assert failure_reasons(calls) == {
        "dock: ... failed": 2,
        "dock: Can't open 'a.pdb'": 1,
        "dock: no value": 1,
        "dock: C1": 1,
    }
