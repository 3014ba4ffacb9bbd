"""What a call was: its input as it was when it began, its output, and how it went."""
