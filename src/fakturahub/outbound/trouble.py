"""What goes wrong with a connection, in words for a person: what happened, whose trouble it is, what to do about it.

The words name the peer and nothing that is secret. They are the same for every protocol that the hub speaks.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl

import msgspec

from fakturahub.errors import TargetRefused
from fakturahub.model import Fault


class Trouble(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    #: a sentence or two without secrets
    detail: str
    fault: Fault
    #: whether the connection stood: the peer may have got all of it
    connected: bool = False
    #: whether it took too long, rather than that something was refused or broken
    too_slow: bool = False


#: OpenSSL's codes of what is wrong with a certificate (x509_vfy.h)
_CERTIFICATE = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it signed itself, and is not the one in `ca`",
    19: "an authority that nobody vouches for signed it",
    20: "the hub does not know the authority that signed it",
    21: "the hub does not know the authority that signed it",
    23: "it was revoked",
    62: "it is for another name",
    64: "it is for another address",
}
_OTHER_NAME = frozenset({62, 64})
_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})

# OpenSSL's names of alerts with which a server turns a client's certificate down, or misses one.
_WANTS_CERTIFICATE = frozenset({"CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE", "ALERT_NO_CERTIFICATE"})
_NO_SUCH_CLIENT = frozenset({"ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE", "ALERT_ACCESS_DENIED"})
_OTHER_VERSION = frozenset({"UNSUPPORTED_PROTOCOL", "ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})

# What the hub's own machine lacks.
_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.ENETDOWN})
_CLOSED = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ESHUTDOWN})


def of_connection(error: BaseException, peer: str, *, connected: bool = False) -> Trouble:
    """What *error*, raised by a name look-up, a connection or TLS, means for the connection to *peer* (host:port)."""
    match error:
        case TargetRefused():
            return Trouble(f"{error.reason} {TargetRefused.advice}", Fault.RECEIVER)
        case socket.gaierror():
            return _name(error, peer)
        case ssl.SSLCertVerificationError():
            return _certificate(error, peer)
        case ssl.SSLError():
            return _tls(error, peer, connected)
        case TimeoutError():
            return Trouble(f"{peer} did not answer in time.", Fault.RECEIVER, connected, too_slow=True)
        case OSError():
            return _system(error, peer, connected)
        case _:
            # The name of its class is all that is told: the text of a foreign error may quote what it met.
            return Trouble(f"The connection to {peer} failed ({type(error).__name__}).", Fault.RECEIVER, connected)


def _name(error: socket.gaierror, peer: str) -> Trouble:
    host = peer.rpartition(":")[0]
    if error.errno == socket.EAI_AGAIN:
        return Trouble(f"The hub's name server gave no answer for {host}.", Fault.OURS)
    if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
        return Trouble(f"There is no address for the name {host}. Compare it with the receiver's.", Fault.RECEIVER)
    return Trouble(f"The name {host} cannot be looked up: {error.strerror}.", Fault.OURS)


def _certificate(error: ssl.SSLCertVerificationError, peer: str) -> Trouble:
    why = _CERTIFICATE.get(error.verify_code, error.verify_message)
    if error.verify_code in _UNKNOWN_AUTHORITY:
        todo = "Where the receiver has an authority of its own, give its certificate as `ca`."
    elif error.verify_code in _OTHER_NAME:
        todo = "Call the server by the name in its certificate."
    else:
        todo = "Its operator has to replace it."
    return Trouble(f"The certificate of {peer} is not accepted: {why}. {todo}", Fault.RECEIVER)


def _tls(error: ssl.SSLError, peer: str, connected: bool) -> Trouble:
    reason = error.reason or ""
    if any(one in reason for one in _WANTS_CERTIFICATE):
        words = f"{peer} ended the TLS handshake; such servers want a client certificate (`cert` and `key`)."
    elif any(one in reason for one in _NO_SUCH_CLIENT):
        words = f"{peer} does not accept the hub's client certificate. Its operator has to know who signed it."
    elif any(one in reason for one in _OTHER_VERSION):
        words = f"{peer} speaks no version of TLS from 1.2 on."
    elif any(one in reason for one in _NO_TLS):
        words = f"{peer} does not speak TLS. Its URL may have to begin with http, or to name another port."
    else:
        words = f"TLS with {peer} failed: {reason or type(error).__name__}."
    return Trouble(words, Fault.RECEIVER, connected)


def _system(error: OSError, peer: str, connected: bool) -> Trouble:
    code = error.errno
    if code == errno.ECONNREFUSED:
        return Trouble(f"{peer} refused the connection: nothing listens there.", Fault.RECEIVER)
    if code == errno.ETIMEDOUT:
        return Trouble(f"{peer} did not answer in time.", Fault.RECEIVER, connected, too_slow=True)
    if code in _CLOSED or isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return Trouble(f"{peer} closed the connection.", Fault.RECEIVER, connected)
    if code == errno.EHOSTUNREACH:
        return Trouble(f"There is no way to {peer}.", Fault.RECEIVER)
    if code == errno.ENETUNREACH:
        return Trouble(f"The hub has no network that leads to {peer}.", Fault.OURS)
    words = os.strerror(code) if code else type(error).__name__
    fault = Fault.OURS if code in _OURS else Fault.RECEIVER
    return Trouble(f"The connection to {peer} failed: {words}.", fault, connected)
