"""``/download``: a storage as a ZIP, proven by its own key (specification 7.2)."""

from __future__ import annotations

import base64
import io
import zipfile
from uuid import uuid4

import pytest

from tests.running import ROOT, Hub, stamp
from tests.unit.dialects.apix.transfers import finvoice, frame
from tests.wire.apix.terminal import Terminal, hashed, joined, later, members
from tests.wire.companies import READERS, Reader, bill, with_attachments
from tests.wire.raw import RawAnswer, exchange
from tests.wire.stored import rows

# Failed calls are counted by address; this one is used here only.
SOURCE = "127.0.0.44"

NOTHING = """\
HTTP/1.1 200 OK
date: DATE
content-length: 0
x-request-id: REQUEST

"""


def sent(hub: Hub, reader: Reader, body: bytes) -> dict[str, str]:
    """The storage that comes of *body*."""
    assert hub.post(body).status == 200
    (storage,) = Terminal(hub, reader).waiting(1)
    return storage


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_the_whole_answer(big_hub: Hub, reader: Reader) -> None:
    body = bill("AD-1", reader)
    storage = sent(big_hub, reader, body)
    answer = Terminal(big_hub, reader).download(storage)
    head = answer.shown.partition("\n\n")[0]
    assert head == (
        "HTTP/1.1 200 OK\n"
        "date: DATE\n"
        "content-type: application/zip\n"
        f"content-length: {len(answer.body)}\n"
        'ratelimit-policy: "account";q=6000;w=60\n'
        'ratelimit: "account";r=LEFT;t=SECONDS\n'
        "x-request-id: REQUEST"
    )
    assert members(answer.body) == {"invoice.xml": body}


@pytest.mark.parametrize(
    ("mark", "name", "after"),
    [
        (None, "", "RECEIVED"),
        ("yes", "markreceived", "RECEIVED"),
        ("no", "markreceived", "UNRECEIVED"),
        ("yes", "markReceived", "RECEIVED"),
        ("no", "markReceived", "UNRECEIVED"),
    ],
)
def test_marking(big_hub: Hub, reader: Reader, mark: str | None, name: str, after: str) -> None:
    storage = sent(big_hub, reader, bill("AD-2", reader))
    terminal = Terminal(big_hub, reader)
    answer = terminal.get(terminal.download_target(storage, mark, name))
    assert list(members(answer.body)) == ["invoice.xml"]
    assert terminal.status(storage) == after
    assert terminal.receive().body == (b"" if after == "RECEIVED" else answer.body)


