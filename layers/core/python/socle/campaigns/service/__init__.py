"""What is done with campaigns: plan a run, take its steps, start what is due, answer people."""
