"""Operators, a module per resource of Truepush."""
