"""``[dialects.pagero]`` as it is in force at the moment, with what it leaves to the operator filled in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from fakturahub.dialects.pagero.document_types import DOCUMENT_TYPES
from fakturahub.dialects.pagero.provision import PageroHub
from fakturahub.dialects.surface import Parts
from fakturahub.identity.stored_settings import revealed
from fakturahub.model import Mode

#: Send modes in the URL (specification 1.2; ``cert`` inferred).
MODES: Mapping[str, Mode] = MappingProxyType({"prod": Mode.PROD, "test": Mode.TEST, "cert": Mode.CERT})


class Words(msgspec.Struct, frozen=True):
    """What the paths of the Interchange may say, and who may call them."""

    document_types: tuple[str, ...] = tuple(sorted(DOCUMENT_TYPES))
    modes: Mapping[str, Mode] = MODES
    #: Basic on the paths for access tokens is taken, and a token on those for passwords
    crossed: bool = False


def words_of(hub: PageroHub) -> Words:
    """What *hub* says, the known words where it says nothing."""
    modes = {word: Mode(mode) for word, mode in hub.send_modes.items()}
    return Words(
        tuple(sorted(hub.document_types or DOCUMENT_TYPES)), modes or MODES, crossed=hub.crossed_authentication
    )


class InForce:
    """The settings, read again whenever they were applied."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stored: object = None
        self._words = Words()

    @property
    def words(self) -> Words:
        """What is in force at this moment."""
        stored = self._parts.companies.setting("dialects", "pagero")
        if stored is not self._stored:
            hub = revealed(PageroHub, stored or {}, master_key=self._parts.master_key, context="pagerohub")
            self._stored, self._words = stored, words_of(hub)
        return self._words
