"""HTTP in, HTML out: pages, partials, bells and output. No SQL, no decisions, nothing about nodes."""
