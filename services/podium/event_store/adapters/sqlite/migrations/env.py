"""Run the migrations on the one file that the caller names; nobody else has it open (the store holds its lock)."""

from alembic import context
from sqlalchemy import create_engine, pool

_path = context.config.attributes["database"]
_engine = create_engine(f"sqlite:///{_path}", poolclass=pool.NullPool)

with _engine.connect() as _connection:
    context.configure(connection=_connection, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
_engine.dispose()