def test_a_received_storage_can_be_fetched_again_and_stays_received(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-3", reader))
    terminal = Terminal(big_hub, reader)
    bodies = {terminal.download(storage, mark).body for mark in ("no", None, "no", "yes", None)}
    assert len(bodies) == 1
    assert terminal.status(storage) == "RECEIVED"


def test_the_mark_is_signed_where_it_is_sent(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-4", reader))
    terminal = Terminal(big_hub, reader, source=SOURCE)
    unmarked = terminal.download_target(storage)
    assert terminal.get(f"{unmarked}&markreceived=no").shown == NOTHING
    marked = terminal.download_target(storage, "no")
    assert terminal.get(marked.replace("=no", "=yes")).shown == NOTHING
    assert terminal.get(marked.replace("&markreceived=no", "")).shown == NOTHING
    assert terminal.status(storage) == "UNRECEIVED"


def test_parameters_in_other_spellings(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-5", reader))
    terminal = Terminal(big_hub, reader)
    sid, t = storage["StorageID"], stamp()
    digest = hashed("no", sid, t, storage["StorageKey"])
    for query in (
        f"SID={sid}&t={t}&d=SHA-256:{digest}&markreceived=no",
        f"markreceived=no&d=SHA-256%3A{digest}&t={t}&SID={sid}",
        f"SID={sid}&ts={t}&D=SHA-256:{digest}&markReceived=no&TraID={reader.transfer_id}",
        f"SID={sid}&t={t}&d={digest.upper()}&markreceived=no",
    ):
        assert list(members(terminal.get(f"download?{query}").body)) == ["invoice.xml"], query


def test_a_wrong_key_or_id_gets_nothing(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-6", reader))
    terminal = Terminal(big_hub, reader, source=SOURCE)
    digits = storage["StorageKey"]
    for wrong in (
        {**storage, "StorageKey": f"{(int(digits) + 1) % 10**12:012d}"},
        {**storage, "StorageKey": digits[:-1]},
        {**storage, "StorageKey": ""},
        {**storage, "StorageKey": reader.transfer_key},
        {**storage, "StorageID": str(uuid4())},
        {**storage, "StorageID": "51974e79-feef-adsaf-b543-43adsf0fca"},  # the operator's own example is no UUID
        {**storage, "StorageID": "'; DROP TABLE inbox; --"},
    ):
        assert terminal.download(wrong).shown == NOTHING, wrong
    assert terminal.status(storage) == "UNRECEIVED"


def test_a_storage_that_is_gone_gets_nothing(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-7", reader))
    terminal = Terminal(big_hub, reader, source=SOURCE)
    rows(big_hub, "DELETE FROM inbox WHERE id = $1::text::uuid RETURNING id", storage["StorageID"])
    assert terminal.download(storage).shown == NOTHING
    assert terminal.listed() == []


def test_another_companys_storage_does_not_exist_for_a_key_of_ones_own(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-8", reader))
    own = Reader("other", READERS[-1].transfer_id, READERS[-1].transfer_key, READERS[-1].endpoint)
    assert big_hub.post(bill("AD-8-own", own)).status == 200
    terminal = Terminal(big_hub, own, source=SOURCE)
    (theirs,) = terminal.waiting(1)
    for key in (theirs["StorageKey"], own.transfer_key):
        assert terminal.download({**storage, "StorageKey": key}).shown == NOTHING
    # A company that has left out its contract since still has its storages by their keys, as for anybody.
    assert members(terminal.download(storage).body) == {"invoice.xml": bill("AD-8", reader)}


MALFORMED = """\
HTTP/1.1 400 Bad Request
date: DATE
content-length: LENGTH
content-type: text/plain; charset=utf-8
x-request-id: REQUEST

{reason}
"""


def refused(reason: str) -> str:
    return MALFORMED.format(reason=reason).replace("LENGTH", str(len(reason) + 1))


def test_what_is_wrong_with_the_request_itself_is_an_error_of_http(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-9", reader))
    terminal = Terminal(big_hub, reader, source=SOURCE)
    sid, t, key = storage["StorageID"], stamp(), storage["StorageKey"]

    def get(**query: str) -> RawAnswer:
        return terminal.get(f"download?{joined(query)}")

    for missing in ("SID", "t", "d"):
        query = {"SID": sid, "t": t, "d": f"SHA-256:{hashed(sid, t, key)}"}
        del query[missing]
        assert get(**query).shown == refused(f"bad-request: Parameter can't be null: {missing}.")
    for mark in ("", "YES", "true", "1"):
        answer = get(SID=sid, t=t, markreceived=mark, d=hashed(mark, sid, t, key))
        assert answer.shown == refused("bad-request: markreceived is yes or no."), mark
    answer = get(SID=sid, t="yesterday", d=hashed(sid, "yesterday", key))
    assert answer.shown == refused("bad-request: The time stamp 'yesterday' is not of the form CCYYMMDDHHMMSS.")
    late = later(days=-3)
    answer = get(SID=sid, t=late, d=hashed(sid, late, key))
    assert answer.status == 400
    assert answer.text.startswith(f"clock-skew: The time stamp {late} is 3 d 0 h 0 min behind the hub's clock")
    assert terminal.status(storage) == "UNRECEIVED"


# --- what is in the ZIP ----------------------------------------------------------------------------------------------

PDF, TEXT = "application/pdf", "text/plain"


def test_attachments_lie_beside_the_document_decoded_and_flat(big_hub: Hub, reader: Reader) -> None:
    source = ROOT / "examples" / "invoice-with-attachment.xml"
    body = bill("AD-10", reader, source)
    storage = sent(big_hub, reader, body)
    found = members(Terminal(big_hub, reader).download(storage).body)
    assert list(found) == ["invoice.xml", "följesedel-2026-4410.pdf"]
    assert found["invoice.xml"] == body
    assert found["följesedel-2026-4410.pdf"].startswith(b"%PDF-1.4\n")
    assert found["följesedel-2026-4410.pdf"].endswith(b"%%EOF\n")
    assert storage["ImageName"] == "följesedel-2026-4410.pdf"


@pytest.mark.parametrize(
    ("attachments", "names", "image"),
    [
        ([(TEXT, "invoice.xml")], ["invoice-2.xml"], "N/A"),
        ([(TEXT, "INVOICE.XML")], ["INVOICE-2.XML"], "N/A"),
        ([(PDF, "a.pdf"), (PDF, "a.pdf"), (PDF, "A.PDF")], ["a.pdf", "a-2.pdf", "A-3.PDF"], "a.pdf"),
        ([(TEXT, "x"), (PDF, "../../x.pdf"), (TEXT, "C:\\temp\\x")], ["x", "x.pdf", "x-2"], "x.pdf"),
        ([(PDF, "/etc/passwd"), (PDF, "..")], ["passwd", "attachment"], "passwd"),
        ([(TEXT, "invoice.xml"), (PDF, "invoice.xml")], ["invoice-2.xml", "invoice-2-2.xml"], "invoice-2-2.xml"),
        ([("Application/PDF", "Lasku 1183.pdf")], ["Lasku 1183.pdf"], "Lasku 1183.pdf"),
        ([(PDF, 'a<b>:"c|?*.pdf')], ["a_b___c___.pdf"], "a_b___c___.pdf"),
        ([(PDF, "con.pdf"), (TEXT, "\u202egnp.txt")], ["_con.pdf", "gnp.txt"], "_con.pdf"),
        ([(TEXT, None), (PDF, None), (PDF, "named.pdf")], ["A1.txt", "A2.pdf", "named.pdf"], "A2.pdf"),
        ([(PDF, None)], ["A1.pdf"], "A1.pdf"),
    ],
)
def test_names_are_flat_and_differ_and_the_image_is_one_of_them(
    big_hub: Hub, reader: Reader, attachments: list[tuple[str, str | None]], names: list[str], image: str
) -> None:
    content = [(mime, name, b64(f"content {number}".encode())) for number, (mime, name) in enumerate(attachments)]
    storage = sent(big_hub, reader, with_attachments(bill("AD-11", reader), *content))
    found = members(Terminal(big_hub, reader).download(storage).body)
    assert list(found) == ["invoice.xml", *names]
    assert [found[name] for name in names] == [f"content {number}".encode() for number in range(len(names))]
    assert storage["ImageName"] == image
    if image != "N/A":
        assert image in found


def test_the_same_storage_gives_the_same_bytes(big_hub: Hub, reader: Reader) -> None:
    """And what stands in them about the file is plain: no folders, ordinary rights, the time it arrived."""
    attachments = [(PDF, f"{number}.pdf", b64(bytes(range(256)) * number)) for number in range(1, 20)]
    storage = sent(big_hub, reader, with_attachments(bill("AD-12", reader), *attachments))
    terminal = Terminal(big_hub, reader)
    first, again = terminal.download(storage, "no").body, terminal.download(storage, "no").body
    assert first == again == terminal.receive().body
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert len(archive.infolist()) == 20
        assert {one.external_attr >> 16 for one in archive.infolist()} == {0o644}
        assert len({one.date_time for one in archive.infolist()}) == 1
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_a_document_as_it_came_whatever_its_character_set(big_hub: Hub, reader: Reader) -> None:
    text = bill("AD-13", reader).decode().replace('encoding="UTF-8"', 'encoding="ISO-8859-15"')
    body = text.encode("iso-8859-15")
    storage = sent(big_hub, reader, body)
    assert storage["SenderName"] == "Skog & Såg AB"
    assert members(Terminal(big_hub, reader).download(storage).body) == {"invoice.xml": body}


def test_a_finvoice_comes_without_its_frame_and_the_blanks_before_it(big_hub: Hub, reader: Reader) -> None:
    """Clients parse what they find; the document itself stays as it was sent."""
    addresses = (
        "<MessageTransmissionDetails><MessageSenderDetails><FromIdentifier>003799990001</FromIdentifier>"
        "<FromIntermediator>DABAFIHH</FromIntermediator></MessageSenderDetails><MessageReceiverDetails>"
        f"<ToIdentifier>{reader.endpoint}</ToIdentifier><ToIntermediator>003723327487</ToIntermediator>"
        "</MessageReceiverDetails></MessageTransmissionDetails><SellerPartyDetails>"
    )
    head = '<?xml version="1.0" encoding="ISO-8859-15"?>\n'
    bare = finvoice("AD-16", head=head).replace(b"<SellerPartyDetails>", addresses.encode())
    bare = bare.decode().encode("iso-8859-15")
    storage = sent(big_hub, reader, b"\n" + frame("AD-16").encode() + bare)
    assert storage["SenderName"] == "Virta Sähkö Oy"
    assert members(Terminal(big_hub, reader).download(storage).body) == {"invoice.xml": bare}


def test_a_head_request_is_refused_and_marks_nothing(big_hub: Hub, reader: Reader) -> None:
    storage = sent(big_hub, reader, bill("AD-14", reader))
    terminal = Terminal(big_hub, reader)
    answer = terminal.get(terminal.download_target(storage), method="HEAD")
    assert (answer.status, answer.field("allow")) == (405, "GET")
    assert terminal.status(storage) == "UNRECEIVED"
    assert exchange(big_hub.port, b"GET /apix/download HTTP/1.0\r\n\r\n").status == 400
