"""What Alembic runs: the migrations, on the connection and in the transaction that `billing.storage.schema` opened."""

from __future__ import annotations

from alembic import context

from billing.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by building it anew
)
context.run_migrations()
