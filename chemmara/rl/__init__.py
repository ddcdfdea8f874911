"""Mode-anchored reinforcement learning: rewards, losses, replay, diversity memory, one step and its loop."""
