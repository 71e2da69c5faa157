"""Hooks: a connection becomes a client."""
