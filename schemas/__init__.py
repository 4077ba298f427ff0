"""Definitions of everything that Milepost says or hears: events, KPI records, alerts, units, natural keys. Pure."""
