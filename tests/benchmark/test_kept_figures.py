"""Figures kept in a run's folder: worked out once, and again where the run, the question or the code is another."""

from math import isnan, nan
from pathlib import Path

import pytest

from chemmara.benchmark import kept_figures
from chemmara.benchmark.kept_figures import kept
from chemmara.records.run_folder import RunFolder


def counted(folder: Path, question: dict[str, object], answers: list[int]) -> dict[str, object]:
    def answer() -> dict[str, object]:
        answers.append(1)
        return {"hits": 3, "ob100": nan, "best": [{"smiles": "CCO", "score": 0.1}]}

    return kept(folder, question, answer)


def test_a_question_is_answered_once_with_the_same_values(tmp_path: Path) -> None:
    answers = list[int]()
    first, again = (counted(tmp_path, {"calls": 5, "figures": ("hits",)}, answers) for _ in range(2))
    assert answers == [1]
    assert isnan(again.pop("ob100"))  # type: ignore[arg-type]
    assert again == {key: value for key, value in first.items() if key != "ob100"}
    assert again == {"hits": 3, "best": [{"smiles": "CCO", "score": 0.1}]}


def test_more_calls_another_question_other_code_and_a_damaged_file_are_answered_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = list[int]()
    for question in ({"calls": 5}, {"calls": 6}, {"calls": 6, "hit_threshold": 0.5}):
        counted(tmp_path, question, answers)
    assert len(answers) == 3
    monkeypatch.setattr(kept_figures, "_code", lambda: "another")
    counted(tmp_path, {"calls": 6, "hit_threshold": 0.5}, answers)
    assert len(answers) == 4
    for text in ("", "{", "[]", "\xff"):
        RunFolder(tmp_path).figures.write_text(text, encoding="latin-1")
        counted(tmp_path, {"calls": 6, "hit_threshold": 0.5}, answers)
    assert len(answers) == 8


def test_the_code_that_decides_is_found() -> None:
    package = Path(kept_figures.__file__).parents[1]
    for pattern in kept_figures._DECIDE:
        assert list(package.glob(pattern)), pattern
    assert len(kept_figures._code()) == 64


def test_a_run_that_begins_anew_has_no_figures(tmp_path: Path) -> None:
    counted(tmp_path, {"calls": 5}, [])
    assert RunFolder(tmp_path).figures.exists()
    RunFolder(tmp_path).clear()
    assert not RunFolder(tmp_path).figures.exists()
