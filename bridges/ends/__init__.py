"""How a task ended, as data, and how the engine learns of it, whatever carried the task."""
