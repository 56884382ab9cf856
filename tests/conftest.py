"""What holds for every test."""

from hypothesis import settings

# A slow or busy machine is no fault of what is tested: nothing is refused for the time that it takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
