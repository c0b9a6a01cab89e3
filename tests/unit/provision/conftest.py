"""The databases that tests of storage use."""

from tests.storage.conftest import empty_db, empty_url

__all__ = ["empty_db", "empty_url"]
