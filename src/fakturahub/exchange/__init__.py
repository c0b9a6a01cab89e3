"""The use cases, one module each: decisions are pure functions, effects go through storage and injected channels."""
