"""Mails as files, for a hub without a mail server: ``<delivery id>.eml`` for mail programs and for ``sendmail -t``.

Two fields before the message say what its envelope would have: ``X-Envelope-From`` and ``X-Envelope-To``.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from fakturahub.channels.email.composing import Mail


def put(mail: Mail, folder: Path) -> Path:
    """Write *mail* into *folder*: complete and on the disk before it has its name, mode 0600.

    Put again, it takes the place of the same. Raises ``OSError``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{mail.message_id.partition('@')[0]}.eml"
    draft = folder / f".{file.name}.{secrets.token_hex(8)}"
    envelope = f"X-Envelope-From: <{mail.returns_to}>\r\nX-Envelope-To: " + ",\r\n ".join(
        f"<{one}>" for one in mail.recipients
    )
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(envelope.encode() + b"\r\n" + mail.message)
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
    return file
