"""A real cluster: tested by ``make test-cluster`` in an environment of its own, and not collected otherwise."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

WANTED = "TRUEPUSH_CLUSTER_RUN"
collect_ignore_glob = [] if os.environ.get(WANTED) else ["*.py"]

if os.environ.get(WANTED):
    from tests.cluster.cluster import Cluster
    from tests.cluster.record import Record
    from tests.cluster.search import RedisWatch
    from tests.cluster.start import running

    @pytest.fixture(scope="session")
    def record(request: pytest.FixtureRequest) -> Iterator[Record]:
        """The record of this run, written at its end where TRUEPUSH_RECORD asks for it and all of it has passed."""
        record = Record()
        yield record
        is_whole = not (request.session.testsfailed or request.config.option.keyword)
        if os.environ.get("TRUEPUSH_RECORD") and is_whole:
            record.save()

    @pytest.fixture(scope="session")
    def token() -> str:
        """A token that no other process of this machine has on its command line."""
        return f"cluster-{secrets.token_urlsafe(24)}"

    @pytest.fixture(scope="session")
    def cluster(written: Path, token: str, record: Record) -> Iterator[Cluster]:
        """The running cluster."""

        def say(text: str) -> None:
            print(f"[cluster {time.monotonic() - record.began:5.0f} s] {text}", flush=True)

        with running(written / "cluster", token, say) as cluster:
            record.versions = cluster.versions()
            cluster.broker_watch = RedisWatch(cluster, {"token": token, "a Dag": "cluster_mapped"})
            yield cluster
            cluster.broker_watch.end()
            say("Stopping.")
