"""The counter: a full-screen terminal for a shop's clerk, over the operations of payments/ and the cards of board/."""
