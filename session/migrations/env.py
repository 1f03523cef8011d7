"""Alembic's entry: works on the connection that `session.migrate` hands it."""

from alembic import context

from session import (  # noqa: F401  their tables are part of the schema
    model_actions,
    model_callback,
    model_desk,
    model_desktop,
    model_flows,
    model_hours,
    model_tickets,
    model_unread,
    model_verification,
)
from session.model import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
