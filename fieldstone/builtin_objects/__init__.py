"""The CRM that is shipped, as declarations without logic."""
