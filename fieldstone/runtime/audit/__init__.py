"""One audit over the logs: what is noted, how it is read, and the chain of seals over it."""
