"""The gateway client: real code, scripted answers and the real sandbox."""
