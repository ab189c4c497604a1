"""Imports: files of rows become records, in batches, once, with a ledger of every row."""
