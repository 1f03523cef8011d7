"""Content filter: policy packs that keep banned promises out of what the bot says, and flag them in agents' speech."""
