"""What the README shows runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.S | re.M)


def block(words: str) -> str:
    """The one that holds these words."""
    (found,) = [one for one in BLOCKS if words in one]
    return str(found)


def test_the_test_with_the_fixture_passes(tmp_path: Path) -> None:
    (tmp_path / "test_readme.py").write_text(block("def test_news_reaches_its_segment"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_readme.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_dag_to_copy_is_a_dag() -> None:
    names: dict[str, Any] = {}
    exec(compile(block('DAG("weekly_news"'), "README", "exec"), names)
    assert set(names["send"].get_dag().task_ids) == {"send", "delivered"}
