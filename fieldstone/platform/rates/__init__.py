"""How often somebody may ask: token buckets, shared by all processes, and counts of calls."""
