"""Values to text and JSON: pure, byte-stable, every name escaped; nothing here prints, reads or decides."""
