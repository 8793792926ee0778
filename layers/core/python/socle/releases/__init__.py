"""What of journeys is published: releases, whether they are entered, their state machines, and what they froze."""
