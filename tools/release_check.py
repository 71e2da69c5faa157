"""Build wheel and sdist and check them: ``python tools/release_check.py``.

The content and the metadata are checked, then the wheel is installed alone into a clean environment, where the examples
are parsed, the emulator answers, and Airflow finds the provider. The first error ends the check.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
CLEAN = ROOT / "build" / "release-venv"
PACKAGE = "airflow_provider_truepush"
#: What the environment runs with nothing but the wheel and Airflow installed.
PROBE = """
import importlib, pathlib, sys
from airflow_provider_truepush import __version__
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushHook
import airflow_provider_truepush, os
assert "release-venv" in airflow_provider_truepush.__file__, airflow_provider_truepush.__file__
with Emulator() as emulator:
    os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"] = emulator.connection_uri
    with TruepushHook() as truepush:
        campaign = truepush.create_campaign({"title": "t", "message": "m", "link": "https://example.com/"})
        assert campaign and [row.id for row in truepush.list_campaigns()] == [campaign]
for path in sorted(pathlib.Path(sys.argv[1]).glob("example_*.py")):
    sys.path.insert(0, sys.argv[1])
    importlib.import_module(path.stem)
    print("parsed", path.name)
print("version", __version__)
"""


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """Run a command and return its output; end the check when it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"[release-check] failed: {' '.join(map(str, command[:6]))}\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> tuple[Path, Path]:
    """Build both archives and return their paths."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist")
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    return wheel, sdist


def check_content(wheel: Path, sdist: Path) -> None:
    """Check that the archives have the files that users need, and no others."""
    names = zipfile.ZipFile(wheel).namelist()
    strangers = [name for name in names if not name.startswith((PACKAGE + "/", PACKAGE + "-"))]
    odd = [name for name in names if name.endswith((".pyc", ".db", ".log")) or "/tests/" in name]
    with tarfile.open(sdist) as archive:
        members = {"/".join(name.split("/")[1:]) for name in archive.getnames()}
    needed = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "Makefile", "example_dags", "tests", "docs"}
    for what, wrong in (
        ("the wheel holds something else", strangers + odd),
        ("the wheel lacks py.typed", [] if f"{PACKAGE}/py.typed" in names else ["py.typed"]),
        ("the sdist lacks", sorted(name for name in needed if not any(m.startswith(name) for m in members))),
    ):
        if wrong:
            sys.exit(f"[release-check] {what}: {wrong[:10]}")
    print(f"[release-check] {wheel.name}: {len(names)} files; {sdist.name}: {len(members)} files")


def check_installed(wheel: Path) -> None:
    """Install the wheel alone and run examples, emulator and Airflow's own look at the provider."""
    shutil.rmtree(CLEAN, ignore_errors=True)
    uv = Path(sys.executable).parent / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, CLEAN)
    python = CLEAN / "bin" / "python"
    constraints = ROOT / "constraints" / "dev.txt"
    extra = ["apache-airflow-providers-sqlite", "apache-airflow-providers-standard"]
    run(uv, "pip", "install", "--quiet", "--python", python, "--constraints", constraints, wheel, *extra)
    home = ROOT / "build" / "release-home"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON", "VIRTUAL"))}
    env.update(AIRFLOW_HOME=str(home), AIRFLOW__CORE__LOAD_EXAMPLES="False")
    print(run(python, "-c", PROBE, ROOT / "example_dags", env=env, cwd=ROOT / "build").strip())
    shown = run(python, "-m", "airflow", "providers", "get", "airflow-provider-truepush", env=env, cwd=ROOT / "build")
    if "Truepush" not in shown and "truepush" not in shown:
        sys.exit(f"[release-check] Airflow does not list the provider:\n{shown}")
    print("[release-check] `airflow providers get airflow-provider-truepush` lists it")


def main() -> None:
    """Run every check."""
    wheel, sdist = build()
    check_content(wheel, sdist)
    print(run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist).strip())
    check_installed(wheel)
    print("[release-check] all checks passed")


if __name__ == "__main__":
    main()
