"""How a document is paid: what the sender stated (``ways``) and how a page of a language says it (``blocks``)."""

from __future__ import annotations

from fakturahub.render.payment.blocks import blocks
from fakturahub.render.payment.ways import Way, ways

__all__ = ["Way", "blocks", "ways"]
