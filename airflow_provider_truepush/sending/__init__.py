"""Sending a campaign at most once.

:mod:`.protocol` is the order of steps. :mod:`.identity` says which tries are the same send, :mod:`.store` what a send
store is; :mod:`.state_store` and :mod:`.sql_store` are the two that last. :mod:`.moved_items` and :mod:`.siblings` find
the items of a mapped task whose feed has changed.
"""
