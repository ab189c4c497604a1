"""What is guessed: matching, scoring and questions in words."""
