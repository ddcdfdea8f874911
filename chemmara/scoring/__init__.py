"""From molecules to scores: transforms, aggregation, objective, budget, workers."""
