"""Transfers: export Truepush's statistics into a warehouse."""
