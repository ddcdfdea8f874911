"""What the optimum of KL-regularised RL will look like, before the budget is spent; and why, afterwards."""
