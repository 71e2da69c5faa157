from tests.contract.fixtures import plain_machine
from tests.export.databases import sqlite

__all__ = ["plain_machine", "sqlite"]
