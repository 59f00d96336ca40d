"""Every write: lock, ask `domain`, change rows, record, note the bell. No commit, no HTTP, no node in here."""
