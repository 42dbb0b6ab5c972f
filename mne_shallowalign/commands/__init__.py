"""The ``mne-shallowalign`` command: one module for each subcommand."""
