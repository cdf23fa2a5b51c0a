"""APIs of Daraja that only tell or draw something: no money moves, and asking again does no harm."""
