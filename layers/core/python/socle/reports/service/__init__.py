"""Questions about runs, answered from the lake and from what the workers wrote."""
