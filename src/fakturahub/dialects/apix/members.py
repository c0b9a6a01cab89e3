"""The members of a ZIP that a program sent: found by the names that documents give them, each read once."""

from __future__ import annotations

from fakturahub.dialects.apix.links import Link, key_of
from fakturahub.errors import UnknownDocument
from fakturahub.intake.zip import Archive, Member, open_zip

_XML, _PDF = ".xml", ".pdf"
_BLANK = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


class Members:
    """The members of an archive; those that a document names are no data files, and are told apart from the rest."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._by_path = {member.path.casefold(): member for member in archive.members}
        self._by_name: dict[str, Member | None] = {}
        for member in archive.members:
            key = key_of(member.path)
            # a name in two folders names neither
            self._by_name[key] = None if key in self._by_name else member
        self._contents: dict[str, bytes] = {}
        self._inside: dict[int, list[tuple[str, bytes]]] = {}
        self._taken: set[str] = set()

    def data_files(self) -> list[Member]:
        """The members that hold documents: those called ``.xml``; where there is none, those that begin as XML does.

        Raises `UnknownDocument` where there is none at all.
        """
        found = [one for one in self._archive.members if one.path.casefold().endswith(_XML)]
        found = found or [one for one in self._archive.members if self._begins_as_xml(one)]
        if not found:
            names = ", ".join(repr(one.name[:60]) for one in self._archive.members[:10]) or "nothing"
            raise UnknownDocument(f"There is no data file (.xml) in the ZIP archive; it holds {names}.")
        self._taken.update(one.path for one in found)
        return found

    def _begins_as_xml(self, member: Member) -> bool:
        return self._archive.beginning(member, 512).lstrip(_BLANK).startswith(b"<")

    def pdfs(self) -> list[Member]:
        """The members called ``.pdf``."""
        return [one for one in self._archive.members if one.path.casefold().endswith(_PDF)]

    def named(self, link: Link) -> bytes | None:
        """The content of the member that a document names; None where there is none of that name."""
        member = self._by_path.get(link.stated.replace("\\", "/").lstrip("/").casefold())
        if member is None:
            member = next((one for name in link.names if (one := self._by_name.get(name)) is not None), None)
        return None if member is None else self.take(member)

    def take(self, member: Member) -> bytes:
        """The content of a member that belongs to a document."""
        self._taken.add(member.path)
        return self.content(member)

    def content(self, member: Member) -> bytes:
        """The content of a member. Raises ``ZipUnreadable`` where it is damaged."""
        if member.path not in self._contents:
            self._contents[member.path] = self._archive.content(member)
        return self._contents[member.path]

    def inside(self, content: bytes) -> list[tuple[str, bytes]]:
        """The files of an archive that is a member, with their paths; two documents may name the same.

        Raises the errors of ``open_zip``. All that is opened here is held to the limits of the whole.
        """
        if id(content) not in self._inside:
            inner = open_zip(content, inside=self._archive)
            self._inside[id(content)] = [(one.path, inner.content(one)) for one in inner.members]
        return self._inside[id(content)]

    def unclaimed(self) -> tuple[str, ...]:
        """The names of members that hold no document and that no document named."""
        return tuple(member.name for member in self._archive.members if member.path not in self._taken)
