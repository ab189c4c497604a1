"""What is asked: grammar, syntax tree, resolver, plan and the compiler to SQLAlchemy, all pure."""
