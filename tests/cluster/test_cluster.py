"""Faults on a real cluster, one after the other, and the books afterwards."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from local_airflow.configuration import EXAMPLES
from tests.airflow import scenarios
from tests.airflow.examples import Show, Stage
from tests.cluster import books, search
from tests.cluster.cluster import CONCURRENCY, HANG, RATE, TRIGGERERS, WORKERS, Cluster
from tests.cluster.record import Record
from tests.support.leaks import leaks

QUICKSTART, CAMPAIGN = "example_truepush_quickstart", "example_truepush_campaign"
MAPPED, WATCH, SENDS, PACED = "cluster_mapped", "cluster_watch", "cluster_sends", "cluster_paced"
KILLED, KILLED_EXPORT, EXPORT = "cluster_killed_sends", "cluster_killed_export", "cluster_export"
EXAMPLE_SCENES = ("watcher", "approval", "housekeeping", "feed", "notifier", "taskflow", "files", "tables")


def test_all_examples(cluster: Cluster, record: Record) -> None:
    stage = Stage(cluster.airflow, cluster.truepush)
    segments = {row["name"]: row["id"] for row in cluster.ask("segments")}
    for name, segment in (("digest", "Returning customers"), ("oncall", "Indian MAC users")):
        cluster.call("POST", "/variables", json={"key": f"truepush_{name}_segment", "value": segments[segment]})
    cluster.call("POST", "/variables", json={"key": "truepush_files", "value": str(cluster.home / "files")})
    for dag_id in (*scenarios.DAGS, QUICKSTART, CAMPAIGN):
        cluster.airflow.wait_for_dag(dag_id)
    Show(stage, {"opening": scenarios.opening(stage)}).play()  # before anything else lists the campaigns
    runs = {
        CAMPAIGN: cluster.start(CAMPAIGN, segment_id=segments["Returning customers"]),
        QUICKSTART: cluster.start(QUICKSTART),
    }
    show = Show(stage, {name: getattr(scenarios, name)(stage) for name in EXAMPLE_SCENES})
    show.play()
    for name in EXAMPLE_SCENES:
        show.check(name)
    assert {dag_id: cluster.finish(dag_id, run_id) for dag_id, run_id in runs.items()} == dict.fromkeys(runs, "success")
    for dag_id in (*scenarios.DAGS, QUICKSTART, CAMPAIGN):
        stage.pause(dag_id)
    count = len(list(EXAMPLES.glob("*.py")))
    assert count == len(scenarios.DAGS) + 2
    record.add("nothing", f"All {count} examples ran, with the runs that are cleared.", examples=count)


def test_a_hundred_creates_are_watched_and_exported(cluster: Cluster, record: Record) -> None:
    run = cluster.start(MAPPED, segment_id=cluster.truepush.segment(), prefix="Mapped", count=100)
    assert cluster.finish(MAPPED, run) == "success"
    sent = {row["id"] for row in cluster.campaigns("Mapped ")}
    exported = cluster.query("warehouse", "SELECT campaign_id FROM cluster_campaign_stats WHERE run_id = %s", (run,))
    assert len(sent) == 100
    assert sent <= {row[0] for row in exported}
    assert len({row[0] for row in exported}) == len(exported)
    record.add("100 mapped creates, watched until they are delivered, then exported", "100 campaigns, 100 rows.")


class TestWatching:
    """Fifty sensors, deferred; a triggerer is killed, and then Truepush is away for a minute."""

    @pytest.fixture(scope="class")
    def watched(self, cluster: Cluster) -> str:
        seeded = cluster.control("seed", {"campaigns": [{"title": f"Watched {n}"} for n in range(50)]})["campaigns"]
        for campaign_id in seeded:
            cluster.control(f"series/{campaign_id}", {"series": [{"reach": 100, "sent": 100, "delivered": 1}]})
        run = cluster.start(WATCH, campaign_ids=seeded)
        cluster.until(lambda: cluster.states(WATCH, run).get("watch") == {"deferred": 50}, "50 deferred sensors")
        cluster.watched = seeded
        return run

    def test_a_triggerer_is_killed(self, cluster: Cluster, record: Record, watched: str) -> None:
        cluster.until(lambda: len(cluster.waits()) == 2 and sum(cluster.waits().values()) == 50, "both triggerers")
        before = cluster.waits()
        cluster.airflow.kill("triggerer-1")
        began = time.monotonic()
        cluster.until(lambda: 50 in cluster.waits().values(), "the other triggerer to take over")
        seconds = round(time.monotonic() - began)
        polled = set()

        def all_polled() -> bool:
            polled.update(row["argument"] for row in cluster.ask("requests", endpoint="campaignStats", last="100"))
            return polled >= set(cluster.watched)

        cluster.until(all_polled, "polls of all campaigns")
        cluster.airflow.restart("triggerer-1")
        assert cluster.states(WATCH, watched)["watch"] == {"deferred": 50}
        record.add(
            "SIGKILL of a triggerer with 50 deferred sensors",
            f"The other triggerer watched all 50 after {seconds} s (it had {min(before.values())} to "
            f"{max(before.values())}); no sensor failed.",
            seconds=seconds,
        )

    def test_truepush_is_away_for_a_minute(self, cluster: Cluster, record: Record, watched: str) -> None:
        segment = cluster.truepush.segment()
        cluster.truepush.stop()
        began = time.monotonic()
        sends = cluster.start(SENDS, segment_id=segment, prefix="Away", count=10)
        time.sleep(max(0, 60 - (time.monotonic() - began)))
        cluster.truepush.start()
        states = cluster.states(SENDS, sends)["send"]
        assert "success" not in states
        assert cluster.states(WATCH, watched)["watch"] == {"deferred": 50}
        for campaign_id in cluster.watched:
            cluster.control(f"series/{campaign_id}", {"series": []})
        assert cluster.finish(SENDS, sends) == "success"
        assert cluster.finish(WATCH, watched) == "success"
        assert len(cluster.campaigns("Away ")) == 10
        failed = [row for row in cluster.tries(WATCH, watched, "watch") if row > 1]
        assert not failed
        record.add(
            "Truepush down for 60 s, 50 sensors deferred and 10 creates begun",
            "No sensor failed or lost its place; the creates were retried and sent once each.",
        )


def test_a_worker_is_killed_during_creates(cluster: Cluster, record: Record) -> None:
    """Of each store one create whose campaign exists already, and one that Truepush has not carried out."""
    segment = cluster.truepush.segment()

    def hang(phase: str, prefix: str) -> str:
        cluster.control("faults", {"endpoint": "createCampaign", "effect": "hang", "phase": phase, "times": 2,
                                   "seconds": HANG})  # fmt: skip
        run = cluster.start(KILLED, segment_id=segment, prefix=prefix)
        cluster.until(lambda: len(cluster.hung(phase)) == 2, f"two creates to hang {phase}")
        return run

    committed = hang("after_commit", "Killed after")
    uncommitted = hang("before_commit", "Killed before")
    processes = cluster.airflow.kill("worker-2")
    time.sleep(1)
    cluster.airflow.restart("worker-2")
    states = {run: cluster.finish(KILLED, run) for run in (committed, uncommitted)}
    assert cluster.states(KILLED, committed) == {"send_state": {"success": 1}, "send_ledger": {"success": 1}}
    assert cluster.states(KILLED, uncommitted) == {"send_state": {"failed": 1}, "send_ledger": {"failed": 1}}
    assert states == {committed: "success", uncommitted: "failed"}
    assert sorted(row["title"] for row in cluster.campaigns("Killed ")) == ["Killed after ledger", "Killed after state"]
    for store in ("state", "ledger"):
        text = cluster.log(KILLED, uncommitted, f"send_{store}")
        assert "manual decision" in text, text[-3000:]
    cluster.doubtful += 2
    record.add(
        "SIGKILL of a worker while Truepush had carried out two creates (task state store and ledger)",
        "The next tries found the campaigns and adopted them: one campaign each.",
        processes=processes,
    )
    record.add(
        "SIGKILL of a worker while Truepush had not carried out two creates (task state store and ledger)",
        "The next tries sent nothing, and asked for a manual decision: no campaign.",
    )


def test_a_worker_is_killed_during_an_export(cluster: Cluster, record: Record) -> None:
    stats = {"endpoint": "campaignStats", "effect": "delay", "seconds": 1.0}
    fault = cluster.control("faults", stats)
    run = cluster.start(KILLED_EXPORT)
    cluster.until(lambda: cluster.rows("killed_campaign_stats") > 0, "the first rows of the export")
    before = cluster.rows("killed_campaign_stats")
    cluster.airflow.kill("worker-2")
    cluster.control("faults", {}, method="DELETE")
    time.sleep(1)
    cluster.airflow.restart("worker-2")
    assert cluster.finish(KILLED_EXPORT, run) == "success"
    summary = cluster.airflow.api.xcom(KILLED_EXPORT, run, "export")
    after = cluster.query("warehouse", "SELECT count(*), count(DISTINCT campaign_id) FROM killed_campaign_stats")
    assert after == [(summary["rows"] + summary["resumed"],) * 2], (summary, after, before, fault)
    record.add(
        "SIGKILL of a worker in the middle of an export",
        f"{before} rows were written before, {after[0][0]} afterwards; none twice, none missing.",
        before=before,
        after=after[0][0],
    )


def test_all_processes_share_one_pace(cluster: Cluster, record: Record) -> None:
    """Eight task processes ask as fast as they may, and two triggerers poll more often than the limit allows."""
    tasks = len(WORKERS) * CONCURRENCY
    seeded = cluster.control("seed", {"campaigns": [{"title": f"Paced {n}"} for n in range(10)]})["campaigns"]
    for campaign_id in seeded:
        cluster.control(f"series/{campaign_id}", {"series": [{"reach": 100, "sent": 100, "delivered": 1}]})
    run = cluster.start(PACED, campaign_ids=seeded, tasks=tasks)

    def times() -> list[float]:
        rows = cluster.ask("requests", endpoint="campaignStats")
        return sorted(row["monotonic"] for row in rows if row["argument"] in seeded)

    cluster.until(lambda: cluster.states(PACED, run).get("watch") == {"deferred": len(seeded)}, "the sensors")
    cluster.until(lambda: cluster.states(PACED, run).get("ask") == {"running": tasks}, "all task processes")
    begin = times()[-1] + 2
    time.sleep(22)
    end = begin + 20
    for campaign_id in seeded:
        cluster.control(f"series/{campaign_id}", {"series": []})
    assert cluster.finish(PACED, run) == "success"
    busy = [at for at in times() if begin <= at < end]
    most = max(sum(at <= other < at + 1 for other in busy) for at in busy)
    rate = round(len(busy) / (end - begin), 2)
    assert rate <= RATE
    assert most <= RATE + 1, most  # a request that a busy machine delays meets the next one
    assert rate >= 0.9 * RATE, rate
    record.add(
        f"{RATE} requests per second asked for by {tasks} task processes and {TRIGGERERS} triggerers",
        f"{rate} per second on average, at most {most} in any second.",
        rate=rate,
        most=most,
    )


def test_redis_and_postgresql_are_restarted(cluster: Cluster, record: Record) -> None:
    """PostgreSQL holds Airflow's metadata, Celery's results, the ledger and the warehouse."""
    restarts = dict(cluster.restarts)
    run = cluster.start(MAPPED, segment_id=cluster.truepush.segment(), prefix="Restarted", count=24)
    cluster.until(lambda: len(cluster.campaigns("Restarted ")) >= 6, "6 creates")
    cluster.redis.stop()
    time.sleep(3)
    cluster.redis.start()
    cluster.until(lambda: len(cluster.campaigns("Restarted ")) >= 12, "6 more creates")
    cluster.postgres.stop()
    time.sleep(3)
    cluster.postgres.start()
    state = cluster.finish(MAPPED, run)
    states = cluster.states(MAPPED, run)
    campaigns = len(cluster.campaigns("Restarted "))
    ended = sorted(name for name, count in cluster.restarts.items() if count > restarts.get(name, 0))
    failed = states["send"].get("failed", 0)
    cluster.doubtful += failed
    assert campaigns + failed >= 24, states
    record.add(
        "Redis and PostgreSQL restarted during 24 mapped creates",
        f"{campaigns} campaigns, none twice; {failed} asked for a manual decision. Run: {state}. Components that ended "
        f"and were started again: {', '.join(ended) or 'none'}.",
        campaigns=campaigns,
        failed=failed,
        restarted=ended,
    )


def test_the_books_balance(cluster: Cluster, record: Record) -> None:
    """Truepush's campaigns are the idempotency keys, and the exported rows are Truepush's counters."""
    assert books.open_tasks(cluster) == []
    # The youngest campaigns are delivered by then, and no counter grows any more while it is exported.
    cluster.control("clock", {"advance": "10m", "speed": 0.0001})
    run = cluster.start(EXPORT)
    assert cluster.finish(EXPORT, run) == "success"
    # The notifier's push has one attempt and no key.
    sent = [row["id"] for row in cluster.campaigns() if not row["title"].startswith(f"{scenarios.NOTIFIER} failed")]
    ids, unknown = books.recorded(cluster)
    assert Counter(ids) == Counter(sent)
    assert unknown == cluster.doubtful
    rows = books.exported(cluster, "final_campaign_stats")
    truth = {row["id"]: cluster.truepush.counters(row["id"]) for row in cluster.ask("campaigns")}
    assert rows == {campaign_id: counters for campaign_id, counters in truth.items() if counters}
    assert len(rows) > 0.9 * len(sent)
    record.add(
        "the books afterwards",
        f"{len(sent)} campaigns have {len(ids)} idempotency keys; {unknown} sends await a manual decision and have no "
        f"campaign. {len(rows)} exported rows are Truepush's counters. No task hangs.",
        campaigns=len(sent),
        keys=len(ids),
        rows=len(rows),
    )


def test_the_token_is_nowhere(cluster: Cluster, record: Record, token: str) -> None:
    assert list(search.in_databases(cluster, token)) == []
    assert list(search.in_process_list(token)) == []
    assert list(leaks(cluster.home, token)) == []
    seen = cluster.broker_watch.seen
    assert seen == {"a Dag"}
    # The searches find what is there.
    assert {place.partition(":")[0] for place in search.in_databases(cluster, "Mapped 001")} >= {
        "airflow.task_state_store.value",
        "warehouse.cluster_campaigns.title",
    }
    record.add(
        "the token, searched for in every column of every table, in each command that Redis got, in all logs and files "
        "and in the process list",
        f"Found nowhere ({cluster.broker_watch.commands} commands of Redis).",
    )
