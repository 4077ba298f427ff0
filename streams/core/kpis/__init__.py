"""KPI families, one module each: pure functions from a project on a day to its values."""
