"""A backbone and an encoder of our lab, for mne-shallowalign."""
