"""Tests by level: unit, property, simulation, contract, integration, docs."""
