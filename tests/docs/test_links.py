"""Links lead somewhere, and no page names what is only on somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, anchors, links, name


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.is_relative_to(ROOT), link
        assert path.exists(), f"{name(page)} links to {link}, which is not there"
        if anchor:
            assert anchor in anchors(path), f"{name(page)} links to {link}; there is no such heading"


def test_every_page_can_be_reached() -> None:
    """From the index; and the index from the README."""
    reached, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page not in DOCS:
            continue
        reached.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if ":" not in link]
    assert set(DOCS) <= reached
    assert "docs/index.md" in links(ROOT / "README.md")
    # by the index itself, not only by way of other pages
    listed = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in links(ROOT / "docs" / "index.md")}
    assert set(DOCS) - {ROOT / "docs" / "index.md"} <= listed


#: folders of a machine; those of every Unix are named where they are meant
_ABSOLUTE = re.compile(r"(?<![\w.:/~<>])/(?:home|root|work|srv|opt|mnt|Users|tmp|usr/local|var/lib)/[\w./-]+")
#: the hosts that may be named: those of examples (RFC 2606, 6761), documents that are cited, the licence
_HOST = re.compile(r"https?://([^\s/)`\"'>;]+)")
_KNOWN = re.compile(
    r"(?:[\w.-]+\.)?(?:example)(?::\d+)?|127\.0\.0\.1(?::\d+)?|localhost(?::\d+)?|HOST:PORT"
    r"|keepachangelog\.com|semver\.org"
    r"|purl\.oclc\.org"  # in the namespace of Schematron
)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_nothing_of_a_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not _ABSOLUTE.findall(text)
    assert not [host for host in _HOST.findall(text) if not _KNOWN.fullmatch(host.rstrip("."))]
    assert "\t" not in text
