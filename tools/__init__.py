"""What maintainers run from a checkout: `python -m tools.execute_notebooks` and the like."""
