"""Transfers: Truepush's statistics into a warehouse."""
