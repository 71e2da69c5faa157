"""Runs Dags with ``dag.test()``, one after the other: ``python -m tests.dag_test.run_all NAME...``."""

from __future__ import annotations

import importlib
import json
import sys
import traceback


def main() -> None:
    """Print a line with the result of each; one that ends with an error has none."""
    for name in sys.argv[1:]:
        result = None
        try:
            result = importlib.import_module(f"tests.dag_test.dags.{name}").play()
        except Exception:
            traceback.print_exc()
        print("\nRESULT", json.dumps([name, result]), flush=True)


if __name__ == "__main__":
    main()
