"""What the engine counts."""

from prometheus_client import Counter, Histogram

STEPS = Counter("kontor_engine_steps", "Tries of steps by what came of them.", ["pipeline", "step", "result"])
RETRIES = Counter("kontor_engine_retries", "Tries of steps that had to be repeated.", ["pipeline", "step", "reason"])
STEP_SECONDS = Histogram("kontor_engine_step_seconds", "Duration of one try of a step.", ["pipeline", "step"])
START_SECONDS = Histogram(
    "kontor_engine_start_seconds",
    "From enqueueing a job to its first step.",
    ["pipeline"],
    buckets=(0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
RECOVERED = Counter("kontor_engine_recovered_jobs", "Jobs taken over from a process that is gone.")
