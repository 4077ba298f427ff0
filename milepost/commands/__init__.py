"""One module per command, loaded when the command is called, so that a quick command starts quickly."""

COMMANDS: dict[str, str] = {
    "demo": "Simulate the catalog, show KPIs, alerts and a query, then end.",
    "up": "Run worker, store with live SQL and clock in one process, until Ctrl-C.",
    "worker": "Fold events and publish KPIs and alerts, until Ctrl-C.",
    "store": "Write the DuckDB store and serve live SQL, until Ctrl-C.",
    "clock": "Cut what has changed each minute and close each business day, until Ctrl-C.",
    "apply": "Publish the projects of catalog files as baselines.",
    "simulate": "Publish a simulated feed, or write it as lines.",
    "ingest": "Append the events of files and of standard input.",
    "run": "Fold and store everything that the log holds, then end.",
    "query": "Ask the store by SQL, read-only.",
    "kpis": "Show KPIs now, or of a day as known at a moment.",
    "explain": "Say why a KPI has its value, down to the statements that it rests on.",
    "alerts": "Show the alerts that stand, or follow them as they come.",
    "verify": "Compute every KPI again by SQL from the journal, and compare.",
    "rebuild": "Make the store anew from the log, beside the old one.",
    "contract": "Write the public types as JSON Schema, the topics as AsyncAPI, and the KPI catalog.",
    "doctor": "Check settings, log and store, and say what to do.",
}
"""Every command with its summary; the module has the name of the command."""

SERVICES = frozenset({"up", "worker", "store", "clock"})
"""Those that run until they are stopped."""
