"""Hooks: build a client from a connection."""
