"""Jobs: followed from the store, claimed or carried out, reported."""
