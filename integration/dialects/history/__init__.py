"""What other tools export, as interactions: one file for each format."""
