"""What people of the demo write and what models answer: templates, and the values of their slots."""
