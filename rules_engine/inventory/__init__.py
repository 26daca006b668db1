"""What is on the disk: facts about files, gathered through directory handles or taken from seals."""
