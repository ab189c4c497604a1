"""What is known: definitions, field types, access rules and the catalog, all pure."""
