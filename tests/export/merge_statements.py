"""The statements that a database with MERGE gets."""

from __future__ import annotations

from types import SimpleNamespace

from airflow_provider_truepush.export.sql import merge_text
from airflow_provider_truepush.export.sql.merge import MergeEngine
from airflow_provider_truepush.export.sql.merge_dialects import MergeDialect
from airflow_provider_truepush.export.sql.tables import tables


def statements(described: MergeDialect) -> dict[str, str]:
    hook = SimpleNamespace(placeholder="%s")
    engine = MergeEngine(hook, described)
    made = tables("truepush_", "stats")
    return {
        **{f"create {name}": engine.definition(getattr(made, name)) for name in ("history", "campaigns")},
        **{
            f"merge {name}": merge_text.merging(
                described, getattr(made, name), engine.name_of(getattr(made, name)), "%s", engine.quote
            )
            for name in ("history", "latest", "campaigns")
        },
    }
