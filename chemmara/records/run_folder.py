"""The folder of a run: which files it has, how it is made, and when it may be touched."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chemmara.errors import ChemmaraError
from chemmara.system.files import new_folder, write_text


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run's files."""

    path: Path

    @property
    def config(self) -> Path:
        """campaign.json: the resolved settings, versions and the prior's checksum."""
        return self.path / "campaign.json"

    @property
    def ledger(self) -> Path:
        """ledger.sqlite: every oracle call."""
        return self.path / "ledger.sqlite"

    @property
    def checkpoint(self) -> Path:
        """checkpoint.safetensors: the learner between two steps."""
        return self.path / "checkpoint.safetensors"

    @property
    def metrics(self) -> Path:
        """metrics.jsonl: one line a step."""
        return self.path / "metrics.jsonl"

    @property
    def policy(self) -> Path:
        """policy/: the trained policy, a folder that every command takes for a prior."""
        return self.path / "policy"

    @property
    def timing(self) -> Path:
        """timing.json: wall time, and why the run ended, of a run of a comparison or a benchmark."""
        return self.path / "timing.json"

    @property
    def figures(self) -> Path:
        """figures.json: what a run of a benchmark came to, so that it is worked out once."""
        return self.path / "figures.json"

    @property
    def tensorboard(self) -> Path:
        """tensorboard/: the figures of each step, for TensorBoard, where the run was asked to write them."""
        return self.path / "tensorboard"

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return self.config.exists() or self.ledger.exists()

    def refuse_a_run(self, *, force: bool) -> None:
        """ChemmaraError if the folder holds a run already, unless `force` says that it may be removed."""
        if self.exists() and not force:
            raise ChemmaraError(f"{self.path}: holds a run already; --resume goes on with it, --force begins again")

    def create(self) -> None:
        """Make the folder for a new run, without the files of an old one."""
        new_folder(self.path)
        self.clear()

    def clear(self) -> None:
        """Remove the files of a run, and nothing else that the folder may hold."""
        names = ("hits.csv", "hits.smi", "hits.sdf", "report.html")
        files = [
            self.config,
            self.ledger,
            self.checkpoint,
            self.metrics,
            self.timing,
            self.figures,
            *(self.path / name for name in names),
        ]
        files += [self.ledger.with_name(self.ledger.name + suffix) for suffix in ("-wal", "-shm")]
        for file in files:
            file.unlink(missing_ok=True)
        for made in (self.policy, self.tensorboard):
            shutil.rmtree(made, ignore_errors=True)

    def is_none(self, lacking: Path) -> ChemmaraError:
        """The error for a folder that is not there, or no run's, for it lacks a file."""
        if not self.path.exists():
            return ChemmaraError(f"{self.path}: no such folder")
        return ChemmaraError(f"{self.path}: not a run's folder ({lacking.name} is missing)")

    def write_config(self, known: dict[str, Any]) -> None:
        """Write campaign.json: what is known of the run, and where its folder is."""
        write_text(self.config, json.dumps({**known, "folder": str(self.path.resolve())}, indent=2) + "\n")

    def read_config(self) -> dict[str, Any]:
        """What campaign.json says; ChemmaraError if there is none."""
        try:
            found = json.loads(self.config.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise self.is_none(self.config) from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise ChemmaraError(f"{self.config}: damaged (not JSON)") from None
        if not isinstance(found, dict) or not isinstance(found.get("campaign"), dict):
            raise ChemmaraError(f"{self.config}: is not the campaign.json of a run (it has no table `campaign`)")
        return found
