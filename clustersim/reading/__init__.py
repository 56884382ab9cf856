"""The one way in for every file from outside: what is read is regular, small enough, text, and of a known encoding."""
