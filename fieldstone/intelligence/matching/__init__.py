"""Matching: which records and rows stand for the same person, organisation or thing."""
