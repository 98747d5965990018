"""Run the migrations on the connection that the caller brings; it holds the lock that keeps other processes out."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
