"""The command line: the only package that builds parts, reads the environment and knows all the others."""
