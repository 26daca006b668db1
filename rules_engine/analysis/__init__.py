"""What policies can and cannot do, told before any file exists."""
