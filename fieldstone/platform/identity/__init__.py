"""Who is who: accounts, sign-in, sessions, tokens, and the people of a tenant."""
