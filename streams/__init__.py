"""The shell around the pure core: the Faust application, its agents, transports and recovery."""
