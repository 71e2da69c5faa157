"""Sending a campaign so that it never goes out twice.

:mod:`.protocol` is the order of steps; :mod:`.journals` and :mod:`.ledger` are where intents and outcomes are kept.
"""
