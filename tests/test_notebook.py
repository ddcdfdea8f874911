"""`import chemmara` as a notebook uses it: the page's blocks and the notebook's cells run, in threads too."""

import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
import torch

import chemmara
from chemmara.records.tally import Standing

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
NOTEBOOK = ROOT / "docs" / "examples" / "first_steps.ipynb"


def test_the_names_are_there_lazily_and_the_page_has_them_all() -> None:
    script = "import sys, chemmara; print(sorted(set(sys.modules) & {'torch', 'rdkit', 'pandas', 'numpy', 'pydantic'}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"
    for name in chemmara.__all__:
        assert getattr(chemmara, name) is not None
        assert f"`{name}" in PAGE
        assert name in dir(chemmara)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = chemmara.nothing  # pyright: ignore[reportAttributeAccessIssue]


def test_the_pages_blocks_run_in_order(tmp_path: Path) -> None:
    script = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hits of 200 calls" in done.stdout
    assert (tmp_path / "runs" / "first" / "report.html").exists()


def test_the_notebooks_cells_run_in_order(tmp_path: Path) -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    script = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "notebook" / "hits.csv").exists()


def test_a_campaign_in_a_thread_ends_as_in_the_main_thread_and_leaves_no_trace(
    tmp_path: Path, campaign_file: Path
) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    before = (torch.get_num_threads(), torch.get_rng_state().tolist())
    seen: list[Standing] = []
    found: list[chemmara.notebook.CampaignRun] = []  # type: ignore[name-defined]
    thread = threading.Thread(
        target=lambda: found.append(chemmara.run(campaign_file, tmp_path / "thread", progress=seen.append))
    )
    thread.start()
    thread.join()
    here = chemmara.run(campaign_file, tmp_path / "main")
    assert found[0].calls.equals(here.calls)
    assert [standing.calls for standing in seen][-1] == 150 == len(here.calls)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert (torch.get_num_threads(), torch.get_rng_state().tolist()) == before


def test_a_progress_that_interrupts_saves_and_the_run_goes_on(tmp_path: Path, campaign_file: Path) -> None:
    def stop(standing: Standing) -> None:
        if standing.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chemmara.run(campaign_file, tmp_path / "stopped", progress=stop)
    assert 0 < len(chemmara.load_run(tmp_path / "stopped").calls) < 150
    whole = chemmara.run(campaign_file, tmp_path / "whole")
    assert chemmara.resume(tmp_path / "stopped").calls.equals(whole.calls)


def test_mistakes_are_chemmara_errors(tmp_path: Path) -> None:
    for wrong in (
        lambda: chemmara.load_run(tmp_path), lambda: chemmara.resume(tmp_path), lambda: chemmara.score(["C"], "nope"),
        lambda: chemmara.score(["C"], {"component": []}), lambda: chemmara.sample("nope", 3),
        lambda: chemmara.run("nope", tmp_path / "x"),
    ):  # fmt: skip
        with pytest.raises(chemmara.ChemmaraError):
            wrong()
    assert list(tmp_path.iterdir()) == []


def test_a_column_with_missing_cells_costs_those_rows_alone_and_one_text_is_refused() -> None:
    table = chemmara.score(pd.Series(["CCO", None, float("nan"), pd.NA], index=[7, 8, 9, 9]), "qed")
    assert table["total"].round(3).fillna(-1).tolist() == [0.407, -1, -1, -1]
    assert table["error"].tolist() == ["", *["invalid SMILES: empty"] * 3]
    assert chemmara.diversity(["CCO", None])["invalid"] == 1  # type: ignore[list-item]
    for function in (lambda text: chemmara.score(text, "qed"), chemmara.diversity):
        with pytest.raises(chemmara.ChemmaraError, match=r"a list of SMILES is needed.*\['CCO'\]"):
            function("CCO")
        with pytest.raises(chemmara.ChemmaraError, match="row 2 of the molecules is 5"):
            function(["C", 5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def test_a_budget_that_is_no_whole_number_is_refused_before_it_is_written_down(
    tmp_path: Path, campaign_file: Path
) -> None:
    chemmara.run(chemmara.load_campaign(campaign_file, budget=20), tmp_path / "run")
    saved = (tmp_path / "run" / "campaign.json").read_text()
    with pytest.raises(chemmara.ChemmaraError, match=r"should be a whole number in budget \(got 30\.5\)"):
        chemmara.resume(tmp_path / "run", budget=30.5)  # type: ignore[arg-type]
    assert (tmp_path / "run" / "campaign.json").read_text() == saved
    assert len(chemmara.resume(tmp_path / "run", budget=3e1).calls) == 30  # type: ignore[arg-type]


def test_a_sample_of_less_than_nothing_or_at_no_temperature_is_refused(tiny_prior: Path) -> None:
    for n, temperature in ((-1, 1.0), (1, 0.0), (1, float("nan"))):
        with pytest.raises(chemmara.ChemmaraError, match="n is 0 or more, a temperature above 0"):
            chemmara.sample(tiny_prior, n, temperature=temperature)


def test_a_method_is_named_as_on_the_command_line(campaign_file: Path) -> None:
    """MARA's tau belongs to the objective and stays (.3 in the file); a table is the whole of [method]."""
    named = chemmara.load_campaign(campaign_file, method="mara+beta=0.02", budget=20).method
    assert (named.name, named.beta, named.tau) == ("mara", 0.02, 0.3)
    table = chemmara.load_campaign(campaign_file, method={"name": "mara", "tau": 0.5}).method
    assert (table.name, table.tau) == ("mara", 0.5)
    assert chemmara.load_campaign(campaign_file).method.name == "prior-undone"
    with pytest.raises(chemmara.ChemmaraError, match=r"method: .*maara"):
        chemmara.load_campaign(campaign_file, method="maara")
