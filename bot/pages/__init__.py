"""Pages for customers, one module per capability."""
