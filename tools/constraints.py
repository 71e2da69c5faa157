"""Update the pins: ``python3 tools/constraints.py .venv/bin/uv``.

``make`` installs ``dev.txt``: the newest versions, for every supported Python and platform. ``lowest.txt`` has the
oldest versions that ``pyproject.toml`` allows of its own requirements; the suite must pass with them too. Neither file
names an index, so each works with the user's own index.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMON = ("--universal", "--python-version", "3.11", "--no-annotate", "--no-header", "--no-emit-index-url", "--quiet")
HEADERS = {
    "dev.txt": "# What `make` installs, for Python 3.11 to 3.13. Renewed by `make constraints`.\n",
    "lowest.txt": "# The oldest versions that pyproject.toml allows. Renewed by `make constraints`.\n",
}


def main() -> None:
    """Write both files."""
    uv = sys.argv[1]
    for name, options in (
        ("dev.txt", ("--upgrade", "--group", "dev")),
        ("lowest.txt", ("--resolution", "lowest-direct", "--group", "test")),
    ):
        print(f"[constraints] resolving {name}", flush=True)
        command = [uv, "pip", "compile", *COMMON, *options, "--no-emit-find-links", "pyproject.toml"]
        pins = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        Path("constraints", name).write_text(HEADERS[name] + pins, encoding="utf-8")


if __name__ == "__main__":
    main()
