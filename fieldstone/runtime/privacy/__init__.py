"""Personal data: what may not be lost, what may not be kept, and everything about one person."""
