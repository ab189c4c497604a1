"""The world outside: mail, calendars and webhooks."""
