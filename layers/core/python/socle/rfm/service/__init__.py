"""The use cases of RFM: a run, and who asks for one."""
