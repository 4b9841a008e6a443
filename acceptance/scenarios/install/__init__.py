"""What a release installs, on a machine without Swift."""
