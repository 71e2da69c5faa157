"""What the Makefile runs before and after the suite. Standard library only."""
