"""Alembic migrations: applied at start by storage/schema.py, one after the other, never edited once released."""
