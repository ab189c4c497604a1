"""Where records lie: own heaps, slots lent and taken back, purge and maintenance."""
