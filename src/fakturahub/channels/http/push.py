"""A push: one document posted to one server, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

import msgspec

from fakturahub.channels.http.fields import basic, header_of
from fakturahub.channels.http.record import Hiding, place_of, record_of
from fakturahub.channels.http.verdicts import outcome_of
from fakturahub.config import HttpPush, Secret
from fakturahub.errors import MissingTerm, UnusableCredential
from fakturahub.model import Fault, Outcome, Parcel, Record, Result
from fakturahub.model.ways import HttpWay
from fakturahub.outbound.client import Answer, Call, Client, Failed
from fakturahub.outbound.tls import client_context
from fakturahub.outbound.tokens import Grant, NoToken, Tokens


class _Prepared(msgspec.Struct, frozen=True):
    """What is made of a way once."""

    call: Call
    #: Authorization of Basic authentication
    login: str | None
    grant: Grant | None
    #: all that is not to be seen, the token of the moment excepted
    secrets: tuple[str, ...]
    hiding: Hiding


class _Waited(msgspec.Struct, frozen=True):
    token: Secret | NoToken
    #: seconds
    waited: float


class HttpChannel:
    """Pushes of one node."""

    def __init__(self, client: Client, tokens: Tokens) -> None:
        self._client = client
        self._tokens = tokens
        self._prepared: WeakKeyDictionary[HttpWay, _Prepared] = WeakKeyDictionary()

    async def send(self, parcel: Parcel[HttpWay]) -> Outcome:
        """Post the document; where the receiver refuses an OAuth2 token, once more with a new one."""
        push = parcel.way.push
        prepared = self._prepared.get(parcel.way)
        try:
            if prepared is None:
                prepared = await asyncio.to_thread(_prepare, push)
                self._prepared[parcel.way] = prepared
            header = header_of(parcel)
        except UnusableCredential as error:
            # Nobody but the operator changes that, and no receiver is asked before.
            return Outcome(Result.HELD, f"{error.reason} {error.advice}", Record(place_of(push.url)), Fault.OURS)
        except MissingTerm as error:
            return Outcome(Result.FAILED, error.reason, Record(place_of(push.url)))
        if prepared.grant is None:
            if prepared.login is not None:
                header["Authorization"] = prepared.login
            made = await self._post(prepared, header, parcel.content.data)
            return _outcome(parcel, header, made, prepared.hiding, 0.0)
        return await self._with_token(parcel, prepared, prepared.grant, header)

    async def _with_token(
        self, parcel: Parcel[HttpWay], prepared: _Prepared, grant: Grant, header: dict[str, str]
    ) -> Outcome:
        first = await self._token(grant)
        if isinstance(first.token, NoToken):
            record = Record(place_of(parcel.way.push.url), timings={"token": first.waited})
            return Outcome(Result.RETRY, first.token.detail, record, Fault.OURS)
        made, outcome = await self._with(parcel, prepared, header, first.token, first.waited)
        if isinstance(made, Answer) and made.status != 401:
            self._tokens.accepted(grant)
        if not isinstance(made, Answer) or made.status != 401 or not self._tokens.refused(grant, first.token):
            return outcome
        second = await self._token(grant)
        if isinstance(second.token, NoToken):
            return outcome  # what the receiver said tells more than that there is no other token
        made, outcome = await self._with(parcel, prepared, header, second.token, first.waited + second.waited)
        if isinstance(made, Answer) and made.status == 401:
            self._tokens.refused(grant, second.token)
        elif isinstance(made, Answer):
            self._tokens.accepted(grant)
        return outcome

    async def _token(self, grant: Grant) -> _Waited:
        began = time.perf_counter()
        token = await self._tokens.token(grant)
        return _Waited(token, time.perf_counter() - began)

    async def _with(
        self, parcel: Parcel[HttpWay], prepared: _Prepared, header: dict[str, str], token: Secret, waited: float
    ) -> tuple[Answer | Failed, Outcome]:
        header["Authorization"] = f"Bearer {token.reveal()}"
        made = await self._post(prepared, header, parcel.content.data)
        hiding = Hiding((*prepared.secrets, token.reveal()))
        return made, _outcome(parcel, header, made, hiding, waited)

    async def _post(self, prepared: _Prepared, header: Mapping[str, str], body: bytes) -> Answer | Failed:
        return await self._client.call(msgspec.structs.replace(prepared.call, headers=header, body=body))


def _outcome(
    parcel: Parcel[HttpWay],
    header: Mapping[str, str],
    made: Answer | Failed,
    hiding: Hiding,
    waited: float,
) -> Outcome:
    push = parcel.way.push
    record = record_of(push.method, push.url, header, push.headers, len(parcel.content.data), made, hiding, waited)
    return outcome_of(made, push, record, parcel.at)


def _prepare(push: HttpPush) -> _Prepared:
    """Raises `UnusableCredential`."""
    tls = None
    if push.ca is not None or push.cert is not None:
        tls = client_context(ca=push.ca, cert=push.cert, key=push.key)
    grant = login = None
    if push.auth == "oauth2" and push.token_url and push.client_id and push.client_secret:
        grant = Grant(
            token_url=push.token_url,
            grant=push.grant,
            client_id=push.client_id,
            client_secret=push.client_secret,
            scope=push.scope,
            audience=push.audience,
            resource=push.resource,
            client_auth=push.client_auth,
            username=push.username,
            password=push.password,
            tls=tls,
            proxy=push.proxy,
        )
    elif push.auth == "basic" and push.username and push.password:
        login = basic(push.username, push.password)
    call = Call(
        push.method,
        push.url,
        {},
        b"",
        push.connect_timeout.total_seconds(),
        push.read_timeout.total_seconds(),
        tls,
        push.proxy,
    )
    secrets = tuple(_secrets(push, login))
    return _Prepared(call, login, grant, secrets, Hiding(secrets))


def _secrets(push: HttpPush, login: str | None) -> list[str]:
    """Everything that an answer may send back and nobody is to see."""
    kept: list[Secret] = [one for one in (push.password, push.client_secret) if one is not None]
    found = [one.reveal() for one in (*kept, *push.headers.values())]
    if login is not None:
        found.append(login.removeprefix("Basic "))
    if push.proxy is not None:
        found.append(unquote(urlsplit(push.proxy.reveal()).password or ""))
    if query := urlsplit(push.url).query:
        found.append(query)
    return found
