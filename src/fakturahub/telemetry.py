"""Logs and metrics.

Logs are one JSON object a line on standard error, each with the request id it belongs to. Values under names that
speak of secrets are replaced whoever logs them, and query strings are never logged: in some dialects they carry
passwords. Metrics are Prometheus's; with several processes they are summed over the files that
``PROMETHEUS_MULTIPROC_DIR`` names.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

#: the id of the request in hand, empty outside one
request_id: ContextVar[str] = ContextVar("request_id", default="")

# Parts of names, in small letters and without what joins their words: X-Api-Key is apikey.
_SECRET = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "authorization",
    "cookie",
    "token",
    "digest",
    "masterkey",
    "transferkey",
    "storagekey",
    "privatekey",
    "apikey",
)
_SECRET_WHOLE = frozenset({"pass", "pwd"})
_REDACTED = "[redacted]"
_PLAIN = frozenset({str, int, float, bool, type(None)})

SUBMISSIONS = Counter(
    "fakturahub_submissions_total", "Submissions accepted.", ["dialect", "mode", "repeated"], registry=None
)
REFUSALS = Counter(
    "fakturahub_refusals_total", "Requests refused, by error code.", ["dialect", "reason"], registry=None
)
DELIVERIES = Counter(
    "fakturahub_deliveries_total", "Attempts at delivery, by outcome.", ["channel", "outcome"], registry=None
)
REQUESTS = Histogram(
    "fakturahub_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ["surface"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=None,
)
VALIDATIONS = Counter(
    "fakturahub_validations_total",
    "Documents judged, by verdict: valid, invalid, not checked.",
    ["surface", "verdict"],
    registry=None,
)
_COUNTED = (SUBMISSIONS, REFUSALS, DELIVERIES, REQUESTS, VALIDATIONS)


def logger(name: str) -> Any:
    """A structured logger; ``log.info("event", key=value)``."""
    return structlog.get_logger(room=name)


def _with_request(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = request_id.get()
    if current:
        event.setdefault("request_id", current)
    return event


@functools.lru_cache(maxsize=4096)
def _is_secret(name: object) -> bool:
    text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
    plain = "".join(filter(str.isalnum, text.lower()))
    return plain in _SECRET_WHOLE or any(word in plain for word in _SECRET)


def redacted(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what stands under a name that speaks of a secret, at any depth; what was logged is left as it is."""
    return {
        key: _REDACTED if _is_secret(key) else value if type(value) in _PLAIN else _hidden(value)
        for key, value in event.items()
    }


def _hidden(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Mapping):
        return {key: _REDACTED if _is_secret(key) else _hidden(one) for key, one in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str | bytes) and _is_secret(value[0]):
        return (value[0], _REDACTED)  # a header field
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(one) for one in value]
    return value


def set_up_logs(level: str = "info", *, colours: bool = False) -> None:
    """Configure logging once per process: JSON lines, or for a person at a terminal a coloured form."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_request,
        redacted,
    ]
    if colours:
        renderer: list[Any] = [_console()]
        factory: Any = structlog.PrintLoggerFactory(sys.stderr)
    else:
        renderer = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda event, **_: msgspec.json.encode(event, enc_hook=str)),
        ]
        factory = structlog.BytesLoggerFactory(sys.stderr.buffer)
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module: what matters of theirs goes the same way.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _console()
                if colours
                else structlog.processors.JSONRenderer(
                    serializer=lambda event, **_: msgspec.json.encode(event, enc_hook=str).decode()
                ),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def _console() -> structlog.dev.ConsoleRenderer:
    # The form that is otherwise taken shows the local variables of a traceback, and with them passwords and keys.
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


class Gauged(msgspec.Struct, frozen=True):
    """A figure that is looked up when metrics are asked for, such as the depth of a queue."""

    name: str
    help: str
    value: float


def exposition(gauged: tuple[Gauged, ...] = ()) -> tuple[bytes, str]:
    """The metrics in Prometheus's text format, and its content type."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for metric in _COUNTED:
            registry.register(metric)
    # Looked up, not counted: the same from whichever process they are asked, so never summed over processes.
    lines = [f"# HELP {g.name} {g.help}\n# TYPE {g.name} gauge\n{g.name} {g.value}\n" for g in gauged]
    return generate_latest(registry) + "".join(lines).encode(), CONTENT_TYPE_LATEST
