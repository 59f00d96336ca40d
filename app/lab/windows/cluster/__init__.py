"""The cluster of the simulated Windows nodes, for WSFC and for CLUSTERPRO X: what it knows, decides and does."""
