"""What the errors of the HTTP library mean, in the words of `trouble`."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp

from fakturahub.model import Fault
from fakturahub.outbound.phases import Phases
from fakturahub.outbound.trouble import Trouble, of_connection


def peer_of(url: str) -> str:
    """Host and port of *url*, as messages name a peer."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def of_call(error: BaseException, url: str, proxy: str | None, phases: Phases) -> Trouble:
    """Why a call of *url* got no answer; *proxy* is the one that it went by, host and port."""
    peer, secure = peer_of(url), url.startswith("https:")
    match error:
        case aiohttp.ClientHttpProxyError():
            return Trouble(f"The proxy {proxy} answered {error.status} and did not connect to {peer}.", Fault.OURS)
        case aiohttp.ClientProxyConnectionError():
            return _of_proxy(of_connection(error.os_error, proxy or ""))
        case aiohttp.ConnectionTimeoutError():
            fault = Fault.RECEIVER if proxy is None else Fault.OURS
            return Trouble(f"There was no connection to {proxy or peer} in time.", fault, too_slow=True)
        case aiohttp.ClientConnectorCertificateError():
            return of_connection(error.certificate_error, peer)
        case aiohttp.ClientConnectorDNSError() if proxy is not None:
            return _of_proxy(of_connection(error.os_error, proxy))
        case aiohttp.ClientConnectorSSLError():
            return of_connection(_cause(error), peer)
        case aiohttp.ClientConnectorError():
            return of_connection(error.os_error, peer)
        case aiohttp.ServerDisconnectedError():
            return _closed(Trouble(f"{peer} closed the connection.", Fault.RECEIVER, connected=True), phases, secure)
        case aiohttp.ClientResponseError():
            return Trouble(f"{peer} did not answer in HTTP/1.1.", Fault.RECEIVER, connected=True)
        case aiohttp.ClientOSError():
            cause = _cause(error)
            found = of_connection(cause, peer, connected=phases.connected)
            return _closed(found, phases, secure) if isinstance(cause, ConnectionError) else found
        case aiohttp.InvalidURL() | ValueError() if not isinstance(error, OSError):
            return Trouble("The URL is none that can be called.", Fault.OURS)
        case _:
            return of_connection(error, peer, connected=phases.connected)


def _closed(trouble: Trouble, phases: Phases, secure: bool) -> Trouble:
    """*trouble* of a connection that was closed without an answer, with what else that may mean in TLS."""
    if not (secure and phases.fresh):
        return trouble
    # In TLS 1.3 a server judges the client's certificate when the client believes itself connected.
    words = f"{trouble.detail} Where it wants a client certificate, it does not want this one."
    return Trouble(words, trouble.fault, trouble.connected)


def _of_proxy(trouble: Trouble) -> Trouble:
    return Trouble(f"The proxy cannot be used. {trouble.detail}", Fault.OURS)


def _cause(error: BaseException) -> BaseException:
    """The error of TLS or of the system that the library's own stands for."""
    for one in (error.__cause__, error.__context__):
        if isinstance(one, OSError):
            return one
    return error
