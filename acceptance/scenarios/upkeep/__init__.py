"""What is done to a feed while it is in use."""
