"""The bring-up kit: golden vectors as files, what a chip answered compared with them, and why it differs."""
