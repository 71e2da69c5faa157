"""Checks of what was given: single values, whether there is one, literals of Dag files, names, and text to store."""
