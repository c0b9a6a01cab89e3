"""Archives of letters as files, for a hub without a print house."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


class OtherFileError(Exception):
    """There is a file of that name with other bytes."""


def put(folder: Path, name: str, data: bytes) -> bool:
    """Write *data* as *name* into *folder*: complete and on the disk before it has its name, mode 0600.

    True where it was there already, with the same bytes. Raises `OtherFileError` where others have its name, which are
    left alone, and OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / name
    if file.exists():
        if file.read_bytes() != data:
            raise OtherFileError
        return True
    draft = folder / f".{name}.{secrets.token_hex(8)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
    return False
