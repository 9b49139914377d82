// The counter's own script: what it adds to pages that work without it.
