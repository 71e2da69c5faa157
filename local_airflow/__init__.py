"""A real Airflow on this machine, with the emulator, for ``make demo``, ``make airflow`` and the tests.

Everything it writes stays under one folder, everything it starts listens on loopback only, and leaving the context
managers stops every process that they started.
"""
