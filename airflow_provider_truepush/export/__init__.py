"""Exporting statistics: collecting them, and the places they are written to. Shared by the transfer operators."""
