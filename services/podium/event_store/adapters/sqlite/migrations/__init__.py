"""Alembic's environment for the store's SQLite files."""
