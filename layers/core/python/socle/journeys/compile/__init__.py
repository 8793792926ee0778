"""From a journey's document to the definition of its state machine, in the Amazon States Language. Pure."""
