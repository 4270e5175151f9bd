"""The first page, the frame's live figures and the health of the process."""
