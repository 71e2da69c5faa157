"""The names of an export's files: always the same for a run, and different for every other run. No I/O."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

#: What a name in any storage, and in any reader of it, may hold.
_SAFE = re.compile(r"[^A-Za-z0-9_.+-]+")
#: Characters of each id that are shown: the whole stays below the 255 bytes of a file's name.
_SHOWN = 60
#: The folder of all files, below the path that is given.
TABLE = "campaign_stats"
#: What earlier tries have left. Readers of partitioned folders pass by what begins with an underscore.
PARTS = "_parts"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one task of one run, below the path that is given.

    :param dag_id: the Dag.
    :param task_id: the task.
    :param run_id: its run.
    :param map_index: of a mapped task; -1 for others.
    :param load_id: names one execution of the task, whose tries go on with each other's parts.
    :param day: the partition.
    :param extension: of the file, without a dot in front.
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
        """Return a readable name of the task and run. Its last part differs where the readable ones are equal."""
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
        """The file."""
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
        """What the parts of this execution begin with; those of others are of no use to it."""
        kind = hashlib.sha256(f"{self.load_id}\0{self.extension}".encode("utf-8", "surrogatepass")).hexdigest()
        return kind[:12] + "-"
