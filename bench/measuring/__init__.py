"""How times, memory and limits are measured, and what on."""
