"""The local machine: the deployed template on one computer, in one process, without AWS."""
