"""Redshift: rows are staged by INSERT, or by COPY from S3 if a connection names a bucket for it."""

from __future__ import annotations

import copy
import gzip
import json
import logging
import re
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.export.columns import STAGED
from airflow_provider_truepush.export.sql import merge_text
from airflow_provider_truepush.export.sql.engine import Row
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError, class_and_text
from airflow_provider_truepush.export.sql.merge import MergeEngine, as_object
from airflow_provider_truepush.export.sql.merge_dialects import REDSHIFT
from airflow_provider_truepush.export.sql.tables import Tables

log = logging.getLogger(__name__)

#: Extras of the Redshift connection, or of the AWS connection of its hook.
BUCKET, ROLE = "truepush_staging", "truepush_staging_iam_role"
_LOCATION = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?(?P<prefix>[\w!.*()/=-]*)")
_ROLE = re.compile(r"default|arn:[\w+=,.@:/-]+")


@dataclass(frozen=True)
class S3Staging:
    """A folder in a bucket that Redshift loads files from.

    :param bucket: the bucket's name.
    :param prefix: the prefix of the keys.
    :param role: the cluster's IAM role that can read the bucket, or ``default``.
    :param aws_conn_id: the connection that writes the files.
    """

    bucket: str
    prefix: str
    role: str
    aws_conn_id: str | None

    @classmethod
    def of(cls, extras: Mapping[str, Any], aws_conn_id: str | None) -> S3Staging | None:
        """Read the extras of a connection. Return None when they name no bucket.

        :raises TruepushSchemaError: the bucket or the role is not valid.
        """
        location, role = extras.get(BUCKET), extras.get(ROLE, "default")
        if location is None:
            return None
        found = _LOCATION.fullmatch(location) if isinstance(location, str) else None
        if found is None:
            raise TruepushSchemaError(
                f"extra {BUCKET}: {location!r} is not a location in S3. Nothing was fetched. Write it as s3://bucket "
                "or s3://bucket/prefix."
            )
        if not isinstance(role, str) or not _ROLE.fullmatch(role):
            raise TruepushSchemaError(
                f"extra {ROLE}: {role!r} is not a role. Nothing was fetched. Set it to the ARN of an IAM role, or to "
                "'default'."
            )
        return cls(found["bucket"], found["prefix"].strip("/"), role, aws_conn_id)

    def put(self, content: bytes) -> str:
        """Write a file, and return its key."""
        key = "/".join(part for part in (self.prefix, f"truepush-{uuid.uuid4().hex}.json.gz") if part)
        self._client().put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def remove(self, key: str) -> None:
        """Remove a file. A file that cannot be removed does not fail the export."""
        try:
            self._client().delete_object(Bucket=self.bucket, Key=key)
        except Exception as error:
            log.warning(
                "Could not remove s3://%s/%s (%s). Its rows were loaded into Redshift. Remove the file, or give the "
                "prefix a lifecycle rule.",
                self.bucket,
                key,
                class_and_text(error),
            )

    def _client(self) -> Any:
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        return S3Hook(aws_conn_id=self.aws_conn_id).get_conn()


class RedshiftEngine(MergeEngine):
    """Remove rows from the stage that are older than the target's, and merge the others.

    :param hook: a ``RedshiftSQLHook``.
    """

    def __init__(self, hook: Any) -> None:
        super().__init__(hook, REDSHIFT)
        self._staging: S3Staging | None = None

    @override
    def connect(self) -> Any:
        self._find_staging()
        return super().connect()

    def _find_staging(self) -> None:
        """Read the extras for exports, and hide them from the driver, which rejects unknown extras."""
        connection = self.hook.conn
        extras: dict[str, Any] = connection.extra_dejson
        if BUCKET in extras or ROLE in extras:
            self.hook.conn = connection = copy.copy(connection)
            connection.extra = json.dumps({key: value for key, value in extras.items() if key not in (BUCKET, ROLE)})
        aws_conn_id = self.hook.aws_conn_id
        if BUCKET not in extras and aws_conn_id:
            with suppress(Exception):  # the AWS connection is optional
                extras = self.hook.get_connection(aws_conn_id).extra_dejson
        if self._staging is None:
            self._staging = S3Staging.of(extras, aws_conn_id)
            self.row_budget = 10_000 if self._staging else self.row_budget

    @override
    def prepare_writes(self, cursor: Any, tables: Tables) -> None:
        if self._staging is not None:
            for _ in self._staged(cursor, ()):  # an empty file tests the access of both sides to the bucket
                pass

    @override
    def _staged(self, cursor: Any, rows: Sequence[Row]) -> Generator[tuple[Any, ...]]:
        if self._staging is None:
            yield from super()._staged(cursor, rows)
            return
        stage = self.described.stage
        cursor.execute(merge_text.stage_definition(self.described, self.quote))
        lines = "".join(f"{as_object(row, ' ')}\n" for row in rows)
        key = self._staging.put(gzip.compress(lines.encode(), compresslevel=1))
        try:
            cursor.execute(self._copying(stage, key))
            yield ()
        finally:
            self._staging.remove(key)
        cursor.execute(f"DROP TABLE {stage}")

    def _copying(self, stage: str, key: str) -> str:
        """Return the statement that loads a file into the stage. A missing key becomes NULL."""
        assert self._staging is not None
        columns = ", ".join(self.quote(column.name) for column in STAGED)
        role = self._staging.role if self._staging.role == "default" else f"'{self._staging.role}'"
        return (
            f"COPY {stage} ({columns}) FROM 's3://{self._staging.bucket}/{key}' IAM_ROLE {role}"
            " FORMAT JSON 'auto' GZIP TIMEFORMAT 'auto' COMPUPDATE OFF STATUPDATE OFF"
        )
