"""What happens: transactions, records, checks, history, jobs and imports."""
