"""The error tree."""

from __future__ import annotations

import contextlib
import copy
import importlib
import pickle
import pkgutil

import pytest

import airflow_provider_truepush
from airflow_provider_truepush import exceptions
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushBadRequestError,
    TruepushError,
    TruepushRateLimitError,
    TruepushValidationError,
)

PUBLIC = [
    "TruepushAmbiguousError",
    "TruepushAuthError",
    "TruepushBadRequestError",
    "TruepushConnectionError",
    "TruepushError",
    "TruepushProtocolError",
    "TruepushRateLimitError",
    "TruepushServerError",
]
CLASSES: list[type[TruepushError]] = [getattr(exceptions, name) for name in [*PUBLIC, "TruepushValidationError"]]


def test_every_error_is_public_named_alike_and_drawn_in_the_tree() -> None:
    """All classes below the root, wherever in the package they are defined."""
    for module in pkgutil.walk_packages(airflow_provider_truepush.__path__, "airflow_provider_truepush."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # of what is not installed
                importlib.import_module(module.name)

    def below(kind: type[TruepushError]) -> set[type[TruepushError]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    found = {
        kind
        for kind in below(TruepushError)
        if kind.__module__.startswith("airflow_provider_truepush") and not kind.__name__.startswith("_")
    }
    emulators = {kind for kind in found if ".emulator." in kind.__module__}
    assert {kind.__name__ for kind in found - emulators} == set(exceptions.__all__)
    for kind in found:
        assert kind.__name__.startswith("Truepush")
        assert kind.__name__.endswith("Error")
        assert kind.__doc__
    for kind in found - emulators:
        assert getattr(exceptions, kind.__name__) is kind
        assert kind.__name__ in (exceptions.__doc__ or "")


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("exceptions", "TruepushLedgerError", "TruepushSendStoreError"),
        ("exceptions", "SchemaError", "TruepushSchemaError"),
        ("api.errors", "TruepushLedgerError", "TruepushSendStoreError"),
        ("api.errors", "SendStoreError", "TruepushSendStoreError"),
        ("export.sql.errors", "SchemaError", "TruepushSchemaError"),
        ("export.sql.errors", "WarehouseError", "TruepushWarehouseError"),
        ("export.files.store", "StorageError", "TruepushStorageError"),
        ("export.collect", "ExportBrokenOffError", "TruepushExportInterruptedError"),
    ],
)
def test_old_names_warn(module: str, old: str, new: str) -> None:
    loaded = importlib.import_module(f"airflow_provider_truepush.{module}")
    with pytest.warns(DeprecationWarning, match=f"{old} was renamed to {new}"):
        assert getattr(loaded, old) is getattr(exceptions, new)
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchError'"):
        loaded.NoSuchError  # noqa: B018


def test_a_message_is_never_endless() -> None:
    text = str(TruepushError("begin " + "x" * 60_000 + " end"))
    assert len(text) < 4_100
    assert text.startswith("begin ")
    assert text.endswith(" end")
    assert "characters left out" in text


@pytest.mark.parametrize("kind", CLASSES)
def test_below_one_root_and_beside_each_other(kind: type[TruepushError]) -> None:
    assert issubclass(kind, TruepushError)
    above = {each for each in kind.__mro__ if each in CLASSES}
    expected = {kind, TruepushError}
    if kind is TruepushValidationError:
        expected.add(TruepushBadRequestError)
    assert above == expected


def test_a_bad_value_is_a_value_error_as_well() -> None:
    assert issubclass(TruepushValidationError, ValueError)


@pytest.mark.parametrize("kind", CLASSES)
def test_pickle(kind: type[TruepushError]) -> None:
    error = kind("what happened", endpoint="createCampaign", http_status=500, code="DB-ERROR")
    pickled = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for again in (*pickled, copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert str(again) == "what happened"
        assert (again.endpoint, again.http_status, again.code) == ("createCampaign", 500, "DB-ERROR")


def test_pickle_keeps_retry_after() -> None:
    error = TruepushRateLimitError("slow down", endpoint="listSegment", http_status=429, code=None, retry_after=7.5)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.retry_after, again.http_status) == ("slow down", 7.5, 429)
    assert TruepushRateLimitError("slow down").retry_after is None


def test_pickle_keeps_whether_it_may_be_repeated() -> None:
    assert pickle.loads(pickle.dumps(TruepushAmbiguousError("lost", repeatable=True))).repeatable is True
    assert TruepushAmbiguousError("lost").repeatable is False


@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_not_known_is_none(kind: type[TruepushError]) -> None:
    error = kind("text")
    assert (error.endpoint, error.http_status, error.code) == (None, None, None)
    assert error.args == ("text",)
