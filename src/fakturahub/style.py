"""The style sheet of the hub's pages: one for all rooms, and behind it what each room has of its own."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_SHARED = Path(__file__).parent / "page.css"


def style(own: Path) -> tuple[str, str]:
    """The style sheet of a room's pages, *own* at its end, and its hash for the page's policy (CSP Level 3, 8.3)."""
    text = _SHARED.read_text(encoding="utf-8") + own.read_text(encoding="utf-8")
    return text, "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
