"""A folder on a disk or a prefix in an object storage. A file in it is complete, or does not exist.

Files are built on the worker's disk and copied when they are complete. Writing through ``open("wb")`` would leave an
incomplete file after an error: on a disk, and on S3 as well, because leaving the ``with`` block by an exception
completes the upload.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from airflow_provider_truepush.api.checks.given import is_empty
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.errors import TruepushStorageError, renamed

log = logging.getLogger(__name__)

#: Storages in which an object appears only when its upload is complete, and in which a move is a copy.
_OBJECTS = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "adlfs", "wasb", "wasbs", "oss", "r2")
#: OpenLineage's names of storages that differ from their scheme.
_OPENLINEAGE = {"s3a": "s3", "gcs": "gs"}
_AZURE = ("abfs", "abfss", "az", "adl", "adlfs", "wasb", "wasbs")
#: Bytes per part of a large upload, and the storages that take this option. s3fs keeps ten parts in memory; the default
#: size of s3fs and gcsfs is 50 MB.
CHUNK = 8 << 20
_CHUNKED = ("s3", "s3a", "gs", "gcs")


def store(path: Any) -> Store:
    """Open a path: absolute, or a URL such as ``s3://conn_id@bucket/prefix``.

    :raises TruepushValidationError: when it is neither, or no installed provider knows the scheme.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(path, os.PathLike):
        path = str(path)
    if not isinstance(path, str) or is_empty(path):
        refuse("path", path, "must be an absolute path, or a URL such as s3://conn_id@bucket/prefix")
    written = path.strip().rstrip("/") or "/"
    written = written.removeprefix("file://")
    if "://" not in written:
        # Not Airflow's ObjectStoragePath for local paths, because it needs a matching version of universal-pathlib.
        if not written.startswith("/"):
            refuse("path", path, "must be absolute, or a URL such as s3://conn_id@bucket/prefix")
        return LocalStore(written, Path(written))
    try:
        place = ObjectStoragePath(written)
        files = place.fs
    except (ValueError, TypeError, ImportError) as error:
        refuse(
            "path",
            path,
            f"cannot be opened ({error})",
            "Install the provider of the storage, such as apache-airflow-providers-amazon[s3fs] for s3",
        )
    return RemoteStore(
        written,
        files,
        place.path.rstrip("/"),
        direct=place.protocol in _OBJECTS,
        upload={"chunksize": CHUNK} if place.protocol in _CHUNKED else {},
    )


