"""What publishes events: simulators, importers, the catalog, the clock. Knows the log and the schemas, nothing else."""
