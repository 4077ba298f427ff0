"""The pure core: folding, KPIs, cuts, rules. Knows no clock, randomness, environment, I/O, Faust, Kafka or DuckDB."""
