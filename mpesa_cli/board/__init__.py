"""The board of a counter: a card for each customer who waits or was not acknowledged. The owner's page shows it too."""
