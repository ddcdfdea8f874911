"""The commands of a page, run in an empty folder and in order, as a reader would run them."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.processes import warm_folder

DOCS = Path(__file__).parents[2] / "docs"


def run_page(page: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run every `sh` block of a page of docs in one shell."""
    text = (DOCS / page).read_text(encoding="utf-8")
    script = "set -euo pipefail\n" + "\n".join(re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL))
    path = f"{warm_folder()}:{Path(sys.executable).parent}:/usr/bin:/bin"
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, env={"PATH": path, "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran
