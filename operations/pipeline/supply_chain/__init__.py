"""What an image contains, where it comes from, and who says so: lists, scans and signatures."""
