"""Duplicates side by side: the same faults against three ways to send a campaign from a task."""
