"""A journey walked over what people really did: the same decisions as when it runs, in a time that takes no time."""
