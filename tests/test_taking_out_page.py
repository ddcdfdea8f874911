"""docs/taking-out.md: its commands run, in one folder and in order, and it names the columns that are written."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rdkit.Chem import SDMolSupplier

from chemmara.metrics.properties import PROPERTIES
from chemmara.selection.known import NEAREST

TEXT = (Path(__file__).parents[1] / "docs" / "taking-out.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env={"PATH": path, "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert len(list(SDMolSupplier(str(tmp_path / "best.sdf")))) == 20
    order = list(SDMolSupplier(str(tmp_path / "order.sdf")))
    assert len(order) == 20
    assert 0 < float(order[0].GetProp("nearest_similarity")) <= 1
    assert len(pd.read_csv(tmp_path / "order.csv")) == 20
    assert len(pd.read_csv(tmp_path / "clustered.csv")) == 200


def test_the_page_names_every_column_that_is_added() -> None:
    for name in (*PROPERTIES, *NEAREST, "pick", "scaffold", "series", "inchikey"):
        assert re.search(rf"\| .*\b{name}\b.* \|", TEXT), name
