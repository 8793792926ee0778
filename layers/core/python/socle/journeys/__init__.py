"""Journeys: what follows by itself when somebody does something."""
