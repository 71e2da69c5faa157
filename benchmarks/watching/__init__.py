"""Waiting triggers side by side: what a poll costs in one event loop."""
