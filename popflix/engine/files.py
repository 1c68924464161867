"""Files that runs attach: kept in the database, so that every host can hand them out."""

from __future__ import annotations

import datetime as dt
import re

from django.core.files.base import ContentFile
from django.db.models import Q, QuerySet

from popflix.engine.models import RunFile
from popflix.lib.errors import OperatorError

# MySQL and MariaDB take 16 MiB in one packet by default, and each byte may have to be escaped.
LARGEST_BYTES = 7 * 1024 * 1024
LONGEST_NAME = 150
LONGEST_TYPE = 100
UNKNOWN_TYPE = "application/octet-stream"
TEXT_TYPE = "text/plain; charset=utf-8"
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*", re.ASCII)


def store(
    run_id: int, name: str, content: str | bytes, content_type: str, now: dt.datetime
) -> RunFile:
    """Store a run's file within the caller's fenced transaction, instead of one of that name.

    Text becomes UTF-8, and its type plain text unless another one is said. Raises OperatorError
    for a name, a type or a size that cannot be.
    """
    _check_name(name)
    _check_type(content_type)
    if isinstance(content, str):
        content = content.encode()
        content_type = TEXT_TYPE if content_type == UNKNOWN_TYPE else content_type
    _check_size(name, len(content))
    stored, _ = RunFile.objects.update_or_create(
        run_id=run_id,
        name=name,
        defaults={
            "content_type": content_type,
            "size": len(content),
            "content": content,
            "created_at": now,
        },
    )
    return stored


def files_of(run_id: int) -> QuerySet[RunFile]:
    """The files of a run and of its children, without their content, in order of names."""
    of_the_run = RunFile.objects.filter(Q(run_id=run_id) | Q(run__parent_id=run_id))
    return of_the_run.defer("content").order_by("name", "pk")


def open_file(run_id: int, name: str) -> ContentFile[bytes]:
    """The content of a file of the run, or of one of its children; the newest of that name.

    Raises OperatorError, listing the files there are.
    """
    found = files_of(run_id).filter(name=name).last()
    if found is None:
        there = ", ".join(sorted(set(files_of(run_id).values_list("name", flat=True)))) or "none"
        raise OperatorError(f"Run {run_id} has no file {name}.", f"Its files: {there}.")
    return ContentFile(bytes(found.content), name=found.name)


def _check_name(name: str) -> None:
    is_plain = name.isprintable() and not set(name) & set("/\\") and name.strip(". ") != ""
    if not is_plain or len(name) > LONGEST_NAME:
        raise OperatorError(
            f"{name!r} cannot be the name of a run's file.",
            f"Use up to {LONGEST_NAME} printable characters, no folder among them.",
        )


def _check_type(content_type: str) -> None:
    """It becomes a header of the download."""
    if not _TYPE.fullmatch(content_type) or len(content_type) > LONGEST_TYPE:
        raise OperatorError(f"{content_type!r} is no content type.", "Write one such as text/csv.")


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_BYTES:
        raise OperatorError(
            f"The file {name} has {size / 1024 / 1024:.1f} MiB; a run's file has at most "
            f"{LARGEST_BYTES // 1024 // 1024}.",
            "Attach an extract, or store it elsewhere and attach where it is.",
        )
