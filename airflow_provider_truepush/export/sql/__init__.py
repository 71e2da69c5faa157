"""Statistics in SQL databases."""
