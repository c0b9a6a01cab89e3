"""``[dialects.pagero]``: the words of the paths, as the file states them and as they are in force."""

from __future__ import annotations

import pytest

from fakturahub.dialects.pagero.provision import WORDS, PageroHub
from fakturahub.dialects.pagero.settings import MODES, Words, words_of
from fakturahub.errors import ProvisioningError
from fakturahub.model import Mode
from tests.unit.config.sections import read


def hub(lines: str) -> PageroHub:
    return read(f"[dialects.pagero]\n{lines}").dialects.section(PageroHub)


def test_what_is_known_counts_where_nothing_is_said() -> None:
    assert words_of(hub("")) == Words()
    assert Words().modes is MODES
    assert "invoice" in Words().document_types


def test_what_is_said_takes_its_place() -> None:
    words = words_of(hub('document_types = ["b", "a-1.0_x"]\nsend_modes = { live = "prod", l2 = "prod", t = "test" }'))
    assert words.document_types == ("a-1.0_x", "b")
    assert words.modes == {"live": Mode.PROD, "l2": Mode.PROD, "t": Mode.TEST}
    assert not words.crossed
    assert words_of(hub("crossed_authentication = true")).crossed


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('document_types = ["Invoice"]', "expected a word of small letters"),
        ('document_types = ["a/b"]', "expected a word of small letters"),
        ('document_types = [""]', "expected a word of small letters"),
        ('document_types = ["-"]', "expected a word of small letters"),
        (f'document_types = ["{"a" * 65}"]', "expected a word of small letters"),
        ('document_types = ["a", "b", "a"]', "`a` stands there twice"),
        (f"document_types = {[f'a{number}' for number in range(WORDS + 1)]}", "has 101 words; the limit is 100"),
        ('send_modes = { live = "production" }', 'expected one of "prod", "test", "cert"'),
        ('send_modes = { "Live" = "prod" }', "as the key"),
        ('crossed_authentication = "yes"', "expected true or false"),
    ],
)
def test_what_is_refused(line: str, fault: str) -> None:
    with pytest.raises(ProvisioningError) as refused:
        hub(line)
    assert fault in str(refused.value)
