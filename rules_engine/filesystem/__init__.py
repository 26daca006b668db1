"""The only code that calls the operating system on users' files: handles, locks, durable writes, the clock."""
