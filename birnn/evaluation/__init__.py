"""What is measured on the test reviews."""
