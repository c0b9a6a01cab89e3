"""The tree of errors: every class is in the drawing, has a page, and says what it is in words for a person."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import pytest

# Dialects may bring errors of their own when they are imported.
import fakturahub.app  # noqa: F401
from fakturahub import errors
from fakturahub.errors import (
    FakturahubError,
    MethodNotAllowed,
    ProvisioningError,
    RateLimited,
    Refused,
    Unavailable,
    every_error,
)

ALL = [cls for cls in every_error() if cls.__module__.startswith("fakturahub.")]
OURS = [cls for cls in ALL if cls.__module__.startswith(f"{errors.__name__}.")]
#: what a class is made with beside its reason
MORE = {MethodNotAllowed: {"allow": "GET"}, RateLimited: {"retry_after": 3}}


def drawn() -> dict[str, str]:
    """Each class of the drawing in the module's docstring, with the class it hangs on."""
    above: dict[int, str] = {}
    found: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        branch = re.match(r"    ([ │├└─]*)(?=[A-Z])", line)
        if not branch:
            continue
        # what stands beside a name to explain it begins in small letters
        names = re.findall(r"\b[A-Z][A-Za-z]+", line[len(branch[0]) :])
        depth = len(branch[1]) // 4
        above[depth] = names[0]
        for name in names:
            found[name] = above.get(depth - 1, "")
    return found


def test_every_class_is_drawn_where_it_hangs() -> None:
    drawing = drawn()
    assert set(drawing) == {cls.__name__ for cls in OURS}
    for cls in OURS:
        parent = cls.__mro__[1].__name__
        assert drawing[cls.__name__] == ("" if cls is FakturahubError else parent), cls


def test_every_class_of_the_package_is_in_the_tree_and_imported_from_the_package() -> None:
    prefix = f"{errors.__name__}."
    files = [importlib.import_module(file.name) for file in pkgutil.iter_modules(errors.__path__, prefix)]
    defined = {
        cls for file in files for _, cls in inspect.getmembers(file, inspect.isclass) if cls.__module__ == file.__name__
    }
    assert defined == set(OURS)
    assert {cls.__name__: cls for cls in defined} == dict(inspect.getmembers(errors, inspect.isclass))
    assert set(errors.__all__) == {cls.__name__ for cls in defined} | {"every_error"}


def test_codes_are_permanent_words_of_their_own() -> None:
    codes = [cls.code for cls in ALL]
    assert len(codes) == len(set(codes))
    for code in codes:
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", code), code


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.code)
def test_a_class_has_its_own_code_a_title_and_advice(cls: type[FakturahubError]) -> None:
    assert "code" in vars(cls)
    assert "title" in vars(cls)
    assert cls.title[0].isupper()
    assert not cls.title.endswith(".")
    for text in (cls.title, cls.advice):
        assert text == text.strip()
        assert "  " not in text
        assert len(text) > 10
    assert cls.advice.endswith((".", "?"))


@pytest.mark.parametrize("cls", [cls for cls in OURS if cls is not ProvisioningError], ids=lambda cls: cls.code)
def test_an_instance_says_what_was_wrong(cls: type[FakturahubError]) -> None:
    error = cls("It was wrong.", **MORE.get(cls, {}))  # type: ignore[arg-type]
    assert (error.reason, error.term, error.place) == ("It was wrong.", None, None)
    assert str(error) == "It was wrong."


def test_term_and_place_are_told() -> None:
    error = Refused("The date is none.", term="BT-2", place="Invoice/IssueDate, line 7")
    assert str(error) == "The date is none. (term BT-2) (at Invoice/IssueDate, line 7)"
    assert (error.reason, error.term, error.place) == ("The date is none.", "BT-2", "Invoice/IssueDate, line 7")


def test_what_passes_says_when_to_come_back() -> None:
    for cls in every_error():
        if issubclass(cls, Unavailable):
            assert cls("away").retry_after > 0
            assert cls("away", retry_after=9).retry_after == 9
    assert RateLimited("too many", retry_after=3).retry_after == 3


def test_faults_of_a_file_are_listed() -> None:
    error = ProvisioningError("companies.toml", ("line 1: a", "line 2: b"))
    assert str(error) == "companies.toml was not applied:\n  line 1: a\n  line 2: b"
    assert error.faults == ("line 1: a", "line 2: b")
