"""Cohorts: everybody of a segment, asked into a journey whenever its schedule says so."""
