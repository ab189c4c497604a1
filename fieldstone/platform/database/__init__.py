"""The database: engine, migrations and the pool of connections."""
