"""What a pipeline and the command line embed: thin wiring of the layers below, no decisions of its own."""
