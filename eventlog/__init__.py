"""The log: append and read. One port, an embedded implementation on SQLite; Kafka fits behind the same port."""
