"""The use cases of journeys: publish, enter, do a step, look back, explain."""
