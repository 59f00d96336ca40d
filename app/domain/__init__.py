"""Pure decisions: standard library and pydantic only. No I/O, clock, logging or async in here."""
