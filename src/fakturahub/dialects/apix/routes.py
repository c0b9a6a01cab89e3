"""The paths of Apix, and what answers each."""

from __future__ import annotations

from fakturahub.dialects.apix.addresses import Addresses
from fakturahub.dialects.apix.administration import Administration
from fakturahub.dialects.apix.batches import Batches
from fakturahub.dialects.apix.callers import Callers
from fakturahub.dialects.apix.errors import refuse
from fakturahub.dialects.apix.terminal import Terminal
from fakturahub.dialects.apix.ways import Ways
from fakturahub.dialects.surface import Parts, Route, Surface


def surface(parts: Parts) -> Surface:
    """The dialect, ready to be mounted under ``/apix`` and at the root of its hosts."""
    callers = Callers(parts)
    terminal = Terminal(parts, callers)
    administration = Administration(parts, callers)
    addresses = Addresses(parts, callers)
    batches = Batches(parts, callers)
    ways = Ways(parts, callers)
    return Surface(
        "apix",
        [
            Route("GET", "/authuser", administration.authuser),
            Route("GET", "/app-transferID", administration.app_transfer_id),
            Route("GET", "/getcompanyinfo", administration.getcompanyinfo),
            Route("GET", "/saldo", administration.saldo),
            Route("PUT", "/email", administration.email),
            Route("PUT", "/registration", administration.registration),
            Route("PUT", "/addressquery", addresses.addressquery),
            Route("PUT", "/invoices", batches.invoices),
            Route("PUT", "/print", batches.print),
            Route("PUT", "/sendpayslip", batches.sendpayslip),
            Route("DELETE", "/senderpayslip", batches.senderpayslip),
            Route("PUT", "/method", ways.method),
            Route("PUT", "/pricing", ways.method),
            Route("GET", "/list", terminal.list),
            Route("GET", "/list2", terminal.list2),
            Route("GET", "/receive", terminal.receive),
            Route("GET", "/download", terminal.download),
            Route("GET", "/metadata", terminal.metadata),
        ],
        refuse,
        parts,
        path_form=lambda path: path.removesuffix("/"),
    )
