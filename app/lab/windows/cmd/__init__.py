"""A small cmd.exe: the constructs that the product's run.cmd and its commands for cmd use. Everything else is an error."""
