"""The nouns of campaigns: the document that people write, a run, its chunks and how far they are."""
