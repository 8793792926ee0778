"""The nouns of exports: the document that people write, the fields they choose, the schedule, a run."""
