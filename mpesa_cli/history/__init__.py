"""The history of payments: looked for, counted per day, and the story of one."""
