"""Whatever comes of a request: which errors there may be, and what they name."""

from __future__ import annotations

from hypothesis import given, strategies as st

from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushError,
    TruepushRateLimitError,
    TruepushValidationError,
)
from tests.api.support import CREATES, ID, NAMES, body, call_of, quick, result_or_error, row

#: What may come of a create, and nothing else: every other class would hide that it may have gone out.
CREATE_ERRORS = {
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushRateLimitError,
    TruepushConnectionError,
    TruepushAmbiguousError,
}

results = st.one_of(
    st.builds(Failure, sent=st.booleans(), reason=st.sampled_from(["reset", "time {out}"])),
    st.builds(
        Reply,
        status=st.integers(100, 599),
        body=st.one_of(
            st.binary(max_size=20),
            st.builds(
                body,
                status_code=st.sampled_from([200, 204, 302, 400, 401, 404, 429, 500, "SUCCESS", None]),
                status=st.sampled_from(["SUCCESS", "ERROR", None]),
                message=st.sampled_from([None, f"id:{ID}", "{resource}", 5]),
                data=st.sampled_from(
                    [row(name).success for name in CREATES] + [None, "BAD-REQUEST", "DB-ERROR", [], {}]
                ),
            ),
        ),
        retry_after=st.sampled_from([None, "1", "x"]),
    ),
)


@quick
@given(st.sampled_from(CREATES), results)
def test_a_create_ends_in_one_of_the_documented_ways(name: str, result: Reply | Failure) -> None:
    end = result_or_error(Exchange(call_of(name)).conclude, result)
    if isinstance(result, Failure):
        assert type(end) is (TruepushAmbiguousError if result.sent else TruepushConnectionError)
    elif isinstance(end, TruepushError):
        assert type(end) in CREATE_ERRORS - {TruepushConnectionError}
    else:
        assert end in (ID, None)


@quick
@given(st.sampled_from(NAMES), st.lists(results, min_size=1, max_size=4))
def test_every_error_names_endpoint_and_request(name: str, series: list[Reply | Failure]) -> None:
    exchange = Exchange(call_of(name))
    for number, result in enumerate(series, start=1):
        end = result_or_error(exchange.conclude, result)
        if isinstance(end, TruepushError):
            label = f"{call_of(name)}, request {number}: " if number > 1 else f"{call_of(name)}: "
            assert str(end).startswith(label)
            assert "Truepush Truepush" not in str(end)
            assert end.endpoint == name
            assert not isinstance(end, TruepushValidationError)
        assert exchange.requests == number
