"""The way to the print house, which all letters of the hub go to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fakturahub.config import Letters, Secret
from fakturahub.exchange.parcels import Withheld
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.identity.stored_settings import revealed
from fakturahub.model.ways import PrintWay, SftpServer
from fakturahub.storage.outgoing import Claimed

#: the table of the provisioning file, and what its secrets are sealed for
SECTION = "print"


def server_of(settings: Letters) -> SftpServer | None:
    """The print house, None where letters go into a folder of the machine."""
    if settings.url is None:
        return None
    url = urlsplit(settings.url.reveal())
    return SftpServer(
        host=url.hostname or "",
        port=url.port or 22,
        user=unquote(url.username or ""),
        # RFC draft-ietf-secsh-scp-sftp-ssh-uri has no way to say it; curl and others write /~/ for the login's folder.
        folder=unquote(url.path).removeprefix("/") if url.path.startswith("/~/") else unquote(url.path),
        password=Secret(unquote(url.password)) if url.password else None,
        key=settings.key,
        host_keys=settings.host_key,
    )


class PrintWays:
    """Ways of letters. The print house is the same object until its settings change."""

    def __init__(self, companies: Companies, master_key: MasterKey, data_folder: Path) -> None:
        """``data_folder``: letters go into its folder ``print`` where there is no print house."""
        self._companies = companies
        self._master_key = master_key
        self._folder = str(data_folder / "print")
        self._known: tuple[Mapping[str, Any] | None, SftpServer | None] = (None, None)

    def way_of(self, claimed: Claimed) -> PrintWay | Withheld:
        """Raises `MasterKeyError` where a secret does not open, `InternalFault` where what is stored does not fit."""
        details = claimed.details
        return PrintWay(
            postal_class=details["class"],
            colour=details["colour"],
            duplex=details["duplex"],
            country_class=details["country_class"],
            pages=details["pages"],
            server=self._server(),
            folder=self._folder,
        )

    def _server(self) -> SftpServer | None:
        stored: Mapping[str, Any] | None = self._companies.setting(SECTION)
        # Settings are replaced as a whole when they change, never written into.
        if stored is None or stored is self._known[0]:
            return None if stored is None else self._known[1]
        server = server_of(revealed(Letters, stored, master_key=self._master_key, context=SECTION))
        self._known = (stored, server)
        return server
