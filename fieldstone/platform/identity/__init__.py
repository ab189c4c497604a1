"""Who is who: members, sign-in, sessions, tokens, and the people of a tenant."""
