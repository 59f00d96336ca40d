"""Commands that run on the simulated nodes. Each is started by a shell script in the node's bin folder (see `shims`)."""
