"""What holds for all tests."""

from hypothesis import settings

# A slow machine is not a failure; how fast things are is for benchmarks to say.
settings.register_profile("eventlab", deadline=None)
settings.load_profile("eventlab")
