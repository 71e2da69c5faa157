"""Notifiers: what callbacks and deadline alerts send."""
