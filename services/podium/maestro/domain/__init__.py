"""The rules of a project: pure, kernel words only; one writer per project applies them."""
