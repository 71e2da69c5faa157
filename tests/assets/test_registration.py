"""Every path that the provider info names leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from airflow_provider_truepush.assets import truepush
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.provider_info import get_provider_info

PACKAGE = "airflow_provider_truepush."


def paths(value: Any) -> Iterator[str]:
    """Every path into this package, wherever it stands."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from paths(item)
    elif isinstance(value, str) and value.startswith(PACKAGE):
        yield value


@pytest.mark.parametrize("path", sorted(set(paths(get_provider_info()))))
def test_it_can_be_imported(path: str) -> None:
    try:
        import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        assert hasattr(import_module(module), name)


def test_asset_uris_have_their_name_of_airflow_2_as_well() -> None:
    info = get_provider_info()
    assert info["asset-uris"] == info["dataset-uris"]
    (entry,) = info["asset-uris"]
    assert entry["schemes"] == [truepush.SCHEME]
    assert entry["handler"].endswith(".sanitize_uri")
    assert entry["factory"].endswith(".create_asset")
    assert entry["to_openlineage_converter"].endswith(".convert_asset_to_openlineage")


def test_the_notifier_is_registered() -> None:
    path = f"{TruepushNotifier.__module__}.{TruepushNotifier.__qualname__}"
    assert path in get_provider_info()["notifications"]


def test_airflow_finds_the_provider_info_valid() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from importlib.resources import files
    from json import loads

    schema = loads(files("airflow").joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)
