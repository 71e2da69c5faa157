"""The search for a token where a run of the cluster may have left it."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from urllib.parse import quote

import psutil
from cryptography.fernet import Fernet

from tests.cluster.cluster import DATABASES, Cluster


def forms(secret: str) -> list[str]:
    """Return a text as it stands in plain text, in a URL, and in Base64 at any place of a longer text."""
    found = [secret, quote(secret, safe="")]
    for shift in range(3):
        encoded = base64.b64encode(b" " * shift + secret.encode()).decode().rstrip("=")
        # The first letters depend on what stands before the secret, the last one on what stands behind it.
        found.append(encoded[(0, 2, 3)[shift] : -1])
    return found


class RedisWatch:
    """Remembers which of some texts were in any command that Redis got, from now on.

    Messages stay in Redis for milliseconds: a look at the end would find none.
    """

    def __init__(self, cluster: Cluster, texts: dict[str, str]) -> None:
        self._cluster = cluster
        self._forms = {name: forms(text) for name, text in texts.items()}
        self.commands = 0
        self.seen: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with self._cluster.broker().monitor() as monitor:
                    for command in monitor.listen():
                        self._look(str(command["command"]))
            except Exception:  # it is restarted, or stopped for good
                self._ended.wait(0.05)

    def _look(self, command: str) -> None:
        self.commands += 1
        self.seen.update(name for name, texts in self._forms.items() if any(text in command for text in texts))

    def end(self) -> set[str]:
        """Return the names of the texts that were seen."""
        self._ended.set()
        return self.seen


def in_databases(cluster: Cluster, secret: str) -> Iterator[str]:
    """Yield each column of a table where a text stands, the decrypted arguments of Airflow's triggers included."""
    for database in DATABASES:
        columns = cluster.query(
            database,
            "SELECT c.table_schema, c.table_name, c.column_name, c.data_type FROM information_schema.columns c "
            "WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema')",
        )
        for schema, table, column, kind in columns:
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            found = " OR ".join(f"position(%s in {text}) > 0" for _ in forms(secret))
            sql = f'SELECT count(*) FROM "{schema}"."{table}" WHERE {found}'
            if count := cluster.query(database, sql, forms(secret))[0][0]:
                yield f"{database}.{table}.{column}: {count} rows"
    yield from in_triggers(cluster, secret)


def in_triggers(cluster: Cluster, secret: str) -> Iterator[str]:
    """Yield each class of triggers among whose encrypted arguments a text stands."""
    fernet = Fernet(cluster.airflow.installation.environment()["AIRFLOW__CORE__FERNET_KEY"])
    for class_path, kwargs in cluster.query("airflow", "SELECT classpath, kwargs FROM trigger"):
        if secret in fernet.decrypt(kwargs.encode()).decode():
            yield f"arguments of {class_path}"


def in_process_list(secret: str) -> Iterator[str]:
    """Yield each process whose command line shows a text."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        if any(secret in word for word in process.info["cmdline"] or ()):
            yield f"process {process.info['pid']}"
