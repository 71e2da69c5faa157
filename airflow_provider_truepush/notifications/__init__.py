"""Notifiers: pushes sent by callbacks and deadline alerts."""
