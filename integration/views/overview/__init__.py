"""The Overview: whether memory pays off, in a sentence, figures, charts and what needs attention."""
