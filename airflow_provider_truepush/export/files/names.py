"""The names of an export's files: the same for all tries of a run, and different for every other run. No I/O."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

#: Characters that are replaced in names, because some storage or reader does not support them.
_SAFE = re.compile(r"[^A-Za-z0-9_.+-]+")
#: Maximum number of characters of each id in a name. A file's name then stays below 255 bytes.
_SHOWN = 60
#: The folder of all files, below the path argument.
TABLE = "campaign_stats"
#: The folder of the parts. Readers of partitioned folders skip names with a leading underscore.
PARTS = "_parts"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the files of one task in one run, below the path argument.

    :param dag_id: id of the Dag.
    :param task_id: id of the task.
    :param run_id: id of the Dag run.
    :param map_index: index of a mapped task; -1 for others.
    :param load_id: identifies one execution of the task. Its tries share their parts.
    :param day: the date of the partition.
    :param extension: the extension of the file's name, without a dot.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    load_id: str
    day: date
    extension: str

    @property
    def run(self) -> str:
        """Return a readable name of the task and run. It ends in a hash, because readable parts may be equal."""
        given = (self.dag_id, self.task_id, self.run_id, *((str(self.map_index),) if self.map_index >= 0 else ()))
        exact = hashlib.sha256("\0".join((*given, str(self.map_index))).encode("utf-8", "surrogatepass")).hexdigest()
        readable = (_SAFE.sub("-", part)[:_SHOWN].strip(".") or "-" for part in given)
        return ".".join((*readable, exact[:10]))

    @property
    def folder(self) -> str:
        """Return the partition's folder."""
        return f"{TABLE}/dt={self.day.isoformat()}"

    @property
    def file(self) -> str:
        """Return the name of the file."""
        return f"{self.folder}/{self.run}.{self.extension}"

    @property
    def manifest(self) -> str:
        """Return the name of the manifest, which is written last."""
        return f"{self.folder}/_{self.run}_manifest.json"

    @property
    def parts(self) -> str:
        """Return the folder of the parts that a try leaves for the next one."""
        return f"{TABLE}/{PARTS}/{self.run}"

    @property
    def parts_prefix(self) -> str:
        """Return the prefix of the names of this execution's parts. Parts of other executions cannot be used."""
        kind = hashlib.sha256(f"{self.load_id}\0{self.extension}".encode("utf-8", "surrogatepass")).hexdigest()
        return kind[:12] + "-"
