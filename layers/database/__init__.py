"""PostgreSQL: connections, schema, grants, and the version of every layer."""
