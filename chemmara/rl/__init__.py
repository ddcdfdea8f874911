"""Mode-anchored reinforcement learning: rewards, losses, replay, diversity filter, one step and its loop."""
