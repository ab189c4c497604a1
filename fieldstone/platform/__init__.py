"""The parts put together: settings, servers, sign-in, middleware and the command line."""