class Store:
    """Files by their names below a path.

    :param url: the path as the argument has it, for messages and for ``ObjectStoragePath``.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def address(self, name: str) -> str:
        """Return the full path of a file."""
        return f"{self.url.rstrip('/')}/{name}"

    def dataset(self, name: str) -> tuple[str, str]:
        """Return OpenLineage's namespace and name of a folder or file."""
        raise NotImplementedError

    def put(self, made: Path, name: str, *, removing: Sequence[str] = ()) -> None:
        """Copy a complete file to the store. A file of that name is replaced atomically.

        :param removing: names of files that describe the replaced file. They are removed right before it is replaced.
        """
        raise NotImplementedError

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None when it does not exist."""
        raise NotImplementedError

    def names(self, folder: str) -> list[str]:
        """Return the names of the files right in a folder; none when it does not exist."""
        raise NotImplementedError

    def put_bytes(self, content: bytes, name: str) -> None:
        """Write a small file."""
        with tempfile.TemporaryDirectory(prefix="truepush-") as folder:
            made = Path(folder) / "content"
            made.write_bytes(content)
            self.put(made, name)

    def get(self, name: str, to: Path) -> None:
        """Copy a file to the worker's disk."""
        content = self.read(name)
        if content is None:
            raise FileNotFoundError(self.address(name))
        to.write_bytes(content)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files. A file that cannot be removed is logged and does not fail the export."""
        for name in names:
            try:
                self._remove(name)
            except FileNotFoundError:
                pass
            except Exception as error:
                log.warning("Could not remove %s (%s: %s).", self.address(name), type(error).__name__, error)

    def _remove(self, name: str) -> None:
        raise NotImplementedError


class LocalStore(Store):
    """A folder on a local or mounted disk.

    :param url: the path as the argument has it.
    :param root: the folder.
    """

    def __init__(self, url: str, root: Path) -> None:
        super().__init__(url)
        self.root = root

    def dataset(self, name: str) -> tuple[str, str]:
        """Return OpenLineage's namespace and name of a folder or file."""
        return "file", str(self.root / name)

    def put(self, made: Path, name: str, *, removing: Sequence[str] = ()) -> None:
        """Copy the file under a hidden name, sync it to the disk, and rename it."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        for old in target.parent.glob(
            f".{_globbed(target.name)}.*.tmp"
        ):  # left by a try that was killed during the copy
            old.unlink(missing_ok=True)
        beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.tmp")
        try:
            with made.open("rb") as source, beside.open("xb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
            self.remove(removing)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None when it does not exist."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> list[str]:
        """Return the names of the files right in a folder; none when it does not exist."""
        place = self.root / folder
        if not place.is_dir():
            return []
        return sorted(f"{folder}/{path.name}" for path in place.iterdir() if path.is_file())

    def _remove(self, name: str) -> None:
        path = self.root / name
        path.unlink()
        with suppress(OSError):  # the folder has other files
            path.parent.rmdir()


class RemoteStore(Store):
    """A prefix in a storage that fsspec supports.

    :param url: the path as the argument has it.
    :param files: the fsspec file system of the Airflow connection.
    :param root: bucket and prefix.
    :param direct: True when an object appears only when its upload is complete, so it can be uploaded under its name.
    :param upload: options of an upload.
    """

    def __init__(self, url: str, files: Any, root: str, *, direct: bool, upload: dict[str, Any]) -> None:
        super().__init__(url)
        self.files = files
        self.root = root
        self.direct = direct
        self.upload = upload

    def dataset(self, name: str) -> tuple[str, str]:
        """Return OpenLineage's namespace and name of a folder or file."""
        bucket, _, prefix = self.root.partition("/")
        scheme = self.url.partition("://")[0]
        if scheme in _AZURE and (account := _azure_account(self.files)):
            return f"abfss://{bucket}@{account}.dfs.core.windows.net", f"{prefix}/{name}".lstrip("/")
        return f"{_OPENLINEAGE.get(scheme, scheme)}://{bucket}", f"{prefix}/{name}".lstrip("/")

    def put(self, made: Path, name: str, *, removing: Sequence[str] = ()) -> None:
        """Upload a file. If incomplete uploads are visible, upload it under a hidden name, and rename it."""
        target = f"{self.root}/{name}"
        if self.direct:
            self.remove(removing)
            self.files.put_file(str(made), target, **self.upload)
            return
        folder, _, last = target.rpartition("/")
        self.files.makedirs(folder, exist_ok=True)
        beside = f"{folder}/.{last}.{uuid.uuid4().hex[:12]}.tmp"
        try:
            self.files.put_file(str(made), beside, **self.upload)
            self.remove(removing)
            self.files.mv(beside, target)
        except BaseException:
            if self.files.exists(beside):
                self.files.rm_file(beside)
            raise

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None when it does not exist."""
        try:
            content: bytes = self.files.cat_file(f"{self.root}/{name}")
        except FileNotFoundError:
            return None
        return content

    def names(self, folder: str) -> list[str]:
        """Return the names of the files right in a folder; none when it does not exist."""
        place = f"{self.root}/{folder}"
        self.files.invalidate_cache()
        try:
            found = self.files.ls(place, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(
            f"{folder}/{entry['name'].rstrip('/').rpartition('/')[2]}" for entry in found if entry["type"] == "file"
        )

    def _remove(self, name: str) -> None:
        self.files.rm_file(f"{self.root}/{name}")


def _azure_account(files: Any) -> str | None:
    """Return the storage account of adlfs' file system, which may be named in the connection string only."""
    account = getattr(files, "account_name", None)
    if not account:
        found = re.search(r"AccountName=([^;]+)", getattr(files, "connection_string", None) or "")
        account = found.group(1) if found else None
    return str(account) if account else None


def _globbed(name: str) -> str:
    return name.replace("[", "[[]")


def __getattr__(name: str) -> Any:
    return renamed(__name__, name, {"StorageError": TruepushStorageError})
