"""The `Log` on PostgreSQL: any number of store processes may share one database."""
