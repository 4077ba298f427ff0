"""The store: one DuckDB file, one writer. Reads the log through its port; never imports the stream."""
