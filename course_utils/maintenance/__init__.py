"""What only the course's maintainers run: recording, comparing, measuring. No notebook
imports it."""
