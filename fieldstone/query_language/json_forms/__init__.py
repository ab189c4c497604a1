"""The JSON of syntax trees, in both directions: what can be written as text has one JSON form."""
