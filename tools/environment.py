"""Build the development environment of this checkout: ``python3 tools/environment.py .venv constraints/dev.txt``.

It needs Python 3.11 or newer and a package index, nothing else. The standard library's venv and pip come first; pip
fetches uv from the index, because uv installs ten times faster. When uv is not available, or cannot reach an index that
pip can reach, pip installs everything. The script runs on the user's Python, so it imports only the standard library.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
# What pip calls it, what uv calls it, and what stands between several of them.
PIP_TO_UV = (
    ("index-url", "UV_DEFAULT_INDEX", " "),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("trusted-host", "UV_INSECURE_HOST", " "),
    ("cert", "SSL_CERT_FILE", " "),
    ("proxy", "ALL_PROXY", " "),
    ("timeout", "UV_HTTP_TIMEOUT", " "),
)
UV_OLD_NAMES = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[environment] {text}", flush=True)


def pip_settings(listing: str) -> dict[str, str]:
    """Return the settings of ``pip config list``: the environment wins, then the command's section, then ``global``."""
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{re.escape(section)}\.([\w-]+)=(.*)$", listing, re.MULTILINE):
            settings[name.replace("default-", "")] = str(ast.literal_eval(value))
    return settings


def uv_environment(pip: dict[str, str], env: dict[str, str]) -> dict[str, str]:
    """Return an environment in which uv uses pip's indexes. Settings for uv that the user has made are kept."""
    uv_env = dict(env)
    for pip_name, uv_name, separator in PIP_TO_UV:
        if pip.get(pip_name) and uv_name not in env and UV_OLD_NAMES.get(uv_name) not in env:
            uv_env[uv_name] = separator.join(pip[pip_name].split())
    if "extra-index-url" in pip:
        # Pip takes the best version of all indexes; uv by default only looks at the first that knows the name.
        uv_env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return uv_env


def uv_requirement(pins: Path) -> str:
    """Return the version of uv that a file of pins names, or a file that it includes.

    Do not pass the file to pip as a constraint: pip would install everything that an included file pins.
    """
    for line in pins.read_text(encoding="utf-8").splitlines():
        if line.startswith("uv=="):
            return line
        if line.startswith("-r "):
            return uv_requirement(pins.parent / line.removeprefix("-r ").strip())
    return "uv"


class Environment:
    """A virtual environment and the commands that fill it."""

    def __init__(self, folder: Path, pins: Path) -> None:
        self.folder = folder
        self.pins = pins
        self.python = folder / "bin" / "python"
        self.pip = [str(self.python), "-m", "pip"]
        # A shell may forbid byte-code; without it every start of Airflow is 2 to 4 times as slow.
        self.env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
        self.env["VIRTUAL_ENV"] = str(folder)

    def run(self, *command: str, env: dict[str, str] | None = None, quiet: bool = False) -> bool:
        """Run a command; return whether it succeeded. ``quiet`` hides its errors."""
        sink = subprocess.DEVNULL if quiet else None
        return subprocess.run(command, env=env or self.env, stdout=sink, stderr=sink, check=False).returncode == 0

    def works(self) -> bool:
        """Return whether the interpreter in the folder still runs; a moved checkout or a removed Python breaks it."""
        return self.python.exists() and self.run(str(self.python), "-c", "import encodings", quiet=True)

    def create(self) -> None:
        """Create the empty environment, with its own pip or with the base interpreter's."""
        say(f"creating {self.folder.name} with Python {sys.version.split()[0]}")
        if self.run(sys.executable, "-m", "venv", "--clear", str(self.folder), quiet=True):
            return
        # Debian's Python without its python3-venv package has no ensurepip; its own pip can fill the folder.
        if not self.run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(self.folder)):
            sys.exit(f"[environment] {sys.executable} cannot create a virtual environment; set PYTHON to one that can")
        self.pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        if not self.run(*self.pip, "--version", quiet=True):
            sys.exit(f"[environment] {sys.executable} has neither ensurepip nor pip; set PYTHON to one that has")

    def install_with_uv(self) -> bool:
        """Install everything with uv, which pip installs from the same index; return whether that succeeded."""
        uv = self.folder / "bin" / "uv"
        if not uv.exists():
            say("fetching uv")
            if not self.run(*self.pip, "install", "--quiet", uv_requirement(self.pins), quiet=True):
                return False
        ask = [*self.pip, "config", "list"]
        listing = subprocess.run(ask, env=self.env, stdout=subprocess.PIPE, text=True, check=False)
        env = uv_environment(pip_settings(listing.stdout), self.env)
        install = (str(uv), "pip", "install", "--quiet", "--python", str(self.python))
        say(f"installing what {self.pins.name} pins, with uv")
        return self.run(*install, "--compile-bytecode", "--requirement", str(self.pins), env=env) and self.run(
            *install, "--no-deps", "--no-build-isolation", "--editable", ".", env=env
        )

    def install_with_pip(self) -> bool:
        """Install everything with pip; return whether that succeeded."""
        say(f"installing what {self.pins.name} pins, with pip (uv failed; this takes a few minutes)")
        install = (*self.pip, "install", "--quiet")
        return self.run(*install, "--requirement", str(self.pins)) and self.run(
            *install, "--no-deps", "--no-build-isolation", "--editable", "."
        )


def main() -> None:
    """Create or renew the environment named on the command line."""
    if sys.version_info < OLDEST:
        sys.exit(f"[environment] Python {sys.version.split()[0]} is too old: set PYTHON to one of 3.11 or newer")
    began = time.monotonic()
    folder, pins = (Path(argument).absolute() for argument in sys.argv[1:3])
    environment = Environment(folder, pins)
    if not environment.works():
        environment.create()
    if not (environment.install_with_uv() or environment.install_with_pip()):
        sys.exit("[environment] the packages could not be installed; pip's errors are above")
    say(f"ready after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
