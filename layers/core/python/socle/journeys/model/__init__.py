"""The nouns of journeys: the document that people write, and how far somebody is in one."""
