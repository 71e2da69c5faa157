"""Benchmarks of exports."""
