"""`podium.web.v1.WebService`: one watch for all that a tab shows, transcripts, who is there."""
