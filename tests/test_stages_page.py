"""docs/stages.md: its campaign and its commands run, in one folder and in order."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chemmara.campaign.stages import MAY_DIFFER, StageConfig
from tests.campaign.test_campaign import rows

TEXT = (Path(__file__).parents[1] / "docs" / "stages.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    (campaign,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    (tmp_path / "staged.toml").write_text(campaign, encoding="utf-8")
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env={"PATH": path, "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    stages = [row[6] for row in rows(tmp_path / "staged")]
    assert stages == [1] * 100 + [2] * 120


def test_the_page_names_every_key_of_a_stage() -> None:
    for name in (*StageConfig.model_fields, *MAY_DIFFER):
        assert re.search(rf"\| .*`{name}`.* \|", TEXT), name
