"""The experiments, one a file: its slug with underscores is the name of its module."""
