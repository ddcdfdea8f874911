"""Diverse molecules from a budget of oracle calls: mode-anchored reinforcement learning of chemical language models."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chemmara.rl.rewards import mara_rewards

__version__ = "0.1.0"
__all__ = ["mara_rewards"]


def __getattr__(name: str) -> Any:
    """Load `mara_rewards` on first use, so that importing chemmara never imports torch."""
    if name == "mara_rewards":
        from chemmara.rl.rewards import mara_rewards

        return mara_rewards
    raise AttributeError(f"module 'chemmara' has no attribute {name!r}")
