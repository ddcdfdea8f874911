"""What a run was begun with: settings, prior, versions and processor, all that its ledger depends on."""

import platform
from importlib.metadata import version
from typing import Any

from chemmara.campaign.settings import CampaignConfig
from chemmara.language_model.checkpoint import Prior
from chemmara.system.processors import processor_name


def identity(settings: CampaignConfig, prior: Prior) -> dict[str, Any]:
    """What campaign.json and the ledger say of a run.

    Sums of floating-point numbers are ordered by the kind of processor and by the number of threads, so that a run
    comes out the same, row for row, on the same kind of processor with the same versions and threads only.
    """
    return {
        "campaign": settings.model_dump(mode="json"),
        "prior_sha256": prior.sha256,
        "versions": {name: version(name) for name in ("chemmara", "torch", "rdkit", "numpy")}
        | {"python": platform.python_version()},
        "processor": processor_name(),
    }
