"""What others said, within sentences of our own."""

_ENDS = (".", "!", "?", "…")


def sentence(text: str, most: int) -> str:
    """It as a sentence that another can follow: at most so many characters and a full stop; "…" where it is cut."""
    text = text.strip()
    if len(text) > most:
        return text[: most - 1].rstrip() + "…"
    return text if not text or text.endswith(_ENDS) else f"{text}."
