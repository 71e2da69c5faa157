"""Sphinx configuration: ``make docs`` builds the pages into ``build/docs`` and treats warnings as errors."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from airflow_provider_truepush import __version__  # noqa: E402
from tools import docs_pages  # noqa: E402

project = "airflow-provider-truepush"
copyright = "The airflow-provider-truepush contributors"  # noqa: A001
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_generated/fragments/**", "records/**"]
html_theme = "furo"
html_title = "airflow-provider-truepush"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_mock_imports: list[str] = []
nitpicky = False
suppress_warnings = ["misc.highlighting_failure"]

docs_pages.write(ROOT, ROOT / "docs" / "_generated")
