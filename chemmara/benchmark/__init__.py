"""Methods against each other at equal budgets, with their statistics."""
