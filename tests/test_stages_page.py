"""docs/stages.md: its campaign and its commands run, in one folder and in order."""

import re
from pathlib import Path

import pytest

from chemmara.campaign.stages import MAY_DIFFER, StageConfig
from tests.campaign.test_campaign import rows
from tests.support.pages import run_page

TEXT = (Path(__file__).parents[1] / "docs" / "stages.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    (campaign,) = re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
    (tmp_path / "staged.toml").write_text(campaign, encoding="utf-8")
    run_page("stages.md", tmp_path)
    stages = [row[6] for row in rows(tmp_path / "staged")]
    assert stages == [1] * 100 + [2] * 120


def test_the_page_names_every_key_of_a_stage() -> None:
    for name in (*StageConfig.model_fields, *MAY_DIFFER):
        assert re.search(rf"\| .*`{name}`.* \|", TEXT), name
