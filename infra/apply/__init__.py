"""`make apply` and `make pull`: what a team keeps in files, and what a running Socle has, brought into line."""
