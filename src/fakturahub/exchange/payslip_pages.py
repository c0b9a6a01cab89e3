"""The protected page of a payslip that was mailed as a link: the link, what the page asks for, and what it shows then.

The link holds a code that only this hub can make. Whoever has the mail is asked for the last four characters of the
person's identity code, or for the number of the employee where the payslip has no such code. After `MOST_WRONG` wrong
answers the page is closed for good. Once the sender takes the payslip back, there is nothing behind the link.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import zipfile
from base64 import urlsafe_b64encode
from typing import Literal
from uuid import UUID

import msgspec

from fakturahub.exchange.payslips import whose
from fakturahub.exchange.renditions import Renditions
from fakturahub.identity.sealing import MasterKey
from fakturahub.model import Clock
from fakturahub.render import labels
from fakturahub.storage import payslip_pages as stored
from fakturahub.storage.database import Database
from fakturahub.storage.payloads import PayloadStore
from fakturahub.storage.payslip_pages import Mailed

#: the path of the page, under ``public_url``
PATH = "/payslip"
#: wrong answers that one link takes
MOST_WRONG = 5
#: characters of an identity code that are asked for
ASKED = 4
#: characters of an answer that are looked at
ANSWER = 100

_WORDS = ("title", "person", "number", "open", "wrong", "closed", "gone")


class PayslipLinks:
    """Links to pages of payslips."""

    def __init__(self, master_key: MasterKey) -> None:
        self._key = master_key.derive("payslip page")

    def of(self, public_url: str, delivery_id: UUID) -> str:
        """The link to the page of a delivery of the hub at *public_url*."""
        return f"{public_url.rstrip('/')}{PATH}?d={delivery_id.hex}&k={self._code(delivery_id)}"

    def opened(self, delivery: str, code: str) -> UUID | None:
        """The delivery that a link names, None where this hub did not make it. Compared in constant time."""
        try:
            delivery_id = UUID(hex=delivery)
        except ValueError:
            return None
        fitting = hmac.compare_digest(self._code(delivery_id).encode(), code.encode("utf-8", "surrogatepass"))
        return delivery_id if fitting else None

    def _code(self, delivery_id: UUID) -> str:
        return urlsafe_b64encode(hmac.digest(self._key, delivery_id.bytes, "sha256")[:18]).decode()


class Shown(msgspec.Struct, frozen=True):
    """What the page says."""

    state: Literal["asks", "wrong", "closed", "gone"]
    language: str
    #: the last characters of the identity code, or the number
    asks: Literal["person", "number"] = "person"

    @property
    def words(self) -> dict[str, str]:
        """The words of the page, by their names."""
        return {name: labels.text(self.language, f"payslip.{name}") for name in _WORDS}


class Opened(msgspec.Struct, frozen=True):
    """The payslip, for somebody who knew the answer."""

    data: bytes
    media_type: str
    name: str


class PayslipPages:
    """The pages of payslips, for one process."""

    def __init__(
        self, database: Database, payloads: PayloadStore, renditions: Renditions, master_key: MasterKey, clock: Clock
    ) -> None:
        self._database = database
        self._payloads = payloads
        self._renditions = renditions
        self._links = PayslipLinks(master_key)
        self._clock = clock

    async def shown(self, delivery: str, code: str) -> Shown:
        """The page of a link. Raises `DatabaseUnavailable`."""
        delivery_id = self._links.opened(delivery, code)
        mailed = None if delivery_id is None else await stored.mailed(self._database, delivery_id)
        if mailed is None:
            return Shown("gone", "en")
        return await self._page(mailed, "closed" if mailed.refused >= MOST_WRONG else "asks")

    async def opened(self, delivery: str, code: str, answer: str) -> Opened | Shown:
        """The payslip for the right *answer*, else the page again.

        Raises `DatabaseUnavailable`, `PayloadStoreUnavailable`, `RenderingFailed`.
        """
        delivery_id = self._links.opened(delivery, code)
        mailed = None if delivery_id is None else await stored.mailed(self._database, delivery_id)
        if mailed is None or delivery_id is None:
            return Shown("gone", "en")
        person, _ = await self._asked(mailed)
        said = "".join(answer[:ANSWER].split()).upper()
        right = bool(person) and hmac.compare_digest(
            said.encode("utf-8", "surrogatepass"), person.encode("utf-8", "surrogatepass")
        )
        now = self._clock.now()
        if not await stored.answered(self._database, delivery_id, mailed, right, MOST_WRONG, now):
            return await self._page(mailed, "closed")
        if not right:
            return await self._page(mailed, "closed" if mailed.refused + 1 >= MOST_WRONG else "wrong")
        return await self._payslip(mailed)

    async def _page(self, mailed: Mailed, state: Literal["asks", "wrong", "closed"]) -> Shown:
        language = mailed.language if mailed.language in labels.LANGUAGES else "en"
        return Shown(state, language, (await self._asked(mailed))[1])

    async def _asked(self, mailed: Mailed) -> tuple[str, Literal["person", "number"]]:
        """What is to be answered, and what it is."""
        person, is_code = whose(await self._payloads.load(mailed.kept))
        text = "".join((person or "").split()).upper()
        return (text[-ASKED:], "person") if is_code else (text, "number")

    async def _payslip(self, mailed: Mailed) -> Opened:
        """Its only file as it came, several in a ZIP; a page of the hub where it has none."""
        files = [(one.name, one.mime, await self._payloads.load(one.kept)) for one in mailed.files]
        if len(files) == 1 and files[0][1] == "application/pdf":
            return Opened(files[0][2], "application/pdf", "payslip.pdf")
        if files:
            data = await asyncio.to_thread(_zipped, [(name, data) for name, _, data in files])
            return Opened(data, "application/zip", "payslip.zip")
        page = await self._renditions.rendition(mailed.document_id, "pdf")
        return Opened(b"" if page is None else page.data, "application/pdf", "payslip.pdf")


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()
