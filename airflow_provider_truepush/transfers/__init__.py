"""Transfers: export Truepush's statistics to SQL databases and files."""
