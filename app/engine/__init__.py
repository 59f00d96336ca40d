"""The only code that knows DBOS: launch, segments, lease, sweep. Rows are the truth; a segment only moves them on."""
