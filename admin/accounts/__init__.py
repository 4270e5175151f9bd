"""People: operators, sign-in, server-side sessions and the own profile."""
