"""The way of a delivery: the channel's own settings, from what is provisioned at the moment, with its secrets open.

Each channel has a module that knows where its settings stand: ``ways_http``, ``ways_mail``, ``ways_print``,
``ways_acknowledgements``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fakturahub.errors import InternalFault
from fakturahub.exchange.parcels import Withheld
from fakturahub.exchange.ways_acknowledgements import AcknowledgementWays
from fakturahub.exchange.ways_http import HttpWays
from fakturahub.exchange.ways_mail import MailWays
from fakturahub.exchange.ways_print import PrintWays
from fakturahub.identity.companies import Companies
from fakturahub.identity.sealing import MasterKey
from fakturahub.model.acknowledgement import CHANNEL as ACKNOWLEDGEMENT
from fakturahub.storage.outgoing import Claimed


class Ways:
    """The ways of all channels, for one node. Memory only: nothing is looked up in the database."""

    def __init__(self, companies: Companies, master_key: MasterKey, data_folder: Path) -> None:
        """``data_folder``: where channels without a server of their own put what they have."""
        self._data_folder = data_folder
        self._ways: Mapping[str, Callable[[Claimed], Any | Withheld]] = {
            "http": HttpWays(companies, master_key).way_of,
            "email": MailWays(companies, master_key, data_folder).way_of,
            "print": PrintWays(companies, master_key, data_folder).way_of,
            ACKNOWLEDGEMENT: AcknowledgementWays(companies, master_key).way_of,
        }

    def way_of(self, claimed: Claimed) -> Any | Withheld:
        """A struct of ``model.ways`` with secrets opened, or why there is none.

        Raises `InternalFault` for a channel that the hub does not have.
        """
        way = self._ways.get(claimed.channel)
        if way is None:
            raise InternalFault(f"There is no way out called {claimed.channel}.")
        return way(claimed)
