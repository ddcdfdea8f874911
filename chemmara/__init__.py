"""Diverse molecules from a budget of oracle calls: mode-anchored reinforcement learning of chemical language models.

The names below are what a notebook or a script needs; docs/python.md has an example of each. They are loaded on first
use, so that `import chemmara` takes no time and imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chemmara.campaign.settings import CampaignConfig as Campaign
    from chemmara.errors import ChemmaraError
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.notebook import diversity, load_campaign, load_run, resume, run, sample, score
    from chemmara.rl.rewards import mara_rewards

__version__ = "0.1.0"
__all__ = [
    "Campaign", "ChemmaraError", "diversity", "load_campaign", "load_prior", "load_run", "mara_rewards", "resume",
    "run", "sample", "score",
]  # fmt: skip

_PLACES: Final = {
    "Campaign": ("chemmara.campaign.settings", "CampaignConfig"),
    "ChemmaraError": ("chemmara.errors", "ChemmaraError"),
    "load_prior": ("chemmara.language_model.checkpoint", "load_prior"),
    "mara_rewards": ("chemmara.rl.rewards", "mara_rewards"),
    **{
        name: ("chemmara.notebook", name)
        for name in ("diversity", "load_campaign", "load_run", "resume", "run", "sample", "score")
    },
}


def __getattr__(name: str) -> Any:
    """Load a name on first use."""
    if name not in _PLACES:
        raise AttributeError(f"module 'chemmara' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """The names that can be had."""
    return sorted([*__all__, "__version__"])
