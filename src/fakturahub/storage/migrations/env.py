"""Alembic's entry: the connection is handed in by storage/schema.py, which holds the advisory lock around it."""

from alembic import context

from fakturahub.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
