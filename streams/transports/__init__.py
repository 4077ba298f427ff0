"""Faust transports that hand agents whole record batches: one Message per partition and fetch."""
