"""KPI families, one module each: pure functions from a project on a day to its values.

Their place is kept for the families that follow: ISO 22400, investment.
"""
