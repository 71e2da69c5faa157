"""The tools that the Makefile runs before and after the suite. They use the standard library only."""
