"""docs/taking-out.md: its commands run, in one folder and in order, and it names the columns that are written."""

import re
from pathlib import Path

import pandas as pd
import pytest
from rdkit.Chem import SDMolSupplier

from chemmara.metrics.properties import PROPERTIES
from chemmara.selection.known import NEAREST
from tests.support.pages import run_page

TEXT = (Path(__file__).parents[1] / "docs" / "taking-out.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    run_page("taking-out.md", tmp_path)
    assert len(list(SDMolSupplier(str(tmp_path / "best.sdf")))) == 20
    order = list(SDMolSupplier(str(tmp_path / "order.sdf")))
    assert len(order) == 20
    assert 0 < float(order[0].GetProp("nearest_similarity")) <= 1
    assert len(pd.read_csv(tmp_path / "order.csv")) == 20
    assert len(pd.read_csv(tmp_path / "clustered.csv")) == 200


def test_the_page_names_every_column_that_is_added() -> None:
    for name in (*PROPERTIES, *NEAREST, "pick", "scaffold", "series", "inchikey"):
        assert re.search(rf"\| .*\b{name}\b.* \|", TEXT), name
