"""The what-if page: a small server over the public API, and one page without anything from outside."""
