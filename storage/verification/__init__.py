"""A second implementation of the KPIs, in SQL over the journal: what the streams published is checked by it."""
