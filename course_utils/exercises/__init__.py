"""The exercises, one module per notebook."""
