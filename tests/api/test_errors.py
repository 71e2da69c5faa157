"""The error tree."""

from __future__ import annotations

import copy
import pickle

import pytest

from airflow_provider_truepush import exceptions
from airflow_provider_truepush.api import errors
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


def test_public_names() -> None:
    assert sorted(exceptions.__all__) == sorted(
        [*PUBLIC, "SendStoreError", "TruepushLedgerError", "TruepushSendExpiredError", "TruepushValidationError"]
    )
    assert all(getattr(errors, name) is getattr(exceptions, name) for name in exceptions.__all__)


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
